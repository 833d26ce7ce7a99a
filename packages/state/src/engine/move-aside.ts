import type { FileSystem } from "@millrace/platform";

/** Where to, and as what. */
export interface SetAside {
  /** Why it is no longer wanted: `corrupt`, or the name of the engine that wrote it. */
  readonly as: string;
  readonly nowMs: number;
}

/**
 * Renames the folder of a database to `DIRECTORY.AS-MS`, and removes the one that was moved before for the same: the last
 * is kept for whoever wants to look. Gives the new name.
 */
export function moveAside(
  fileSystem: FileSystem,
  directory: string,
  { as, nowMs }: SetAside,
): string {
  const cut = directory.lastIndexOf("/");
  const parent = cut < 0 ? "." : directory.slice(0, cut);
  const marker = `${directory.slice(cut + 1)}.${as}-`;
  for (const name of fileSystem.list(parent))
    if (name.startsWith(marker)) removeTree(fileSystem, `${parent}/${name}`);
  const target = `${directory}.${as}-${nowMs}`;
  fileSystem.rename(directory, target);
  return target;
}

function removeTree(fileSystem: FileSystem, path: string): void {
  if (fileSystem.stat(path)?.kind !== "directory") {
    fileSystem.remove(path);
    return;
  }
  for (const name of fileSystem.list(path)) removeTree(fileSystem, `${path}/${name}`);
  fileSystem.removeDirectory(path);
}
