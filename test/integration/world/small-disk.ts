import { FileSystemError, type FileHandle, type FileSystem } from "@millrace/platform";
import { MemoryFileSystem } from "@millrace/platform/memory";

/** A disk in memory that can be full: writes that would make a file longer are refused then. */
export class SmallDisk {
  isFull = false;
  readonly fileSystem: FileSystem;

  constructor() {
    const files = new MemoryFileSystem();
    this.fileSystem = {
      open: (path, mode) => this.#handle(path, files.open(path, mode)),
      makeDirectory: (path) => files.makeDirectory(path),
      list: (path) => files.list(path),
      stat: (path) => files.stat(path),
      rename: (source, target) => files.rename(source, target),
      remove: (path) => files.remove(path),
      removeDirectory: (path) => files.removeDirectory(path),
      syncDirectory: (path) => files.syncDirectory(path),
      lock: (path, note) => files.lock(path, note),
      readLockNote: (path) => files.readLockNote(path),
      freeBytes: () => (this.isFull ? 0 : 2 ** 40),
      totalBytes: () => 2 ** 40,
      absolutePath: (path) => files.absolutePath(path),
      descriptors: () => files.descriptors(),
    };
  }

  #handle(path: string, handle: FileHandle): FileHandle {
    return {
      path,
      sizeBytes: () => handle.sizeBytes(),
      read: (target, position) => handle.read(target, position),
      write: (parts, position) => {
        const end = parts.reduce((sum, { length }) => sum + length, position);
        if (this.isFull && end > handle.sizeBytes())
          throw new FileSystemError("DISK_FULL", path, "there is no space left");
        handle.write(parts, position);
      },
      truncate: (sizeBytes) => handle.truncate(sizeBytes),
      datasync: () => handle.datasync(),
      trustPageCache: () => handle.trustPageCache(),
      close: () => handle.close(),
    };
  }
}
