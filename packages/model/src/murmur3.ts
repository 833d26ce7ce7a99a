const seed = 104729;

/** A 64-bit word as two signed halves. */
interface Word {
  high: number;
  low: number;
}

const c1: Readonly<Word> = { high: 0x87c37b91, low: 0x114253d5 };
const c2: Readonly<Word> = { high: 0x4cf5ad43, low: 0x2745937f };
const mix1: Readonly<Word> = { high: 0xff51afd7, low: 0xed558ccd };
const mix2: Readonly<Word> = { high: 0xc4ceb9fe, low: 0x1a85ec53 };

interface Stir {
  readonly first: Readonly<Word>;
  readonly rotation: number;
  readonly second: Readonly<Word>;
}

const stir1: Stir = { first: c1, rotation: 31, second: c2 };
const stir2: Stir = { first: c2, rotation: 33, second: c1 };

/** Kafka Streams' 128-bit murmur3 of bytes (Java: `Murmur3.hash128`), as the 16 bytes of two big-endian longs. */
export function murmur3(bytes: Uint8Array): Uint8Array {
  const h1: Word = { high: 0, low: seed };
  const h2: Word = { high: 0, low: seed };
  const k1: Word = { high: 0, low: 0 };
  const k2: Word = { high: 0, low: 0 };
  const { length } = bytes;
  let at = 0;
  for (; at + 16 <= length; at += 16) {
    read(k1, bytes, at);
    read(k2, bytes, at + 8);
    stir(h1, k1, stir1);
    rotate(h1, 27);
    add(h1, h2);
    timesFivePlus(h1, 0x52dce729);
    stir(h2, k2, stir2);
    rotate(h2, 31);
    add(h2, h1);
    timesFivePlus(h2, 0x38495ab5);
  }
  if (length > at) {
    const rest = new Uint8Array(16); // what lies beyond the end is 0
    for (let index = at; index < length; index++) rest[index - at] = bytes[index];
    read(k1, rest, 0);
    read(k2, rest, 8);
    stir(h2, k2, stir2); // of 0, it does nothing
    stir(h1, k1, stir1);
  }
  h1.low ^= length;
  h2.low ^= length;
  add(h1, h2);
  add(h2, h1);
  finish(h1);
  finish(h2);
  add(h1, h2);
  add(h2, h1);
  const hash = new Uint8Array(16);
  writeWord(hash, 0, h1);
  writeWord(hash, 8, h2);
  return hash;
}

/** Big-endian, byte by byte: a view would move a small array out of the heap. */
function writeWord(bytes: Uint8Array, at: number, { high, low }: Readonly<Word>): void {
  for (let index = 0; index < 4; index++) {
    bytes[at + index] = high >>> (24 - 8 * index);
    bytes[at + 4 + index] = low >>> (24 - 8 * index);
  }
}

/** Little-endian. */
function read(word: Word, bytes: Uint8Array, at: number): void {
  word.low = readHalf(bytes, at);
  word.high = readHalf(bytes, at + 4);
}

function readHalf(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function stir(hash: Word, word: Word, { first, rotation, second }: Stir): void {
  multiply(word, first);
  rotate(word, rotation);
  multiply(word, second);
  hash.high ^= word.high;
  hash.low ^= word.low;
}

function finish(hash: Word): void {
  hash.low ^= hash.high >>> 1;
  multiply(hash, mix1);
  hash.low ^= hash.high >>> 1;
  multiply(hash, mix2);
  hash.low ^= hash.high >>> 1;
}

function add(word: Word, { high, low }: Readonly<Word>): void {
  const sum = (word.low >>> 0) + (low >>> 0);
  word.high = (word.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
  word.low = sum | 0;
}

function timesFivePlus(word: Word, more: number): void {
  word.high = (Math.imul(word.high, 5) + highOfProduct(word.low, 5)) | 0;
  const low = (Math.imul(word.low, 5) >>> 0) + more;
  if (low > 0xffffffff) word.high = (word.high + 1) | 0;
  word.low = low | 0;
}

function rotate(word: Word, bits: number): void {
  const isSwapped = bits >= 32;
  const high = isSwapped ? word.low : word.high;
  const low = isSwapped ? word.high : word.low;
  const by = bits % 32;
  word.high = (high << by) | (low >>> (32 - by));
  word.low = (low << by) | (high >>> (32 - by));
}

function multiply(word: Word, { high, low }: Readonly<Word>): void {
  word.high =
    (highOfProduct(word.low, low) + Math.imul(word.high, low) + Math.imul(word.low, high)) | 0;
  word.low = Math.imul(word.low, low);
}

/** The upper half of the product of two unsigned halves. No sum is beyond 32 bits: all stays in integers. */
function highOfProduct(left: number, right: number): number {
  const leftLow = left & 0xffff;
  const leftHigh = left >>> 16;
  const rightLow = right & 0xffff;
  const rightHigh = right >>> 16;
  const first = (Math.imul(leftHigh, rightLow) + (Math.imul(leftLow, rightLow) >>> 16)) | 0;
  const second = (Math.imul(leftLow, rightHigh) + (first & 0xffff)) | 0;
  return (Math.imul(leftHigh, rightHigh) + (first >>> 16) + (second >>> 16)) | 0;
}
