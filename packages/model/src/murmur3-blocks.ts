/**
 * The whole blocks of murmur3 in WebAssembly, which multiplies words of 64 bits: in halves that takes ten times as long. The
 * module is written here, instruction by instruction:
 *
 * ```
 *  stir(end)                                the memory has h1 (8), h2 (8), and blocks of 16 from there to the end
 *    at = 16; loop
 *      h1 ^= rotl(load(at) * c1, 31) * c2;      h1 = (rotl(h1, 27) + h2) * 5 + 0x52dce729
 *      h2 ^= rotl(load(at + 8) * c2, 33) * c1;  h2 = (rotl(h2, 31) + h1) * 5 + 0x38495ab5
 *      at += 16; again if at < end
 * ```
 */

/** Blocks that fit in the memory, which is one page, behind the two words. */
export const blocksBytesMax = 65_536 - 16;

export interface BlockStirrer {
  /** h1 and h2, each its low half first. They are kept from call to call. */
  readonly words: Int32Array;
  /** Takes in whole blocks: one at least, `blocksBytesMax` at most. */
  stir(blocks: Uint8Array): void;
}

/** Undefined: this host has no WebAssembly (`--jitless`), or its policy refuses it (a page's `script-src`). */
export function blockStirrer(): BlockStirrer | undefined {
  let exports: WebAssembly.Exports;
  try {
    ({ exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())));
  } catch {
    return undefined;
  }
  // The module below exports these two.
  const memory = exports["memory"] as WebAssembly.Memory;
  const stir = exports["stir"] as (end: number) => void;
  const room = new Uint8Array(memory.buffer, 16);
  return {
    words: new Int32Array(memory.buffer, 0, 4),
    stir(blocks) {
      room.set(blocks);
      stir(16 + blocks.length);
    },
  };
}

type Code = readonly number[];

const i32 = 0x7f;
const i64 = 0x7e;
const nothing = 0x40;

/** Local variables, the parameter first. */
const end = 0;
const at = 1;
const h1 = 2;
const h2 = 3;

const c1 = 0x87c37b91114253d5n;
const c2 = 0x4cf5ad432745937fn;

const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const number32 = (value: number): Code => [0x41, ...signed(BigInt(value))];
const number64 = (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))];
/** Of 8 bytes, which may begin anywhere. */
const load = (offset: number): Code => [0x29, 0, offset];
const store = (offset: number): Code => [0x37, 0, offset];
const add32: Code = [0x6a];
const isLess32: Code = [0x49];
const add: Code = [0x7c];
const times: Code = [0x7e];
const xor: Code = [0x85];
const rotatedLeft = (bits: bigint): Code => [...number64(bits), 0x89];
const loop = (...code: readonly Code[]): Code => [0x03, nothing, ...code.flat(), 0x0b];
const againIfTrue: Code = [0x0d, 0];

function stirInto(hash: number, other: number, how: Stirring): Code {
  return [
    get(hash),
    [...get(at), ...load(how.offset)],
    [
      ...number64(how.first),
      ...times,
      ...rotatedLeft(how.wordBits),
      ...number64(how.second),
      ...times,
    ],
    xor,
    rotatedLeft(how.hashBits),
    [...get(other), ...add, ...number64(5n), ...times, ...number64(how.constant), ...add],
    set(hash),
  ].flat();
}

interface Stirring {
  /** Of the word in its block. */
  readonly offset: number;
  readonly first: bigint;
  readonly second: bigint;
  readonly wordBits: bigint;
  readonly hashBits: bigint;
  readonly constant: bigint;
}

const stirring1: Stirring = {
  offset: 0,
  first: c1,
  second: c2,
  wordBits: 31n,
  hashBits: 27n,
  constant: 0x52dce729n,
};

const stirring2: Stirring = {
  offset: 8,
  first: c2,
  second: c1,
  wordBits: 33n,
  hashBits: 31n,
  constant: 0x38495ab5n,
};

/** "\0asm", version 1. */
const moduleHead: Code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const zero = number32(0);
  const body = [
    [2, 1, i32, 2, i64], // locals: one of 32 bits, two of 64
    [...zero, ...load(0), ...set(h1), ...zero, ...load(8), ...set(h2), ...number32(16), ...set(at)],
    loop(
      stirInto(h1, h2, stirring1),
      stirInto(h2, h1, stirring2),
      [...get(at), ...number32(16), ...add32, ...set(at)],
      [...get(at), ...get(end), ...isLess32, ...againIfTrue],
    ),
    [...zero, ...get(h1), ...store(0), ...zero, ...get(h2), ...store(8), 0x0b],
  ].flat();
  return Uint8Array.from([
    ...moduleHead,
    ...section(1, [1, 0x60, 1, i32, 0]), // a type: of a number, giving nothing
    ...section(3, [1, 0]), // a function of it
    ...section(5, [1, 1, 1, 1]), // one page of memory, and no more
    ...section(7, [2, ...exported("memory", 2), ...exported("stir", 0)]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

function exported(name: string, kind: number): Code {
  return [name.length, ...new TextEncoder().encode(name), kind, 0];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): Code {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
