import { blocksBytesMax, blockStirrer } from "./murmur3-blocks.ts";

const seed = 104729;

/** Less costs as little without it. */
const nativeBytesMin = 64;

/** Of the product of two unsigned 32-bit numbers. */
const twoToMinus32 = 2 ** -32;

// 64-bit constants as signed halves.
const c1High = 0x87c37b91 | 0;
const c1Low = 0x114253d5;
const c2High = 0x4cf5ad43;
const c2Low = 0x2745937f;

/** A 64-bit word as two signed halves. */
interface Word {
  high: number;
  low: number;
}

const mix1: Readonly<Word> = { high: 0xff51afd7, low: 0xed558ccd };
const mix2: Readonly<Word> = { high: 0xc4ceb9fe, low: 0x1a85ec53 };

/**
 * Kafka Streams' 128-bit murmur3 of bytes (Java: `Murmur3.hash128`), as the 16 bytes of two big-endian longs. Foreign-key
 * joins hash each row twice.
 */
export function murmur3(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const h1 = { high: 0, low: seed };
  const h2 = { high: 0, low: seed };
  const blocksEnd = length - (length % 16);
  if (blocksEnd < nativeBytesMin || !stirNatively(h1, h2, bytes.subarray(0, blocksEnd)))
    stirInHalves(h1, h2, bytes);
  if (length > blocksEnd) stirRest(h1, h2, bytes.subarray(blocksEnd));
  return finished(h1, h2, length);
}

let stirrer: ReturnType<typeof blockStirrer> | null = null;

/** Whole blocks. False: this host cannot. */
function stirNatively(h1: Word, h2: Word, blocks: Uint8Array): boolean {
  if (stirrer === null) stirrer = blockStirrer();
  if (stirrer === undefined) return false;
  const { words } = stirrer;
  words[0] = h1.low;
  words[1] = h1.high;
  words[2] = h2.low;
  words[3] = h2.high;
  if (blocks.length <= blocksBytesMax) stirrer.stir(blocks);
  else
    for (let at = 0; at < blocks.length; at += blocksBytesMax)
      stirrer.stir(blocks.subarray(at, at + blocksBytesMax));
  h1.low = words[0];
  h1.high = words[1];
  h2.low = words[2];
  h2.high = words[3];
  return true;
}

/** The whole blocks of bytes. Words are pairs of local variables: objects would cost half as much again. */
function stirInHalves(h1: Word, h2: Word, bytes: Uint8Array): void {
  let { high: h1High, low: h1Low } = h1;
  let { high: h2High, low: h2Low } = h2;
  const blocksEnd = bytes.length - (bytes.length % 16);
  for (let at = 0; at < blocksEnd; at += 16) {
    let low = readHalf(bytes, at);
    let high = readHalf(bytes, at + 4);
    // k1 times c1, rotated by 31, times c2
    high = (highOfProduct(low, c1Low) + Math.imul(high, c1Low) + Math.imul(low, c1High)) | 0;
    low = Math.imul(low, c1Low);
    let rotated = (high << 31) | (low >>> 1);
    low = (low << 31) | (high >>> 1);
    h1High ^= highOfProduct(low, c2Low) + Math.imul(rotated, c2Low) + Math.imul(low, c2High);
    h1Low ^= Math.imul(low, c2Low);
    // h1 rotated by 27, plus h2, times 5, plus a constant
    rotated = (h1High << 27) | (h1Low >>> 5);
    let sum = (((h1Low << 27) | (h1High >>> 5)) >>> 0) + (h2Low >>> 0);
    high = (rotated + h2High + (sum > 0xffffffff ? 1 : 0)) | 0;
    low = sum | 0;
    sum = (Math.imul(low, 5) >>> 0) + 0x52dce729;
    h1High = (Math.imul(high, 5) + highOfProduct(low, 5) + (sum > 0xffffffff ? 1 : 0)) | 0;
    h1Low = sum | 0;
    // k2 times c2, rotated by 33, times c1
    low = readHalf(bytes, at + 8);
    high = readHalf(bytes, at + 12);
    high = (highOfProduct(low, c2Low) + Math.imul(high, c2Low) + Math.imul(low, c2High)) | 0;
    low = Math.imul(low, c2Low);
    rotated = (low << 1) | (high >>> 31);
    low = (high << 1) | (low >>> 31);
    h2High ^= highOfProduct(low, c1Low) + Math.imul(rotated, c1Low) + Math.imul(low, c1High);
    h2Low ^= Math.imul(low, c1Low);
    // h2 rotated by 31, plus h1, times 5, plus a constant
    rotated = (h2High << 31) | (h2Low >>> 1);
    sum = (((h2Low << 31) | (h2High >>> 1)) >>> 0) + (h1Low >>> 0);
    high = (rotated + h1High + (sum > 0xffffffff ? 1 : 0)) | 0;
    low = sum | 0;
    sum = (Math.imul(low, 5) >>> 0) + 0x38495ab5;
    h2High = (Math.imul(high, 5) + highOfProduct(low, 5) + (sum > 0xffffffff ? 1 : 0)) | 0;
    h2Low = sum | 0;
  }
  h1.high = h1High;
  h1.low = h1Low;
  h2.high = h2High;
  h2.low = h2Low;
}

/** Of less than 16 bytes. */
function stirRest(h1: Word, h2: Word, rest: Uint8Array): void {
  const block = new Uint8Array(16); // what lies beyond the end is 0
  for (let index = 0; index < rest.length; index++) block[index] = rest[index];
  const k1 = { high: readHalf(block, 4), low: readHalf(block, 0) };
  const k2 = { high: readHalf(block, 12), low: readHalf(block, 8) };
  const c1 = { high: c1High, low: c1Low };
  const c2 = { high: c2High, low: c2Low };
  multiply(k2, c2); // of 0, it does nothing
  const { high } = k2;
  k2.high = (k2.low << 1) | (high >>> 31);
  k2.low = (high << 1) | (k2.low >>> 31);
  multiply(k2, c1);
  multiply(k1, c1);
  const { low } = k1;
  k1.low = (low << 31) | (k1.high >>> 1);
  k1.high = (k1.high << 31) | (low >>> 1);
  multiply(k1, c2);
  h1.high ^= k1.high;
  h1.low ^= k1.low;
  h2.high ^= k2.high;
  h2.low ^= k2.low;
}

function finished(h1: Word, h2: Word, length: number): Uint8Array {
  h1.low ^= length;
  h2.low ^= length;
  add(h1, h2);
  add(h2, h1);
  mix(h1);
  mix(h2);
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
function readHalf(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function mix(hash: Word): void {
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

function multiply(word: Word, { high, low }: Readonly<Word>): void {
  word.high =
    (highOfProduct(word.low, low) + Math.imul(word.high, low) + Math.imul(word.low, high)) | 0;
  word.low = Math.imul(word.low, low);
}

/**
 * The upper half of the product of two unsigned halves. As a double the product is wrong by less than 2^11; without its lower
 * half, which is exact, it is nearest to the right multiple of 2^32.
 */
function highOfProduct(left: number, right: number): number {
  const product = (left >>> 0) * (right >>> 0);
  return ((product - (Math.imul(left, right) >>> 0)) * twoToMinus32 + 0.5) | 0;
}
