import { FileSystemError, type FileHandle, type FileSystem } from "@millrace/platform";

/** Counts open files and reads, and refuses to open, to sync, or to remove those that it is told to. */
export class CountingFileSystem {
  openCount = 0;
  readCount = 0;
  refuses = (_path: string): boolean => false;
  failsToSync = (_path: string): boolean => false;
  keeps = (_path: string): boolean => false;
  readonly fileSystem: FileSystem;

  constructor(inner: FileSystem) {
    const open: FileSystem["open"] = (path, mode) => {
      if (this.refuses(path)) throw new FileSystemError("DISK_FULL", path, "no space left");
      return this.#wrap(inner.open(path, mode));
    };
    const remove: FileSystem["remove"] = (path) => {
      if (this.keeps(path)) throw new FileSystemError("PERMISSION_DENIED", path, "it is in use");
      inner.remove(path);
    };
    this.fileSystem = new Proxy(inner, {
      get: (target, name) => {
        if (name === "open") return open;
        if (name === "remove") return remove;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  #wrap(inner: FileHandle): FileHandle {
    this.openCount++;
    let isOpen = true;
    return {
      path: inner.path,
      sizeBytes: () => inner.sizeBytes(),
      read: (target, position) => {
        this.readCount++;
        return inner.read(target, position);
      },
      write: (parts, position) => inner.write(parts, position),
      truncate: (sizeBytes) => inner.truncate(sizeBytes),
      datasync: async () => {
        if (this.failsToSync(inner.path))
          throw new FileSystemError("INPUT_OUTPUT", inner.path, "it is broken");
        await inner.datasync();
      },
      trustPageCache: () => inner.trustPageCache(),
      close: () => {
        if (isOpen) this.openCount--;
        isOpen = false;
        inner.close();
      },
    };
  }
}
