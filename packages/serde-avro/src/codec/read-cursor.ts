import { newTapBuffer, Tap, tapBufferOf } from "./tap.ts";

import { AvroError, malformed, truncated } from "./avro-error.ts";

/** How deep values of a recursive schema may stand in each other. */
export const depthMax = 1000;
/** How many items without bytes (nulls, records without fields) the arrays of one value may have. */
const emptyItemsMax = 1 << 20;

const char = String.fromCharCode;
/** Up to this length a loop beats the host's decoder. */
const asciiLoopBytesMax = 8;
const copyLoopBytesMax = 24;
const twoTo32 = 2 ** 32;
const scratch = new BigInt64Array(1);
const scratchHalves = new Int32Array(scratch.buffer);

/**
 * Reads what Avro writes, and refuses what cannot be: each length is compared with the bytes that are left before
 * anything is made of it. It stands on avsc's cursor, and so on Node's Buffer, for texts and doubles.
 */
export class ReadCursor extends Tap {
  /** Where the value's bytes end; `buf` is all of the memory that they stand in. */
  #end = 0;
  #depth = 0;
  #emptyItems = 0;
  #array: ArrayBufferLike | undefined;
  #low = 0;
  #high = 0;

  constructor() {
    super(newTapBuffer(0));
  }

  /** Begins with the bytes from `at` to their end. */
  open(bytes: Uint8Array, at: number): void {
    if (bytes.buffer !== this.#array) {
      this.buf = tapBufferOf(bytes.buffer, 0);
      this.#array = bytes.buffer;
    }
    this.pos = bytes.byteOffset + at;
    this.#end = bytes.byteOffset + bytes.length;
    this.#depth = 0;
    this.#emptyItems = 0;
  }

  /** @throws AvroError `MALFORMED` where bytes are left */
  finish(): void {
    const left = this.#end - this.pos;
    if (left > 0) throw malformed(`${left} bytes are left behind the value`);
  }

  boolean(): boolean {
    const byte = this.#take(1);
    if (this.buf[byte] > 1) throw malformed(`a boolean is ${this.buf[byte]}, not 0 or 1`);
    return this.buf[byte] === 1;
  }

  int(): number {
    const byte = this.buf[this.pos];
    if (byte < 0x80 && this.pos < this.#end) {
      this.pos++;
      return (byte >>> 1) ^ -(byte & 1);
    }
    this.#varint(5);
    const value = this.#low;
    if (this.#high !== value >> 31) throw malformed("an int is beyond 32 bits");
    return value;
  }

  /** @throws AvroError `UNSAFE_LONG` beyond 2^53 */
  long(): number {
    const value = this.#number();
    if (Number.isSafeInteger(value)) return value;
    throw new AvroError(
      "UNSAFE_LONG",
      `the long ${this.#bigint()} is beyond 2^53, where numbers are not exact; read longs as bigint`,
    );
  }

  bigint(): bigint {
    const byte = this.buf[this.pos];
    if (byte < 0x80 && this.pos < this.#end) {
      this.pos++;
      return BigInt((byte >>> 1) ^ -(byte & 1));
    }
    this.#varint(10);
    return this.#bigint();
  }

  float(): number {
    return this.buf.readFloatLE(this.#take(4));
  }

  double(): number {
    return this.buf.readDoubleLE(this.#take(8));
  }

  string(): string {
    const length = this.length();
    const start = this.#take(length);
    const { buf, pos: end } = this;
    if (length > asciiLoopBytesMax) return buf.utf8Slice(start, end);
    let text = "";
    for (let index = start; index < end; index++) {
      const byte = buf[index];
      if (byte > 0x7f) return buf.utf8Slice(start, end);
      text += char(byte);
    }
    return text;
  }

  /** A copy. */
  bytes(): Uint8Array {
    return this.fixed(this.length());
  }

  /** A copy. */
  fixed(size: number): Uint8Array {
    const start = this.#take(size);
    const { buf, pos: end } = this;
    if (size > copyLoopBytesMax) return new Uint8Array(buf.buffer.slice(start, end));
    const bytes = new Uint8Array(size);
    for (let index = 0; index < size; index++) bytes[index] = buf[start + index];
    return bytes;
  }

  /** All bytes that are left. A copy. */
  rest(): Uint8Array {
    return this.fixed(this.#end - this.pos);
  }

  /** The index of a symbol or branch. */
  index(count: number): number {
    const index = this.int();
    if (index < 0 || index >= count) throw malformed(`${index} is none of ${count} choices`);
    return index;
  }

  /** How many items the next block has; 0: there is none. */
  block(): number {
    const count = this.#number();
    if (count >= 0) return count;
    this.length();
    return -count;
  }

  /** As `block`, but blocks that tell their size are stepped over. */
  skippedBlock(): number {
    let count = this.#number();
    while (count < 0) {
      this.skip(this.length());
      count = this.#number();
    }
    return count;
  }

  /**
   * That many items that take no bytes, so that nothing else bounds them.
   *
   * @throws AvroError `LIMIT_EXCEEDED`
   */
  emptyItems(count: number): number {
    this.#emptyItems += count;
    if (this.#emptyItems <= emptyItemsMax) return count;
    throw new AvroError(
      "LIMIT_EXCEEDED",
      `the arrays of one value have more than ${emptyItemsMax} items that take no bytes`,
    );
  }

  skip(size: number): void {
    this.#take(size);
  }

  skipBytes(): void {
    this.#take(this.length());
  }

  skipLong(): void {
    this.#varint(10);
  }

  enter(): void {
    if (++this.#depth > depthMax) throw tooDeep();
  }

  leave(): void {
    this.#depth--;
  }

  /** A length in bytes, of those that are left. */
  length(): number {
    const byte = this.buf[this.pos];
    if (byte < 0x80 && this.pos < this.#end && (byte & 1) === 0) {
      this.pos++;
      return byte >>> 1;
    }
    const length = this.#number();
    if (length < 0) throw malformed(`a length is ${length}`);
    return length;
  }

  /** Steps over that many bytes; where they begin. */
  #take(size: number): number {
    const start = this.pos;
    if (size > this.#end - start) throw truncated();
    this.pos = start + size;
    return start;
  }

  #number(): number {
    const byte = this.buf[this.pos];
    if (byte < 0x80 && this.pos < this.#end) {
      this.pos++;
      return (byte >>> 1) ^ -(byte & 1);
    }
    this.#varint(10);
    return this.#high * twoTo32 + (this.#low >>> 0);
  }

  /** The last long that was read. */
  #bigint(): bigint {
    scratchHalves[0] = this.#low;
    scratchHalves[1] = this.#high;
    return scratch[0];
  }

  /** Leaves a zigzag number in two halves. */
  #varint(bytesMax: number): void {
    const { buf } = this;
    const limit = Math.min(this.#end, this.pos + bytesMax);
    let low = 0;
    let high = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte > 0x7f) {
      if (this.pos >= limit)
        throw limit === this.#end ? truncated() : malformed("a number has no end");
      byte = buf[this.pos++];
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      shift += 7;
    }
    const sign = -(low & 1);
    this.#low = ((low >>> 1) | (high << 31)) ^ sign;
    this.#high = (high >>> 1) ^ sign;
  }
}

export function tooDeep(): AvroError {
  return new AvroError("LIMIT_EXCEEDED", `the value is nested deeper than ${depthMax}`);
}
