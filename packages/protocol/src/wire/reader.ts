import { decodeUtf8 } from "@millrace/model";
import { ProtocolError, truncated } from "../protocol-error.ts";
import { getInt64 } from "./int64.ts";
import { uuidFromBytes, type Uuid } from "./uuid.ts";
import { unZigZag, unZigZagLong } from "./varint.ts";

/** Up to here ASCII is decoded faster by hand than by a TextDecoder. */
const shortTextBytes = 32;

/**
 * A cursor over bytes of the Kafka protocol, big-endian. Every read is checked against the end, and
 * throws `ProtocolError` `MALFORMED_MESSAGE` beyond it. Byte fields come out as views.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;
  #elementsLeft: number;

  /**
   * Reads from `position` to the end of the array, at most so many elements of lists: in a few bytes each, a
   * request could hold millions.
   */
  constructor(bytes: Uint8Array, position = 0, elementsMax = Number.POSITIVE_INFINITY) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
    this.#position = position;
    this.#elementsLeft = elementsMax;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  skip(count: number): void {
    this.#take(count, "a skipped field");
  }

  /** Before a list of so many elements is read. */
  takeElements(count: number): void {
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0)
      throw new ProtocolError(
        "TOO_MANY_ELEMENTS",
        "a message holds more elements than are taken; ask for fewer things at once",
      );
  }

  readInt8(): number {
    return this.#view.getInt8(this.#take(1, "an int8"));
  }

  readUint8(): number {
    return this.bytes[this.#take(1, "a byte")];
  }

  /** Anything but 0 is true. */
  readBoolean(): boolean {
    return this.bytes[this.#take(1, "a boolean")] !== 0;
  }

  readInt16(): number {
    return this.#view.getInt16(this.#take(2, "an int16"));
  }

  readUint16(): number {
    return this.#view.getUint16(this.#take(2, "a uint16"));
  }

  readInt32(): number {
    return this.#view.getInt32(this.#take(4, "an int32"));
  }

  readUint32(): number {
    return this.#view.getUint32(this.#take(4, "a uint32"));
  }

  /** Beyond ±2^53 the nearest double. */
  readInt64(): number {
    return getInt64(this.#view, this.#take(8, "an int64"));
  }

  readFloat64(): number {
    return this.#view.getFloat64(this.#take(8, "a float64"));
  }

  readUuid(): Uuid {
    return uuidFromBytes(this.bytes, this.#take(16, "a uuid"));
  }

  /** Up to five bytes; 0 to 2^32 - 1. */
  readUnsignedVarint(): number {
    let bits = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.#take(1, "a varint")];
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) return bits >>> 0;
    }
    throw new ProtocolError("MALFORMED_MESSAGE", "a varint has more than five bytes");
  }

  /** Zig-zag. */
  readVarint(): number {
    return unZigZag(this.readUnsignedVarint());
  }

  /** Zig-zag, up to ten bytes; beyond ±2^53 the nearest double. */
  readVarlong(): number {
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.bytes[this.#take(1, "a varlong")];
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index < 8) middle |= bits << (7 * (index - 4));
      else high |= bits << (7 * (index - 8));
      if (byte < 0x80) return unZigZagLong(low, middle, high & 0xff);
    }
    throw new ProtocolError("MALFORMED_MESSAGE", "a varlong has more than ten bytes");
  }

  /** The length of a compact field; negative is null. */
  readCompactLength(): number {
    return (this.readUnsignedVarint() | 0) - 1;
  }

  /** A view of the next bytes. */
  readView(length: number): Uint8Array {
    const start = this.#take(length, "a byte field");
    return this.bytes.subarray(start, start + length);
  }

  /** Malformed UTF-8 becomes U+FFFD, as in Java. */
  readText(length: number): string {
    const start = this.#take(length, "a string");
    if (length > shortTextBytes) return decodeUtf8(this.bytes.subarray(start, start + length));
    let text = "";
    for (let index = start; index < start + length; index++) {
      const byte = this.bytes[index];
      if (byte > 0x7f) return decodeUtf8(this.bytes.subarray(start, start + length));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #take(length: number, what: string): number {
    const position = this.#position;
    if (length < 0 || length > this.#end - position) {
      throw truncated(`${what} at byte ${position}`, length, this.#end - position);
    }
    this.#position = position + length;
    return position;
  }
}
