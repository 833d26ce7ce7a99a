import type { Reader, Writer } from "protobufjs";

/** How deep messages may stand in each other, as in the other implementations of Protobuf. */
export const depthMax = 100;

/** Reads and writes messages of one type. */
export interface MessageCodec {
  /** What a message without any field is. */
  empty(): unknown;
  /**
   * Reads up to `end`, or up to the tag that ends the group.
   *
   * @param into the same field of before, which the bytes are merged into
   * @param group that tag; 0: it is no group
   */
  decode(reader: Reader, end: number, depth: number, into?: unknown, group?: number): unknown;
  encode(value: unknown, writer: Writer, depth: number): void;
}

/** The bytes of a field, copied: the record's are not ours. */
export function readBytes(reader: Reader): Uint8Array {
  const length = reader.size();
  const start = reader.pos;
  const end = start + length;
  if (end > reader.len) throw outOfRange(reader);
  reader.pos = end;
  const bytes = new Uint8Array(length);
  bytes.set(reader.buf.subarray(start, end));
  return bytes;
}

/** The end of what has a length before it; nothing of it is read beyond what the bytes have. */
export function readEnd(reader: Reader): number {
  const length = reader.size();
  const end = length + reader.pos;
  if (end > reader.len) throw outOfRange(reader);
  return end;
}

export function outOfRange(reader: Reader): RangeError {
  return new RangeError(`the bytes end within a field (at ${reader.pos} of ${reader.len})`);
}

export function tooDeep(): RangeError {
  return new RangeError(`messages nest deeper than ${depthMax} levels`);
}
