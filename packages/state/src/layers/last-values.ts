import { copyBytes } from "../bytes/copy-bytes.ts";
import type { CacheBudget } from "../contract/cache-budget.ts";
import { bucketOf, hashOf } from "./key-filter.ts";

const chunkBytes = 64 * 1024;
/** Places are counted in eights of bytes, over all chunks that ever were. */
const placesOfChunk = chunkBytes / 8;
const placesMax = 2 ** 31 - 2 * placesOfChunk;

/** The place before with such a hash, the length of the key, and that of the value: 4 each. */
const headBytes = 12;
/** Lengths of a value. */
const isDeleted = -1;
const isTooLong = -2;
const headsMin = 1024;

/** A key that is not among so many is asked for: those that are written again and again would be passed each time. */
const passedMax = 8;

/** For so many commits values are kept for whoever may ask. */
const commitsMax = 16;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** In places. */
  filled: number;
  count: number;
}

/**
 * What was written to a store last, or read from its engine, under the keys that the engine sees: a row that has left the
 * cache, or never was in it, costs a look in memory. Nothing is kept of a store that nobody reads.
 *
 * Values lie one behind the other in chunks, of which the oldest goes first, and is used again. They are found by the hash
 * of their key, the newest first.
 */
export class LastValues {
  readonly #budget: CacheBudget;
  #chunks: Chunk[] = [];
  /** Chunks that have gone, and one that never was: no value has the place 0. */
  #goneChunks = 1;
  #count = 0;
  #heads = new Int32Array(0);
  #commitsUnread = commitsMax;

  constructor(budget: CacheBudget) {
    this.#budget = budget;
  }

  /** A copy of what lies under a key; null: it was deleted; undefined: that is not known here. */
  get(key: Uint8Array): Uint8Array | null | undefined {
    this.#commitsUnread = 0;
    const { length } = this.#heads;
    if (length === 0) return undefined;
    let place = this.#heads[bucketOf(hashOf(key, 0, key.length), length)];
    const first = this.#goneChunks * placesOfChunk;
    for (let passed = 0; passed < passedMax && place >= first; passed++) {
      const { bytes, words } = this.#chunks[Math.floor(place / placesOfChunk) - this.#goneChunks];
      const at = (place % placesOfChunk) * 8;
      const word = at / 4;
      if (words[word + 1] === key.length && isAt(key, bytes, at + headBytes)) {
        const start = at + headBytes + key.length;
        const valueLength = words[word + 2];
        if (valueLength < 0) return valueLength === isDeleted ? null : undefined;
        return bytes.slice(start, start + valueLength);
      }
      place = words[word];
    }
    return undefined;
  }

  /** Takes a copy. A null value: the key is deleted. */
  set(key: Uint8Array, value: Uint8Array | null): void {
    if (this.#commitsUnread >= commitsMax) return;
    const length = key.length + (value?.length ?? 0);
    const kept = headBytes + length > chunkBytes ? null : value;
    const size = placesOf(key.length + (kept?.length ?? 0));
    const chunk = size > placesOfChunk ? undefined : this.#room(size);
    if (chunk === undefined) {
      this.clear(); // what it had of the key is not the last any more
      return;
    }
    const { bytes, words, filled } = chunk;
    const at = filled * 8;
    const start = at + headBytes;
    copyBytes(key, bytes, start);
    if (kept !== null) copyBytes(kept, bytes, start + key.length);
    words[at / 4 + 1] = key.length;
    words[at / 4 + 2] = value === null ? isDeleted : (kept?.length ?? isTooLong);
    this.#link(chunk, this.#goneChunks + this.#chunks.length - 1, filled);
    chunk.filled += size;
    chunk.count += 1;
    this.#count += 1;
    if (this.#count > this.#heads.length) this.#grow();
  }

  /** A commit has ended. */
  committed(): void {
    this.#commitsUnread += 1;
    if (this.#commitsUnread === commitsMax) this.clear();
  }

  clear(): void {
    this.#budget.lastBytes -= this.#chunks.length * chunkBytes + this.#heads.byteLength;
    this.#chunks = [];
    this.#goneChunks = 1;
    this.#count = 0;
    this.#heads = new Int32Array(0);
  }

  /** The chunk that takes so many places; undefined: the budget has none for it. */
  #room(size: number): Chunk | undefined {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.filled + size <= placesOfChunk) return last;
    if ((this.#goneChunks + this.#chunks.length) * placesOfChunk > placesMax) this.clear();
    const budget = this.#budget;
    let chunk: Chunk | undefined;
    if (budget.lastBytes + chunkBytes <= budget.lastBytesMax) {
      const bytes = new Uint8Array(chunkBytes);
      chunk = { bytes, words: new Int32Array(bytes.buffer), filled: 0, count: 0 };
      budget.lastBytes += chunkBytes;
    } else if ((chunk = this.#chunks.shift()) !== undefined) {
      this.#goneChunks += 1;
      this.#count -= chunk.count;
      chunk.filled = chunk.count = 0;
    } else return undefined;
    this.#chunks.push(chunk);
    return chunk;
  }

  #link({ bytes, words }: Chunk, number: number, at: number): void {
    if (this.#heads.length === 0) this.#grow();
    const word = at * 2;
    const start = at * 8 + headBytes;
    const bucket = bucketOf(hashOf(bytes, start, start + words[word + 1]), this.#heads.length);
    words[word] = this.#heads[bucket];
    this.#heads[bucket] = number * placesOfChunk + at;
  }

  /** Twice the heads, and all values linked to them anew. */
  #grow(): void {
    const length = Math.max(headsMin, 2 * this.#heads.length);
    this.#budget.lastBytes += 4 * (length - this.#heads.length);
    this.#heads = new Int32Array(length);
    this.#chunks.forEach((chunk, index) => {
      for (let at = 0; at < chunk.filled;) {
        this.#link(chunk, this.#goneChunks + index, at);
        const [, keyLength, valueLength] = chunk.words.subarray(at * 2, at * 2 + 3);
        at += placesOf(keyLength + Math.max(0, valueLength));
      }
    });
  }
}

function placesOf(length: number): number {
  return Math.ceil((headBytes + length) / 8);
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number): boolean {
  // Keys begin alike.
  for (let index = key.length - 1; index >= 0; index--)
    if (bytes[start + index] !== key[index]) return false;
  return true;
}
