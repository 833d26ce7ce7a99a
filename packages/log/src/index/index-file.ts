import type { FileHandle, FileSystem } from "@millrace/platform";

/**
 * A file of entries of one size, held in memory whole and written behind: an index is a cache of the log, rebuilt
 * after an unclean stop, so appending to it costs no system call. Kafka maps the file; the bytes are the same.
 */
export class IndexFile {
  readonly path: string;
  readonly entrySize: number;
  readonly #fileSystem: FileSystem;
  #view: DataView;
  #bytes: Uint8Array;
  #length = 0;
  #written = 0;
  #isFileStale = true;

  constructor(fileSystem: FileSystem, path: string, entrySize: number) {
    this.#fileSystem = fileSystem;
    this.path = path;
    this.entrySize = entrySize;
    this.#bytes = new Uint8Array(0);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get entryCount(): number {
    return this.#length / this.entrySize;
  }

  /** Over all entries; invalid after the next `append`. */
  get view(): DataView {
    return this.#view;
  }

  /** Makes room for one entry and gives its position in `view`. */
  append(): number {
    const position = this.#length;
    this.#reserve(position + this.entrySize);
    this.#length = position + this.entrySize;
    return position;
  }

  /** Reads the file; false where it is missing or does not hold whole entries. */
  load(): boolean {
    const size = this.#fileSystem.stat(this.path)?.sizeBytes;
    if (size === undefined || size % this.entrySize !== 0) return false;
    const handle = this.#fileSystem.open(this.path, "read");
    try {
      this.#length = 0;
      this.#reserve(size);
      if (handle.read(this.#bytes.subarray(0, size), 0) !== size) return false;
    } finally {
      handle.close();
    }
    this.#length = size;
    this.#written = size;
    this.#isFileStale = false;
    return true;
  }

  /** Forgets all entries; the file is cut at the next `flush`. */
  reset(): void {
    this.#length = 0;
    this.#written = 0;
    this.#isFileStale = true;
  }

  /** Drops entries from `entryCount` on, in memory and, at the next `flush`, in the file. */
  truncate(entryCount: number): void {
    this.#length = Math.min(this.#length, entryCount * this.entrySize);
    this.#written = Math.min(this.#written, this.#length);
    this.#isFileStale = true;
  }

  /**
   * Writes what is not in the file yet. The caller syncs and closes the handle it gets;
   * undefined where the file was up to date.
   */
  flush(): FileHandle | undefined {
    if (!this.#isFileStale && this.#written === this.#length) return undefined;
    const handle = this.#fileSystem.open(this.path, "openOrCreate");
    try {
      if (handle.sizeBytes() > this.#written) handle.truncate(this.#written);
      if (this.#written < this.#length)
        handle.write([this.#bytes.subarray(this.#written, this.#length)], this.#written);
    } catch (error) {
      this.#isFileStale = true;
      handle.close();
      throw error;
    }
    this.#written = this.#length;
    this.#isFileStale = false;
    return handle;
  }

  remove(): void {
    this.#fileSystem.remove(this.path);
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2, 1024));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
