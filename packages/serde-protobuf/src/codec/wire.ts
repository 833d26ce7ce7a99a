import protobufjs, { type Reader, type Writer } from "protobufjs";

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

/** Of slabs of 8 KB, as protobufjs and Node do it: memory of its own would cost more than a small message. */
export function allocated(size: number): Uint8Array {
  return protobufjs.Writer.alloc(size);
}

export function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = allocated(bytes.length);
  copy.set(bytes);
  return copy;
}

/** What it gives out is copied: the record's bytes are not ours. One class for all bytes keeps its calls fast. */
class CopyingReader extends protobufjs.Reader {
  override raw(start: number, end: number): Uint8Array {
    return copyOf(this.buf.subarray(start, end));
  }
}

/** A reader that stands at a place in the bytes. */
export function copyingReader(bytes: Uint8Array, at: number): Reader {
  const reader = new CopyingReader(bytes);
  reader.pos = at;
  return reader;
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
