import type { FileSystem } from "@millrace/platform";

/** Removes a file, or a folder with all that is in it; one that is not there is fine. */
export function removeFolder(fileSystem: FileSystem, path: string): void {
  const stat = fileSystem.stat(path);
  if (stat === undefined) return;
  if (stat.kind !== "directory") return fileSystem.remove(path);
  for (const name of fileSystem.list(path)) removeFolder(fileSystem, `${path}/${name}`);
  fileSystem.removeDirectory(path);
}
