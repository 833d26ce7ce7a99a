import type { FileHandle } from "@millrace/platform";
import {
  batchHeaderBytes,
  batchMagic,
  readBatchSizeBytes,
  readMagic,
} from "@millrace/protocol/records";

const defaultChunkBytes = 1_048_576;

export interface CursorRange {
  readonly start: number;
  readonly end: number;
  /** Taken to memory at a time. */
  readonly chunkBytes?: number;
  /** What chunks are read into; by default memory of their own. */
  readonly memory?: { take(sizeBytes: number): Uint8Array };
  /** Told what was read, and up to where it should have been; throws where it is not to be believed. */
  readonly check?: (loaded: LoadedBytes, end: number) => void;
  /** What need not be read; the walk begins in it. */
  readonly loaded?: LoadedBytes;
}

/** Bytes of a file in memory. */
export interface LoadedBytes {
  readonly bytes: Uint8Array;
  /** Where they lie in the file. */
  readonly start: number;
}

/**
 * Walks the batches of a file, chunk by chunk: `bytes` holds the whole batch at `at`. Nothing but sizes and magic
 * is checked; the walk ends at the first batch that cannot be one, and `failure` says why.
 */
export class FileBatchCursor {
  /** The current chunk; another one after each `next`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Position of the batch in `bytes`. */
  at = 0;
  /** Position of the batch in the file; after the end, of what follows the last good one. */
  position: number;
  sizeBytes = 0;
  failure: string | undefined;
  /** The failure is that the file ends before the batch does. */
  isCutShort = false;

  readonly #handle: FileHandle;
  readonly #range: CursorRange;
  readonly #chunkBytes: number;
  #chunkStart = 0;

  constructor(handle: FileHandle, range: CursorRange) {
    this.#handle = handle;
    this.#range = range;
    this.position = range.start;
    this.#chunkBytes = range.chunkBytes ?? defaultChunkBytes;
    if (range.loaded === undefined) return;
    this.bytes = range.loaded.bytes;
    this.#chunkStart = range.loaded.start;
  }

  next(): boolean {
    this.position += this.sizeBytes;
    this.sizeBytes = 0;
    const remaining = this.#range.end - this.position;
    if (remaining <= 0) return false;
    if (remaining < batchHeaderBytes)
      return this.#fail(`${remaining} bytes are less than a header`, true);
    if (!this.#reach(batchHeaderBytes)) return this.#fail("the file is shorter than it was", true);
    const size = readBatchSizeBytes(this.bytes, this.at);
    const magic = readMagic(this.bytes, this.at);
    if (magic !== batchMagic) return this.#fail(`magic ${magic}`);
    if (size < batchHeaderBytes) return this.#fail(`a batch of ${size} bytes`);
    if (size > remaining)
      return this.#fail(`a batch of ${size} bytes where ${remaining} are left`, true);
    // With the header of the next one, if there is one, so that the two can be compared.
    if (!this.#reach(Math.min(size + batchHeaderBytes, remaining)))
      return this.#fail("the file is shorter than it was", true);
    this.sizeBytes = size;
    return true;
  }

  /** Where the range ends in `bytes`, or behind them. */
  get endAt(): number {
    return this.#range.end - this.#chunkStart;
  }

  /** Makes `bytes` hold this much from the position on. */
  #reach(sizeBytes: number): boolean {
    this.at = this.position - this.#chunkStart;
    if (this.at + sizeBytes <= this.bytes.length) return true;
    const wanted = Math.min(Math.max(this.#chunkBytes, sizeBytes), this.#range.end - this.position);
    const chunk = this.#range.memory?.take(wanted) ?? new Uint8Array(wanted);
    const count = this.#handle.read(chunk, this.position);
    this.bytes = chunk.subarray(0, count);
    this.#range.check?.({ bytes: this.bytes, start: this.position }, this.position + wanted);
    this.#chunkStart = this.position;
    this.at = 0;
    return count >= sizeBytes;
  }

  #fail(reason: string, isCutShort = false): false {
    this.failure = reason;
    this.isCutShort = isCutShort;
    return false;
  }
}
