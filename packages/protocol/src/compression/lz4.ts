import { ProtocolError } from "../protocol-error.ts";
import { MatchFinder } from "./match-finder.ts";
import { xxhash32 } from "./xxhash32.ts";

/*
 * An LZ4 frame (Kafka: `Lz4BlockInputStream`, `Lz4BlockOutputStream`), numbers little-endian:
 *
 *   magic u32   flags u8   block size u8   [content size u64]   [dictionary u32]   header checksum u8
 *   blocks: size u32 (top bit: not compressed), bytes, [checksum u32]   end mark u32 = 0   [content checksum u32]
 */
const frameMagic = 0x184d2204;
const versionBits = 0x40;
const independentBlocksBit = 0x20;
const blockChecksumsBit = 0x10;
const contentSizeBit = 0x08;
const contentChecksumBit = 0x04;
const dictionaryBit = 0x01;
const uncompressedBit = 0x80000000;
const blockBytes = 64 * 1024;
const blockSizeCode = 4 << 4;
/** The end of a block is literal, so that decoders may copy in words. */
const lastLiterals = 5;
const lastMatchStart = 12;

/** @throws ProtocolError `UNDECOMPRESSABLE`, or `MALFORMED_BATCH` above `sizeBytesMax` */
export function decompressLz4(bytes: Uint8Array, sizeBytesMax: number): Uint8Array {
  return new FrameDecoder(bytes, sizeBytesMax).decode();
}

class FrameDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #sizeBytesMax: number;
  #at = 0;
  #target: Uint8Array;
  #written = 0;

  constructor(bytes: Uint8Array, sizeBytesMax: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#sizeBytesMax = sizeBytesMax;
    this.#target = new Uint8Array(Math.min(4 * bytes.length + 64, sizeBytesMax));
  }

  decode(): Uint8Array {
    const flags = this.#readHeader();
    for (;;) {
      const sizeAndKind = this.#readUint32();
      if (sizeAndKind === 0) break;
      const size = sizeAndKind & ~uncompressedBit;
      const end = this.#at + size;
      if (end > this.#bytes.length) throw broken(`a block of ${size} bytes`);
      if (sizeAndKind >= uncompressedBit) this.#copyLiterals(size);
      else this.#decodeBlock(end);
      if ((flags & blockChecksumsBit) !== 0) {
        const checksum = xxhash32(this.#bytes, end - size, end);
        if (this.#readUint32() !== checksum) throw broken("the checksum of a block");
      }
    }
    if ((flags & contentChecksumBit) !== 0) {
      if (this.#readUint32() !== xxhash32(this.#target, 0, this.#written))
        throw broken("the checksum of the content");
    }
    return this.#target.subarray(0, this.#written);
  }

  #readHeader(): number {
    if (this.#readUint32() !== frameMagic) throw broken("its first bytes");
    const flags = this.#readByte();
    this.#readByte();
    if ((flags & 0xc0) !== versionBits) throw broken(`version ${flags >> 6} of the frame`);
    if ((flags & dictionaryBit) !== 0) throw broken("a dictionary that is not here");
    if ((flags & contentSizeBit) !== 0) this.#at += 8;
    const checksum = (xxhash32(this.#bytes, 4, Math.min(this.#at, this.#bytes.length)) >> 8) & 0xff;
    if (this.#readByte() !== checksum) throw broken("the checksum of its header");
    return flags;
  }

  #decodeBlock(end: number): void {
    const bytes = this.#bytes;
    while (this.#at < end) {
      const token = bytes[this.#at++];
      this.#copyLiterals(this.#readLength(token >> 4, end), end);
      if (this.#at === end) return;
      if (this.#at + 2 > end) throw broken("a match that is cut");
      const offset = this.#view.getUint16(this.#at, true);
      this.#at += 2;
      const length = this.#readLength(token & 15, end) + 4;
      if (offset === 0 || offset > this.#written) throw broken(`a match ${offset} bytes before`);
      const target = this.#reserve(length);
      for (let to = this.#written, last = to + length; to < last; to++)
        target[to] = target[to - offset];
      this.#written += length;
    }
  }

  #copyLiterals(length: number, end = this.#bytes.length): void {
    if (this.#at + length > end) throw broken("literals that are cut");
    const target = this.#reserve(length);
    target.set(this.#bytes.subarray(this.#at, this.#at + length), this.#written);
    this.#at += length;
    this.#written += length;
  }

  #readLength(nibble: number, end: number): number {
    let length = nibble;
    if (nibble < 15) return length;
    for (;;) {
      if (this.#at >= end) throw broken("a length that is cut");
      const byte = this.#bytes[this.#at++];
      length += byte;
      if (byte < 255) return length;
    }
  }

  #reserve(length: number): Uint8Array {
    const needed = this.#written + length;
    if (needed <= this.#target.length) return this.#target;
    if (needed > this.#sizeBytesMax)
      throw new ProtocolError("MALFORMED_BATCH", `a batch unpacks to more than it may: ${needed}`);
    const capacity = Math.min(Math.max(needed, 2 * this.#target.length), this.#sizeBytesMax);
    const grown = new Uint8Array(capacity);
    grown.set(this.#target.subarray(0, this.#written));
    this.#target = grown;
    return grown;
  }

  #readByte(): number {
    if (this.#at >= this.#bytes.length) throw broken("an end too early");
    return this.#bytes[this.#at++];
  }

  #readUint32(): number {
    if (this.#at + 4 > this.#bytes.length) throw broken("an end too early");
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }
}

export function compressLz4(bytes: Uint8Array): Uint8Array {
  const blockCount = Math.ceil(bytes.length / blockBytes);
  const target = new Uint8Array(
    bytes.length + Math.ceil(bytes.length / 250) + blockCount * 24 + 32,
  );
  const view = new DataView(target.buffer);
  view.setUint32(0, frameMagic, true);
  target[4] = versionBits | independentBlocksBit;
  target[5] = blockSizeCode;
  target[6] = xxhash32(target, 4, 6) >> 8;
  const finder = new MatchFinder(bytes);
  let at = 7;
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const block = bytes.subarray(start, start + blockBytes);
    const range = { start, end: start + block.length };
    let end = encodeBlock(bytes, range, { finder, target, at: at + 4 });
    const isSmaller = end - at - 4 < block.length;
    if (!isSmaller) {
      target.set(block, at + 4);
      end = at + 4 + block.length;
    }
    view.setUint32(at, isSmaller ? end - at - 4 : block.length | uncompressedBit, true);
    at = end;
  }
  view.setUint32(at, 0, true);
  return target.subarray(0, at + 4);
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
  let at = first;
  finder.beginBlock(start, end);
  let literal = start;
  let from = start;
  while (from + lastMatchStart <= end) {
    const candidate = finder.find(from);
    const offset = from - candidate;
    if (candidate < 0 || offset > 0xffff) {
      // What does not repeat is stepped over faster and faster.
      from += 1 + ((from - literal) >> 6);
      continue;
    }
    const length = finder.lengthOf(candidate, from, end - lastLiterals);
    at = writeSequence(target, at, bytes.subarray(literal, from), length - 4);
    target[at++] = offset;
    target[at++] = offset >> 8;
    if (length - 4 >= 15) at = writeLength(target, at, length - 4 - 15);
    from += length;
    literal = from;
  }
  return writeSequence(target, at, bytes.subarray(literal, end), 0);
}

function writeSequence(
  target: Uint8Array,
  at: number,
  literals: Uint8Array,
  matchLength: number,
): number {
  const { length } = literals;
  target[at++] = (Math.min(length, 15) << 4) | Math.min(matchLength, 15);
  if (length >= 15) at = writeLength(target, at, length - 15);
  target.set(literals, at);
  return at + length;
}

function writeLength(target: Uint8Array, at: number, rest: number): number {
  for (; rest >= 255; rest -= 255) target[at++] = 255;
  target[at++] = rest;
  return at;
}

function broken(what: string): ProtocolError {
  return new ProtocolError("UNDECOMPRESSABLE", `a batch cannot be decompressed by lz4: ${what}`);
}
