import { noBytes } from "@millrace/model";
import { ProtocolError } from "../protocol-error.ts";
import { readInt32, writeInt32 } from "../wire/int64.ts";
import { MatchFinder } from "./match-finder.ts";

/*
 * Kafka's producers write snappy in the frame of xerial's library; librdkafka writes it bare. Both are read, the
 * frame is written.
 *
 *   0 magic (8)   8 version i32   12 compatible version i32   then chunks: length i32, one snappy block
 */
const xerialMagic = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0);
const xerialHeaderBytes = 16;
const blockBytes = 32 * 1024;
/** A copy of 64 bytes takes two bytes at least: no block grows by more. */
const growthMax = 32;
const copyBytesMax = 64;

/** @throws ProtocolError `UNDECOMPRESSABLE`, or `MALFORMED_BATCH` above `sizeBytesMax` */
export function decompressSnappy(bytes: Uint8Array, sizeBytesMax: number): Uint8Array {
  if (!isFramed(bytes)) return decodeBlock(bytes, sizeBytesMax);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (let at = xerialHeaderBytes; at < bytes.length;) {
    if (at + 4 > bytes.length) throw broken("a chunk without a length");
    const length = readInt32(bytes, at);
    at += 4;
    if (length < 0 || at + length > bytes.length) throw broken(`a chunk of ${length} bytes`);
    const chunk = decodeBlock(bytes.subarray(at, at + length), sizeBytesMax - sizeBytes);
    chunks.push(chunk);
    sizeBytes += chunk.length;
    at += length;
  }
  if (chunks.length === 1) return chunks[0];
  const all = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export function compressSnappy(bytes: Uint8Array): Uint8Array {
  const blockCount = Math.ceil(bytes.length / blockBytes);
  const target = new Uint8Array(xerialHeaderBytes + bytes.length + blockCount * 6000 + 64);
  target.set(xerialMagic);
  writeInt32(target, 8, 1);
  writeInt32(target, 12, 1);
  const finder = new MatchFinder(bytes);
  let at = xerialHeaderBytes;
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const block = { start, end: Math.min(start + blockBytes, bytes.length) };
    const end = encodeBlock(bytes, block, { finder, target, at: at + 4 });
    writeInt32(target, at, end - at - 4);
    at = end;
  }
  return target.subarray(0, at);
}

function isFramed(bytes: Uint8Array): boolean {
  return bytes.length >= xerialHeaderBytes && xerialMagic.every((byte, at) => bytes[at] === byte);
}

function decodeBlock(bytes: Uint8Array, sizeBytesMax: number): Uint8Array {
  let at = 0;
  let size = 0;
  for (let scale = 1; ; scale *= 128) {
    if (at >= bytes.length || at === 5) throw broken("a block without a size");
    const byte = bytes[at++];
    size += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (size > sizeBytesMax)
    throw new ProtocolError("MALFORMED_BATCH", `a batch unpacks to more than it may: ${size}`);
  if (size > growthMax * bytes.length) throw broken(`a size of ${size} that cannot be`);
  if (size === 0) return noBytes;
  const target = new Uint8Array(size);
  let written = 0;
  while (at < bytes.length) {
    const tag = bytes[at++];
    const kind = tag & 3;
    let length = (tag >> 2) + 1;
    if (kind === 0) {
      const extra = length - 60;
      if (extra > 0) {
        length = readLittleEndian(bytes, at, extra) + 1;
        at += extra;
      }
      if (at + length > bytes.length || written + length > size) throw broken("a literal too long");
      target.set(bytes.subarray(at, at + length), written);
      at += length;
    } else {
      let offset = 0;
      if (kind === 1) {
        length = ((tag >> 2) & 7) + 4;
        offset = ((tag >> 5) << 8) | readLittleEndian(bytes, at, 1);
        at += 1;
      } else {
        const width = kind === 2 ? 2 : 4;
        offset = readLittleEndian(bytes, at, width);
        at += width;
      }
      if (offset === 0 || offset > written || written + length > size)
        throw broken(`a copy of ${length} bytes from ${offset} before`);
      for (let end = written + length, to = written; to < end; to++)
        target[to] = target[to - offset];
    }
    written += length;
  }
  if (written !== size) throw broken(`${written} bytes of ${size}`);
  return target;
}

function readLittleEndian(bytes: Uint8Array, at: number, width: number): number {
  if (at + width > bytes.length) throw broken("an element that is cut");
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + bytes[at + index];
  return value;
}

interface BlockTarget {
  readonly finder: MatchFinder;
  readonly target: Uint8Array;
  readonly at: number;
}

/** Gives the position after what it has written. */
function encodeBlock(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  { finder, target, at: first }: BlockTarget,
): number {
  let at = writeSize(target, first, end - start);
  finder.beginBlock(start, end);
  let literal = start;
  let from = start;
  while (from + 4 <= end) {
    const candidate = finder.find(from);
    if (candidate < 0) {
      // What does not repeat is stepped over faster and faster.
      from += 1 + ((from - literal) >> 5);
      continue;
    }
    at = writeLiteral(target, at, bytes.subarray(literal, from));
    let length = finder.lengthOf(candidate, from, end);
    const offset = from - candidate;
    from += length;
    literal = from;
    for (; length > 0; length -= copyBytesMax) {
      target[at++] = ((Math.min(length, copyBytesMax) - 1) << 2) | 2;
      target[at++] = offset;
      target[at++] = offset >> 8;
    }
  }
  return writeLiteral(target, at, bytes.subarray(literal, end));
}

function writeSize(target: Uint8Array, at: number, size: number): number {
  for (; size >= 0x80; size >>>= 7) target[at++] = size | 0x80;
  target[at++] = size;
  return at;
}

function writeLiteral(target: Uint8Array, at: number, literal: Uint8Array): number {
  const last = literal.length - 1;
  if (last < 0) return at;
  if (last < 60) target[at++] = last << 2;
  else if (last < 256) {
    target[at++] = 60 << 2;
    target[at++] = last;
  } else {
    target[at++] = 61 << 2;
    target[at++] = last;
    target[at++] = last >> 8;
  }
  target.set(literal, at);
  return at + literal.length;
}

function broken(what: string): ProtocolError {
  return new ProtocolError("UNDECOMPRESSABLE", `a batch cannot be decompressed by snappy: ${what}`);
}
