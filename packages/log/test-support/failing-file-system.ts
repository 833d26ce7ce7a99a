import type { FileHandle, FileOpenMode, FileSystem } from "@millrace/platform";

/** The files of another system, with switches for what a disk may do. */
export class FailingFileSystem {
  /** Writes stop after this many more bytes, as on a full disk. */
  writableBytes = Number.POSITIVE_INFINITY;
  areSyncsFailing = false;
  areReadsFailing = false;
  readonly fileSystem: FileSystem;

  constructor(inner: FileSystem) {
    const open = (path: string, mode: FileOpenMode) => this.#wrap(inner.open(path, mode));
    this.fileSystem = new Proxy(inner, {
      get: (target, name) => {
        if (name === "open") return open;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  #wrap(inner: FileHandle): FileHandle {
    return {
      path: inner.path,
      sizeBytes: () => inner.sizeBytes(),
      read: (target, position) => {
        if (this.areReadsFailing) throw new Error("input/output");
        return inner.read(target, position);
      },
      truncate: (sizeBytes) => inner.truncate(sizeBytes),
      close: () => inner.close(),
      trustPageCache: () => inner.trustPageCache(),
      write: (parts, position) => this.#write(inner, parts, position),
      datasync: () =>
        this.areSyncsFailing ? Promise.reject(new Error("input/output")) : inner.datasync(),
    };
  }

  #write(inner: FileHandle, parts: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const part of parts) {
      const fitting = part.subarray(0, Math.min(part.length, this.writableBytes));
      inner.write([fitting], at);
      at += fitting.length;
      this.writableBytes -= fitting.length;
      if (fitting.length < part.length) throw new Error("no space left on device");
    }
  }
}
