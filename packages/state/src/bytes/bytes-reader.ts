import { readInt64 } from "./int64.ts";

/** Reads numbers, and bytes behind their lengths, from the front. @throws RangeError where they go beyond the end */
export class BytesReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  int64(): number {
    return readInt64(this.#bytes, this.#advance(8));
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  /** As many as a length (4) before them says, a copy; null where that is -1. */
  bytes(): Uint8Array | null {
    return this.take(this.int32());
  }

  /** As `bytes`, of a length that was read already. */
  take(length: number): Uint8Array | null {
    if (length === -1) return null;
    const start = this.#advance(length);
    return this.#bytes.slice(start, start + length);
  }

  /** Nothing may be left. */
  end(): void {
    const left = this.#bytes.length - this.#position;
    if (left > 0) throw new RangeError(`${left} bytes more than it should have`);
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length < 0) throw new RangeError(`a length of ${length} before byte ${start}`);
    if (length > this.#bytes.length - start)
      throw new RangeError(`${length} bytes from ${start} on go beyond its end`);
    this.#position += length;
    return start;
  }
}
