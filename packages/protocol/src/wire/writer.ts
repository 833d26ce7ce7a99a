import { encodeUtf8 } from "@millrace/model";
import { ProtocolError } from "../protocol-error.ts";
import { setInt64 } from "./int64.ts";
import { uuidToBytes, type Uuid } from "./uuid.ts";
import { writeUnsignedVarint, writeVarlong, zigZag } from "./varint.ts";

/** Longest string of the protocol, in bytes. */
const stringBytesMax = 0x7fff;
/** Longer byte fields become parts of their own, so that they are not copied. */
const copiedBytesMax = 512;
/** Longer text becomes bytes of its own first: that costs more for each text, and less for each byte. */
const textInPlaceMax = 48;

/**
 * Writes the Kafka protocol, big-endian, into a list of parts: small fields into buffers of its own
 * that grow, large byte fields as the views they are. Lengths of nested writers are known by
 * `size`.
 */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #position = 0;
  /** Where the part that is being written starts in `#bytes`. */
  #partStart = 0;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;

  constructor(capacityBytes = 256) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far, over all parts. */
  get size(): number {
    return this.#partsBytes + this.#position - this.#partStart;
  }

  writeInt8(value: number): void {
    const position = this.#reserve(1);
    this.#view.setInt8(position, inRange(value, -0x80, 0x7f));
  }

  writeUint8(value: number): void {
    const position = this.#reserve(1);
    this.#view.setUint8(position, inRange(value, 0, 0xff));
  }

  writeBoolean(value: boolean): void {
    const position = this.#reserve(1);
    this.#view.setUint8(position, value ? 1 : 0);
  }

  writeInt16(value: number): void {
    const position = this.#reserve(2);
    this.#view.setInt16(position, inRange(value, -0x8000, 0x7fff));
  }

  writeUint16(value: number): void {
    const position = this.#reserve(2);
    this.#view.setUint16(position, inRange(value, 0, 0xffff));
  }

  writeInt32(value: number): void {
    const position = this.#reserve(4);
    this.#view.setInt32(position, inRange(value, -0x80000000, 0x7fffffff));
  }

  writeUint32(value: number): void {
    const position = this.#reserve(4);
    this.#view.setUint32(position, inRange(value, 0, 0xffffffff));
  }

  /** Saturates at the ends of 64 bits. */
  writeInt64(value: number): void {
    if (typeof value !== "number" || Number.isNaN(value)) throw notNumber(value);
    const position = this.#reserve(8);
    setInt64(this.#view, position, value);
  }

  writeFloat64(value: number): void {
    if (typeof value !== "number") throw notNumber(value);
    const position = this.#reserve(8);
    this.#view.setFloat64(position, value);
  }

  writeUuid(value: Uuid): void {
    const position = this.#reserve(16);
    uuidToBytes(value, this.#bytes, position);
  }

  writeUnsignedVarint(value: number): void {
    const position = this.#reserve(5);
    this.#position = writeUnsignedVarint(this.#bytes, position, value);
  }

  writeVarint(value: number): void {
    this.writeUnsignedVarint(zigZag(value));
  }

  writeVarlong(value: number): void {
    const position = this.#reserve(10);
    this.#position = writeVarlong(this.#bytes, position, value);
  }

  /** A string with its length of two bytes. */
  writeString(text: string): void {
    if (isShortAscii(text)) {
      this.writeInt16(text.length);
      this.#writeAscii(text);
      return;
    }
    const bytes = encodeText(text);
    this.writeInt16(bytes.length);
    this.writeRaw(bytes);
  }

  /** A string with its length plus one as a varint. */
  writeCompactString(text: string): void {
    if (isShortAscii(text)) {
      this.writeUnsignedVarint(text.length + 1);
      this.#writeAscii(text);
      return;
    }
    const bytes = encodeText(text);
    this.writeUnsignedVarint(bytes.length + 1);
    this.writeRaw(bytes);
  }

  /**
   * Bytes as they are, without a length. Large ones are kept as a view: do not change them later.
   */
  writeRaw(bytes: Uint8Array): void {
    if (bytes.length > copiedBytesMax) {
      this.writePart(bytes);
      return;
    }
    const position = this.#reserve(bytes.length);
    this.#bytes.set(bytes, position);
  }

  /** Bytes that become a part of their own, never copied. */
  writePart(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#endPart();
    this.#parts.push(bytes);
    this.#partsBytes += bytes.length;
  }

  /** What another writer has written, prefixed by its size as a varint. */
  writeSized(nested: Writer): void {
    this.writeUnsignedVarint(nested.size);
    for (const part of nested.parts()) this.writeRaw(part);
  }

  /** Overwrites four bytes that were written at the very start. */
  patchInt32AtStart(value: number): void {
    this.#endPart();
    const first = this.#parts[0];
    new DataView(first.buffer, first.byteOffset, 4).setInt32(0, value);
  }

  /** All that was written, in order. Write nothing afterwards. */
  parts(): Uint8Array[] {
    this.#endPart();
    return this.#parts;
  }

  /** All that was written as one array: a copy where there is more than one part. */
  toBytes(): Uint8Array {
    const parts = this.parts();
    if (parts.length === 1) return parts[0];
    const whole = new Uint8Array(this.#partsBytes);
    let position = 0;
    for (const part of parts) {
      whole.set(part, position);
      position += part.length;
    }
    return whole;
  }

  #writeAscii(text: string): void {
    const position = this.#reserve(text.length);
    for (let index = 0; index < text.length; index++)
      this.#bytes[position + index] = text.charCodeAt(index);
  }

  #endPart(): void {
    const length = this.#position - this.#partStart;
    if (length === 0) return;
    this.#parts.push(this.#bytes.subarray(this.#partStart, this.#position));
    this.#partsBytes += length;
    this.#partStart = this.#position;
  }

  /**
   * The position of `length` bytes that may be written now: call it before touching `#bytes` or
   * `#view`.
   */
  #reserve(length: number): number {
    const position = this.#position;
    if (position + length <= this.#bytes.length) {
      this.#position = position + length;
      return position;
    }
    const open = this.#bytes.subarray(this.#partStart, position);
    const grown = new Uint8Array(Math.max(2 * open.length + length, 256));
    grown.set(open);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    this.#partStart = 0;
    this.#position = open.length + length;
    return open.length;
  }
}

/** Names of topics, groups, clients and options mostly are. */
function isShortAscii(text: unknown): text is string {
  if (typeof text !== "string" || text.length > textInPlaceMax) return false;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

function encodeText(text: string): Uint8Array {
  if (typeof text !== "string") {
    throw new ProtocolError(
      "INVALID_VALUE",
      `a string field holds ${describe(text)}; give a string`,
    );
  }
  const bytes = encodeUtf8(text);
  if (bytes.length > stringBytesMax) {
    throw new ProtocolError(
      "INVALID_VALUE",
      `a string has ${bytes.length} bytes; the protocol allows ${stringBytesMax}`,
    );
  }
  return bytes;
}

function inRange(value: number, min: number, max: number): number {
  if (value >= min && value <= max && Number.isInteger(value)) return value;
  throw new ProtocolError(
    "INVALID_VALUE",
    `${describe(value)} is no whole number from ${min} to ${max}`,
  );
}

function notNumber(value: unknown): ProtocolError {
  return new ProtocolError("INVALID_VALUE", `${describe(value)} is no number`);
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
