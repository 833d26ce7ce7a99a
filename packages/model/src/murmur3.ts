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
    stir(h1, k1, { first: c1, rotation: 31, second: c2 });
    rotate(h1, 27);
    add(h1, h2);
    timesFivePlus(h1, 0x52dce729);
    stir(h2, k2, { first: c2, rotation: 33, second: c1 });
    rotate(h2, 31);
    add(h2, h1);
    timesFivePlus(h2, 0x38495ab5);
  }
  if (length - at > 8) {
    read(k2, bytes, at + 8);
    stir(h2, k2, { first: c2, rotation: 33, second: c1 });
  }
  if (length > at) {
    read(k1, bytes, at);
    stir(h1, k1, { first: c1, rotation: 31, second: c2 });
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
  const view = new DataView(hash.buffer);
  [h1.high, h1.low, h2.high, h2.low].forEach((half, index) => view.setInt32(index * 4, half));
  return hash;
}

/** Little-endian; what lies beyond the end is 0. */
function read(word: Word, bytes: Uint8Array, at: number): void {
  word.low = readHalf(bytes, at);
  word.high = readHalf(bytes, at + 4);
}

function readHalf(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

interface Stir {
  readonly first: Readonly<Word>;
  readonly rotation: number;
  readonly second: Readonly<Word>;
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
  const low = (word.low >>> 0) * 5 + more;
  word.high = (Math.imul(word.high, 5) + Math.floor(low / 2 ** 32)) | 0;
  word.low = low | 0;
}

function rotate(word: Word, bits: number): void {
  const { high, low } = bits < 32 ? word : { high: word.low, low: word.high };
  const by = bits % 32;
  word.high = (high << by) | (low >>> (32 - by));
  word.low = (low << by) | (high >>> (32 - by));
}

function multiply(word: Word, by: Readonly<Word>): void {
  const a = word.low & 0xffff;
  const b = word.low >>> 16;
  const c = by.low & 0xffff;
  const d = by.low >>> 16;
  const lowest = a * c;
  const middle = a * d + b * c + ((lowest >>> 16) >>> 0);
  const carried = b * d + Math.floor(middle / 0x10000);
  word.high = (carried + Math.imul(word.high, by.low) + Math.imul(word.low, by.high)) | 0;
  word.low = ((middle % 0x10000) << 16) | (lowest & 0xffff);
}
