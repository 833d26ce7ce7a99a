import { copyBytes } from "../bytes/copy-bytes.ts";
import type { EngineEntry } from "../contract/store-engine.ts";
import { bucketOf, hashOf } from "./key-filter.ts";

const firstChunkBytes = 4 * 1024;
const chunkBytesMax = 64 * 1024;
const bucketsMin = 256;

/** Fewer writes are not put in order. */
const orderedMin = 64;

/**
 * A list of writes whose bytes lie one behind the other in few large chunks. Writes live from a flush to the commit:
 * as objects of their own they would outlive two collections of young garbage, each time. They are found by the hash of
 * their key, once somebody looks.
 */
export class StagedWrites {
  #chunks: Uint8Array[] = [];
  #chunk = new Uint8Array(0);
  #filled = 0;
  /** Chunk, start, key length and value length of each write; a value length of -1 deletes. */
  #places: number[] = [];
  /** By hash: the last write, counted from 1; of each write, the one before with such a hash. */
  #heads = new Int32Array(0);
  #before: number[] = [];

  get length(): number {
    return this.#places.length / 4;
  }

  /** Copies both. */
  add(key: Uint8Array, value: Uint8Array | null): void {
    const keyLength = key.length;
    const length = keyLength + (value === null ? 0 : value.length);
    if (this.#chunk.length - this.#filled < length) this.#addChunk(length);
    const chunk = this.#chunk;
    const start = this.#filled;
    copyBytes(key, chunk, start);
    if (value !== null) copyBytes(value, chunk, start + keyLength);
    this.#filled = start + length;
    this.#places.push(
      this.#chunks.length - 1,
      start,
      keyLength,
      value === null ? -1 : value.length,
    );
  }

  /** A view of what was written last under a key. */
  find(key: Uint8Array): EngineEntry | undefined {
    if (this.#before.length < this.length) this.#index();
    const heads = this.#heads;
    if (heads.length === 0) return undefined;
    let number = heads[bucketOf(hashOf(key, 0, key.length), heads.length)];
    for (; number > 0; number = this.#before[number - 1])
      if (this.#isOf(number - 1, key)) return this.#entryAt(4 * (number - 1));
    return undefined;
  }

  /**
   * Views, which stay good after `clear`: where there are many, in the order of their keys as far as the first bytes tell that
   * differ, since an engine finds the place of a key soonest beside that of the one before; of one key in that of the writes.
   */
  appendTo(entries: EngineEntry[]): void {
    const { length } = this;
    if (length < orderedMin) {
      for (let at = 0; at < this.#places.length; at += 4) entries.push(this.#entryAt(at));
      return;
    }
    // An index and so many bytes of a key are one exact number.
    const rankBytes = length <= 2 ** 13 ? 5 : 4;
    const factor = 2 ** (53 - 8 * rankBytes);
    for (const rank of this.#ranks(rankBytes, factor))
      entries.push(this.#entryAt(4 * (rank - Math.floor(rank / factor) * factor)));
  }

  /** A number for each write, in their order: some bytes of its key, and behind them its index. */
  #ranks(rankBytes: number, factor: number): Float64Array {
    const { length } = this;
    const from = this.#alikeBytes();
    const ranks = new Float64Array(length);
    for (let index = 0; index < length; index++) {
      const at = 4 * index;
      const chunk = this.#chunks[this.#places[at]];
      const start = this.#places[at + 1] + from;
      const end = this.#places[at + 1] + this.#places[at + 2];
      let rank = 0;
      for (let place = start; place < start + rankBytes; place++)
        rank = rank * 256 + (place < end ? chunk[place] : 0);
      ranks[index] = rank * factor + index;
    }
    return ranks.sort();
  }

  /** With how many bytes all keys begin alike. */
  #alikeBytes(): number {
    const places = this.#places;
    const first = this.#chunks[places[0]];
    const firstStart = places[1];
    let alike = places[2];
    for (let at = 4; at < places.length; at += 4) {
      const chunk = this.#chunks[places[at]];
      const start = places[at + 1];
      let same = 0;
      const most = Math.min(alike, places[at + 2]);
      while (same < most && chunk[start + same] === first[firstStart + same]) same += 1;
      alike = same;
    }
    return alike;
  }

  /** Forgets all; chunks are not used again, since views of them may live on. */
  clear(): void {
    this.#chunks = [];
    this.#chunk = new Uint8Array(0);
    this.#filled = 0;
    this.#places = [];
    this.#heads = new Int32Array(0);
    this.#before = [];
  }

  #entryAt(at: number): EngineEntry {
    const places = this.#places;
    const chunk = this.#chunks[places[at]];
    const keyEnd = places[at + 1] + places[at + 2];
    const valueLength = places[at + 3];
    return {
      key: chunk.subarray(places[at + 1], keyEnd),
      value: valueLength < 0 ? null : chunk.subarray(keyEnd, keyEnd + valueLength),
    };
  }

  #isOf(index: number, key: Uint8Array): boolean {
    const places = this.#places;
    const at = 4 * index;
    if (places[at + 2] !== key.length) return false;
    const chunk = this.#chunks[places[at]];
    const start = places[at + 1];
    // Keys begin alike.
    for (let offset = key.length - 1; offset >= 0; offset--)
      if (chunk[start + offset] !== key[offset]) return false;
    return true;
  }

  /** Takes in what was written since the last time. */
  #index(): void {
    const { length } = this;
    if (this.#heads.length < length) {
      this.#heads = new Int32Array(Math.max(bucketsMin, 2 ** Math.ceil(Math.log2(2 * length))));
      this.#before = [];
    }
    const places = this.#places;
    const heads = this.#heads;
    for (let index = this.#before.length; index < length; index++) {
      const start = places[4 * index + 1];
      const hash = hashOf(this.#chunks[places[4 * index]], start, start + places[4 * index + 2]);
      const bucket = bucketOf(hash, heads.length);
      this.#before.push(heads[bucket]);
      heads[bucket] = index + 1;
    }
  }

  #addChunk(bytesMin: number): void {
    const doubled = Math.max(firstChunkBytes, 2 * this.#chunk.length);
    this.#chunk = new Uint8Array(Math.max(bytesMin, Math.min(chunkBytesMax, doubled)));
    this.#chunks.push(this.#chunk);
    this.#filled = 0;
  }
}
