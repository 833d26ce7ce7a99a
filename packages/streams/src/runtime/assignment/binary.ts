import { decodeUtf8, encodeUtf8 } from "@millrace/model";

/** Appends big-endian numbers and texts, as Java's `DataOutputStream` writes them. */
export class BinaryWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  int8(value: number): void {
    this.#reserve(1);
    this.#view.setInt8(this.#length - 1, value);
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#view.setInt16(this.#length - 2, value);
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length - 4, value);
  }

  /** -2^53 to 2^53; what is beyond the largest is the largest, so that `Infinity` is Java's `Long.MAX_VALUE`. */
  int64(value: number): void {
    this.#reserve(8);
    if (value >= 2 ** 63) {
      this.#view.setInt32(this.#length - 8, 0x7fffffff);
      this.#view.setInt32(this.#length - 4, -1);
      return;
    }
    this.#view.setInt32(this.#length - 8, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#length - 4, value >>> 0);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length - bytes.length);
  }

  /** Length in two bytes, then UTF-8. */
  text(text: string): void {
    const bytes = encodeUtf8(text);
    this.int16(bytes.length);
    this.raw(bytes);
  }

  /** Length in four bytes, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.int32(bytes.length);
    this.raw(bytes);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
  }
}

/** Reads what `BinaryWriter` wrote; a RangeError where the bytes end too early. */
export class BinaryReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  int8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#advance(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  int64(): number {
    const at = this.#advance(8);
    return this.#view.getInt32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
  }

  raw(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.slice(at, at + length);
  }

  text(): string {
    return decodeUtf8(this.raw(this.int16()));
  }

  bytes(): Uint8Array {
    return this.raw(this.int32());
  }

  /** A count that is followed by entries of at least `entryBytesMin` each. */
  count(entryBytesMin: number): number {
    const count = this.int32();
    if (count < 0 || count * entryBytesMin > this.#bytes.length - this.#position) {
      throw new RangeError(`a count of ${count} does not fit into the bytes that are left`);
    }
    return count;
  }

  #advance(size: number): number {
    const at = this.#position;
    if (size < 0 || at + size > this.#bytes.length) {
      throw new RangeError(`${size} bytes wanted, ${this.#bytes.length - at} left`);
    }
    this.#position = at + size;
    return at;
  }
}
