import type { Random } from "@millrace/platform";

/** Words of a hash. */
export const hashWords = 4;

/** Of a half; another key gives another function. */
interface HalfKey {
  readonly low: number;
  readonly high: number;
}

/**
 * 128 bits of a key, by two HalfSipHash-2-4 with keys of their own. Compaction takes records of one hash for records of
 * one key: with keys drawn at random nobody can choose records that make others vanish.
 */
export class KeyHash {
  readonly words = new Int32Array(hashWords);
  readonly #first: HalfKey;
  readonly #second: HalfKey;

  constructor(random: Random) {
    this.#first = { low: random.nextUint32() | 0, high: random.nextUint32() | 0 };
    this.#second = { low: random.nextUint32() | 0, high: random.nextUint32() | 0 };
  }

  /** Leaves the hash in `words`. */
  update(key: Uint8Array): void {
    halfSipHash(key, this.#first, this.words, 0);
    halfSipHash(key, this.#second, this.words, 2);
  }
}

/** HalfSipHash-2-4 with 64 bits of output, as two words from `at` on. */
export function halfSipHash(
  bytes: Uint8Array,
  { low, high }: HalfKey,
  words: Int32Array,
  at: number,
): void {
  let v0 = low;
  let v1 = high ^ 0xee;
  let v2 = 0x6c796765 ^ low;
  let v3 = 0x74656462 ^ high;
  const round = () => {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  };
  const absorb = (word: number) => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  const { length } = bytes;
  const whole = length & ~3;
  for (let index = 0; index < whole; index += 4)
    absorb(
      bytes[index] | (bytes[index + 1] << 8) | (bytes[index + 2] << 16) | (bytes[index + 3] << 24),
    );
  let last = length << 24;
  for (let index = whole; index < length; index++) last |= bytes[index] << (8 * (index - whole));
  absorb(last);
  v2 ^= 0xee;
  for (let count = 0; count < 4; count++) round();
  words[at] = v1 ^ v3;
  v1 ^= 0xdd;
  for (let count = 0; count < 4; count++) round();
  words[at + 1] = v1 ^ v3;
}
