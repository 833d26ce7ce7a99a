import type { FileSystem } from "@millrace/platform";

/** Files below a folder; what a lock leaves is none. */
export function filesBelow(fileSystem: FileSystem, path: string): readonly string[] {
  if (fileSystem.stat(path) === undefined) return [];
  return fileSystem.list(path).flatMap((name) => {
    const child = `${path}/${name}`;
    if (fileSystem.stat(child)?.kind === "directory") return filesBelow(fileSystem, child);
    return /^(\.lock|store\.lock|LOCK)/.test(name) ? [] : [child];
  });
}

/** Copies a folder from one file system to another: what a process leaves that is killed at this moment. */
export function copyFiles(
  source: FileSystem,
  target: FileSystem,
  [from, to]: [string, string],
): void {
  target.makeDirectory(to);
  for (const path of filesBelow(source, from)) {
    const copy = `${to}${path.slice(from.length)}`;
    target.makeDirectory(copy.slice(0, copy.lastIndexOf("/")));
    writeFile(target, copy, readFile(source, path));
  }
}

export function readFile(fileSystem: FileSystem, path: string): Uint8Array {
  const file = fileSystem.open(path, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0);
  file.close();
  return bytes;
}

export function writeFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): void {
  const file = fileSystem.open(path, "openOrCreate");
  file.truncate(0);
  file.write([bytes], 0);
  file.close();
}
