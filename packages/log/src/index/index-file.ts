import type { FileHandle, FileSystem } from "@millrace/platform";
import { crc32c } from "@millrace/protocol/wire";

/** What a file must begin with: so many bytes with this CRC-32C. */
export interface FileSum {
  readonly sizeBytes: number;
  readonly checksum: number;
}

/**
 * A file of entries of one size, held in memory whole and written behind: an index is a cache of the log, rebuilt
 * after an unclean stop, so appending to it costs no system call. Kafka maps the file; the bytes are the same.
 */
export class IndexFile {
  path: string;
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

  /** Takes the entries from the file; false where they are not the ones that are vouched for. */
  load(expected: FileSum): boolean {
    const { sizeBytes, checksum } = expected;
    const onDisk = this.#fileSystem.stat(this.path)?.sizeBytes ?? 0;
    if (onDisk < sizeBytes) return false;
    this.reset();
    this.#reserve(sizeBytes);
    if (sizeBytes > 0 && !this.#read(sizeBytes)) return false;
    if (crc32c(this.#bytes, 0, sizeBytes) !== checksum) return false;
    this.#length = sizeBytes;
    this.#written = sizeBytes;
    this.#isFileStale = onDisk > sizeBytes;
    return true;
  }

  /** Of what is in the file; undefined where that is not all, or unknown. */
  get sum(): FileSum | undefined {
    if (this.#isFileStale || this.#written !== this.#length) return undefined;
    return { sizeBytes: this.#length, checksum: crc32c(this.#bytes, 0, this.#length) };
  }

  /** Forgets all entries; the file is cut at the next `flush`. */
  reset(): void {
    this.#length = 0;
    this.#written = 0;
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

  #read(sizeBytes: number): boolean {
    const handle = this.#fileSystem.open(this.path, "read");
    try {
      return handle.read(this.#bytes.subarray(0, sizeBytes), 0) === sizeBytes;
    } finally {
      handle.close();
    }
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2, 1024));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
