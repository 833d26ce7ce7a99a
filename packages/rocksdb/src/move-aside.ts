import type { FileSystem } from "@millrace/platform";

/**
 * Renames a damaged database to `DIRECTORY.corrupt-MS`, and removes the one that was moved before: the last is
 * kept for whoever wants to look. Gives the new name.
 */
export function moveAside(fileSystem: FileSystem, directory: string, nowMs: number): string {
  const cut = directory.lastIndexOf("/");
  const parent = cut < 0 ? "." : directory.slice(0, cut);
  const marker = `${directory.slice(cut + 1)}.corrupt-`;
  for (const name of fileSystem.list(parent))
    if (name.startsWith(marker)) removeTree(fileSystem, `${parent}/${name}`);
  const target = `${directory}.corrupt-${nowMs}`;
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
