import { newTapBuffer, Tap } from "./tap.ts";

import { AvroError } from "./avro-error.ts";
import { depthMax, tooDeep } from "./read-cursor.ts";

/** What a cursor keeps between values; greater ones have memory of their own. */
const keptBytesMax = 1 << 20;
const loopCharsMax = 63;
const scratch = new BigInt64Array(1);
const scratchHalves = new Int32Array(scratch.buffer);

/**
 * Writes what Avro reads, and refuses what is no value of its type: the message then says neither which nor where, which
 * whoever called finds out.
 */
export class WriteCursor extends Tap {
  #depth = 0;

  constructor() {
    super(newTapBuffer(1024));
  }

  /** New bytes that begin with a prefix, and go on with what `write` puts for a value. */
  collect(
    prefix: Uint8Array,
    write: (cursor: WriteCursor, value: unknown) => void,
    value: unknown,
  ): Uint8Array {
    for (;;) {
      this.#depth = 0;
      this.pos = 0;
      if (prefix.length > 0) this.putRaw(prefix);
      write(this, value);
      if (this.isValid()) break;
      this.buf = newTapBuffer(2 * this.pos);
    }
    const bytes = new Uint8Array(this.pos);
    bytes.set(this.buf.subarray(0, this.pos));
    if (this.buf.length > keptBytesMax) this.buf = newTapBuffer(1024);
    return bytes;
  }

  putNull(value: unknown): void {
    if (value !== null) throw mismatch();
  }

  putBoolean(value: unknown): void {
    if (typeof value !== "boolean") throw mismatch();
    this.buf[this.pos++] = value ? 1 : 0;
  }

  putInt(value: unknown): void {
    if (typeof value !== "number" || (value | 0) !== value) throw mismatch();
    if (value >= -64 && value < 64) this.buf[this.pos++] = (value << 1) ^ (value >> 31);
    else this.writeLong(value);
  }

  /** Of a program that holds longs as numbers: those of more digits may be bigints. */
  putNumberOrBigint(value: unknown): void {
    if (typeof value === "bigint") this.putBigint(value);
    else this.putLong(value);
  }

  putLong(value: unknown): void {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw mismatch();
    this.writeLong(value);
  }

  putBigint(value: unknown): void {
    if (typeof value !== "bigint") throw mismatch();
    const number = Number(value);
    if (number > -4e15 && number < 4e15) {
      this.writeLong(number);
      return;
    }
    scratch[0] = value;
    if (scratch[0] !== value) throw mismatch();
    this.#putHalves(scratchHalves[0], scratchHalves[1]);
  }

  putFloat(value: unknown): void {
    if (typeof value !== "number") throw mismatch();
    const isLost = !Number.isFinite(Math.fround(value)) && Number.isFinite(value);
    if (isLost) throw mismatch();
    this.writeFloat(value);
  }

  putDouble(value: unknown): void {
    if (typeof value !== "number") throw mismatch();
    this.writeDouble(value);
  }

  putString(value: unknown): void {
    if (typeof value !== "string") throw mismatch();
    if (value.length <= loopCharsMax) {
      if (!this.#putAscii(value)) this.#putShort(value);
      return;
    }
    if (!value.isWellFormed()) throw mismatch();
    this.writeString(value);
  }

  putBytes(value: unknown): void {
    if (!(value instanceof Uint8Array)) throw mismatch();
    this.writeLong(value.length);
    this.putRaw(value);
  }

  putFixed(value: unknown, size: number): void {
    if (!(value instanceof Uint8Array) || value.length !== size) throw mismatch();
    this.putRaw(value);
  }

  putRaw(bytes: Uint8Array): void {
    const at = this.pos;
    this.pos = at + bytes.length;
    if (this.pos > this.buf.length) return;
    if (bytes.length > loopCharsMax) this.buf.set(bytes, at);
    else for (let index = 0; index < bytes.length; index++) this.buf[at + index] = bytes[index];
  }

  enter(): void {
    if (++this.#depth > depthMax) throw tooDeep();
  }

  leave(): void {
    this.#depth--;
  }

  /** The one name of a wrapped branch. */
  branchOf(value: unknown): string {
    if (typeof value !== "object" || value === null) throw mismatch();
    const names = Object.keys(value);
    if (names.length !== 1) throw mismatch();
    return names[0];
  }

  mismatch(): AvroError {
    return mismatch();
  }

  /** False: it is not ASCII, and nothing was written. */
  #putAscii(value: string): boolean {
    const { buf, pos } = this;
    const { length } = value;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      buf[pos + 1 + index] = code;
    }
    buf[pos] = length << 1;
    this.pos = pos + 1 + length;
    return true;
  }

  /** Text of a length that takes one byte or two. */
  #putShort(value: string): void {
    const { buf, pos } = this;
    let at = pos + 2;
    for (let index = 0; index < value.length; index++) {
      let code = value.charCodeAt(index);
      if (code < 0x80) {
        buf[at++] = code;
        continue;
      }
      if (code < 0x800) {
        buf[at++] = (code >> 6) | 0xc0;
      } else {
        if ((code & 0xf800) === 0xd800) code = value.codePointAt(index++) ?? 0;
        if (code < 0x10000) {
          // Half of a surrogate pair has no bytes.
          if ((code & 0xf800) === 0xd800) throw mismatch();
          buf[at++] = (code >> 12) | 0xe0;
        } else {
          buf[at++] = (code >> 18) | 0xf0;
          buf[at++] = ((code >> 12) & 0x3f) | 0x80;
        }
        buf[at++] = ((code >> 6) & 0x3f) | 0x80;
      }
      buf[at++] = (code & 0x3f) | 0x80;
    }
    const length = at - pos - 2;
    this.writeLong(length);
    // A short length leaves one byte free.
    if (this.pos === pos + 1) buf.copyWithin(pos + 1, pos + 2, at);
    this.pos += length;
  }

  #putHalves(low: number, high: number): void {
    const sign = high >> 31;
    let zigzagLow = (low << 1) ^ sign;
    let zigzagHigh = ((high << 1) | (low >>> 31)) ^ sign;
    while (zigzagHigh !== 0 || zigzagLow >>> 0 > 0x7f) {
      this.buf[this.pos++] = (zigzagLow & 0x7f) | 0x80;
      zigzagLow = (zigzagLow >>> 7) | (zigzagHigh << 25);
      zigzagHigh >>>= 7;
    }
    this.buf[this.pos++] = zigzagLow;
  }
}

export function mismatch(): AvroError {
  return new AvroError("INVALID_VALUE", "the value does not fit the schema");
}
