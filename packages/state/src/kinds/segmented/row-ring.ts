import { bucketOf } from "../../layers/key-filter.ts";

/** Of each row: hash of its key, steps back to the one before with such a hash, and four for the owner. */
const wordsOfRow = 6;

/** Bytes of a row's words, and of its share of the heads. */
const placeBytes = 4 * (wordsOfRow + 1);

const firstCapacity = 256;
const capacityMax = 262_144;

/**
 * Numbers of rows, found by the hash of their key, the newest first. Numbers go up from 1; those from `first` to before
 * `next` are there.
 */
export class RowRing {
  first = 1;
  next = 1;
  /** From `placeOf` on: hash, steps, and four words that the owner sets. */
  words = new Int32Array(0);
  /** The last row of each hash. */
  #heads = new Int32Array(0);

  get isFull(): boolean {
    return this.next - this.first === this.#heads.length;
  }

  get sizeBytes(): number {
    return this.#heads.length * placeBytes;
  }

  /** What it takes once it has grown; Infinity: it does not grow any more. */
  get grownBytes(): number {
    const grown = this.#grownCapacity;
    return grown > capacityMax ? Infinity : grown * placeBytes;
  }

  placeOf(number: number): number {
    return (number % this.#heads.length) * wordsOfRow;
  }

  /** Adds a row; gives its place. */
  add(hash: number): number {
    const at = this.placeOf(this.next);
    this.words[at] = hash;
    this.#link(this.next++);
    return at;
  }

  /** The newest row whose key may have this hash; 0: there is none. */
  newest(hash: number): number {
    if (this.next === this.first) return 0;
    const number = this.next - ((this.next - this.#heads[bucketOf(hash, this.#heads.length)]) | 0);
    return number >= this.first && number < this.next ? number : 0;
  }

  /** The one before; 0: there is none. */
  before(number: number): number {
    const steps = this.words[this.placeOf(number) + 1];
    return steps === 0 || number - steps < this.first ? 0 : number - steps;
  }

  grow(): void {
    const before = { words: this.words, capacity: this.#heads.length };
    const capacity = this.#grownCapacity;
    this.words = new Int32Array(capacity * wordsOfRow);
    this.#heads = new Int32Array(capacity);
    for (let number = this.first; number < this.next; number++) {
      const from = (number % before.capacity) * wordsOfRow;
      this.words.set(before.words.subarray(from, from + wordsOfRow), this.placeOf(number));
      this.#link(number);
    }
  }

  clear(): void {
    this.first = this.next;
    this.words = new Int32Array(0);
    this.#heads = new Int32Array(0);
  }

  get #grownCapacity(): number {
    return Math.max(firstCapacity, 2 * this.#heads.length);
  }

  /** Rows that are there are fewer than 2^31, numbers may be more: heads have their low 32 bits. */
  #link(number: number): void {
    const at = this.placeOf(number);
    const bucket = bucketOf(this.words[at], this.#heads.length);
    const steps = (number - this.#heads[bucket]) | 0;
    this.words[at + 1] = steps > 0 && number - steps >= this.first ? steps : 0;
    this.#heads[bucket] = number | 0;
  }
}
