import { compareBytes, type Timestamp } from "@millrace/model";
import { readInt64 } from "../../bytes/int64.ts";
import type { CacheBudget } from "../../contract/cache-budget.ts";
import { hashOf } from "../../layers/key-filter.ts";
import type { RowKeys } from "./row-keys.ts";
import { RowRing } from "./row-ring.ts";

const firstChunkBytes = 4 * 1024;
const chunkBytesMax = 64 * 1024;

/** A search that finds more is left to the engine, which reads many at once. */
const foundMax = 1024;

/** As many reads of single rows cost as much as a search of the engine. */
const readsMax = 8;

/** Rows whose number is forgotten where a ring has no room for one more. */
const forgottenAtOnce = 64;

const twoTo32 = 2 ** 32;

export interface FoundRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What rows are looked for, and who reads one whose bytes are not kept any more. */
export interface RecentSearch {
  readonly key: Uint8Array;
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly read: (row: Uint8Array) => Uint8Array | null;
}

interface Chunk {
  readonly bytes: Uint8Array;
  readonly first: number;
  filled: number;
  newestTime: Timestamp;
}

/**
 * The rows that were written last, by the hash of their key: a join finds most of what it looks for here. For rows that
 * are never written again. They lie one behind the other in chunks, of which the oldest goes first, and is used again;
 * of its rows time and number are kept for a while, by which they are read one by one.
 *
 * ```
 *  words of a row   held     chunk       start      length   length of the value
 *                   let go   time high   time low   number   -
 * ```
 */
export class RecentRows {
  readonly #keys: RowKeys;
  readonly #budget: CacheBudget;
  readonly #onForgotten: (keyHash: number, time: Timestamp) => void;
  readonly #ring = new RowRing();
  #chunks: Chunk[] = [];
  #firstChunk = 0;
  /** Of those before it, time and number are left. */
  #firstHeld = 1;
  #spare: Uint8Array | undefined;
  #chunkBytes = 0;
  #usedBytes = 0;

  /** @param onForgotten told of each row that has to go and may still be seen */
  constructor(
    keys: RowKeys,
    budget: CacheBudget,
    onForgotten: (keyHash: number, time: Timestamp) => void,
  ) {
    this.#keys = keys;
    this.#budget = budget;
    this.#onForgotten = onForgotten;
  }

  /** @param visibleFrom rows of earlier times are not seen any more */
  add(row: Uint8Array, value: Uint8Array, visibleFrom: Timestamp): void {
    if (this.#ring.isFull) this.#makePlace(visibleFrom);
    const chunk = this.#room(row.length + value.length, visibleFrom);
    const { filled } = chunk;
    chunk.bytes.set(row, filled);
    chunk.bytes.set(value, filled + row.length);
    chunk.filled += row.length + value.length;
    chunk.newestTime = Math.max(chunk.newestTime, this.#keys.timeOf(row));
    const at = this.#ring.add(hashOf(row, this.#keys.keyStart, this.#keys.keyEnd(row)));
    const { words } = this.#ring;
    words[at + 2] = this.#firstChunk + this.#chunks.length - 1;
    words[at + 3] = filled;
    words[at + 4] = row.length;
    words[at + 5] = value.length;
  }

  /** The rows of a key between two times, both inclusive, in their order. Undefined: there are too many. */
  find(search: RecentSearch): FoundRow[] | undefined {
    const { key, from, to, read } = search;
    const found: FoundRow[] = [];
    const hash = hashOf(key, 0, key.length);
    const { words } = this.#ring;
    let readCount = 0;
    let number = this.#ring.newest(hash);
    for (; number !== 0; number = this.#ring.before(number)) {
      const at = this.#ring.placeOf(number);
      if (words[at] !== hash) continue;
      if (number >= this.#firstHeld) {
        if (this.#isMeant(at, search)) found.push(this.#rowAt(at));
        continue;
      }
      const time = timeOfGone(words, at);
      if (time < from || time > to) continue;
      if (readCount++ === readsMax) return undefined;
      const row = this.#keys.row(key, time, words[at + 4]);
      const value = read(row); // none of another key with the same hash
      if (value !== null) found.push({ key: row, value });
    }
    return found.length > foundMax ? undefined : inOrder(found);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#spare = undefined;
    this.#ring.clear();
    this.#firstHeld = this.#ring.next;
    this.#resize(-this.#usedBytes);
  }

  #isMeant(at: number, { key, from, to }: RecentSearch): boolean {
    const { words } = this.#ring;
    const { bytes } = this.#chunks[words[at + 2] - this.#firstChunk];
    const keyStart = words[at + 3] + this.#keys.keyStart;
    const keyEnd = this.#keys.keyEndAt(words[at + 3] + words[at + 4]);
    if (keyEnd - keyStart !== key.length) return false;
    const time = readInt64(bytes, keyEnd);
    if (time < from || time > to) return false;
    for (let index = 0; index < key.length; index++)
      if (bytes[keyStart + index] !== key[index]) return false;
    return true;
  }

  #rowAt(at: number): FoundRow {
    const { words } = this.#ring;
    const { bytes } = this.#chunks[words[at + 2] - this.#firstChunk];
    const start = words[at + 3];
    const end = start + words[at + 4];
    return { key: bytes.slice(start, end), value: bytes.slice(end, end + words[at + 5]) };
  }

  /** The chunk that has room for so many bytes. */
  #room(length: number, visibleFrom: Timestamp): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.bytes.length - last.filled >= length) return last;
    while (this.#chunks.length > 0 && this.#chunks[0].newestTime < visibleFrom) this.#letGo();
    const doubled = Math.max(firstChunkBytes, 2 * (last?.bytes.length ?? 0));
    const size = Math.max(length, Math.min(chunkBytesMax, doubled));
    this.#makeRoom(size, 0);
    const bytes = this.#spare?.length === size ? this.#spare : new Uint8Array(size);
    this.#spare = undefined;
    const chunk = { bytes, first: this.#ring.next, filled: 0, newestTime: -1 };
    this.#chunks.push(chunk);
    this.#chunkBytes += size;
    this.#resize(size);
    return chunk;
  }

  /** Lets chunks go, but for so many. */
  #makeRoom(bytes: number, chunksMin: number): void {
    while (this.#chunks.length > chunksMin && this.#isFullFor(bytes)) this.#letGo();
  }

  #isFullFor(bytes: number): boolean {
    return this.#budget.recentBytes + bytes > this.#budget.recentBytesMax;
  }

  /** Room for the number of one more row: of those that are not seen any more, of a larger ring, or of the oldest. */
  #makePlace(visibleFrom: Timestamp): void {
    const ring = this.#ring;
    const end = this.#firstHeld;
    while (ring.first < end && this.#timeOfFirst() < visibleFrom) ring.first += 1;
    if (!ring.isFull) return;
    const more = ring.grownBytes - ring.sizeBytes;
    const isSmall = ring.grownBytes <= this.#chunkBytes / 2 || this.#chunks.length < 2;
    if ((isSmall || !this.#isFullFor(more)) && more < Infinity) {
      this.#makeRoom(more, 1);
      ring.grow();
      this.#resize(more);
      return;
    }
    if (ring.first === this.#firstHeld) this.#letGo();
    const oldest = Math.min(this.#firstHeld, ring.first + forgottenAtOnce);
    for (; ring.first < oldest; ring.first++) {
      const time = this.#timeOfFirst();
      if (time >= visibleFrom) this.#onForgotten(ring.words[ring.placeOf(ring.first)], time);
    }
  }

  /** Of a row that was let go. */
  #timeOfFirst(): Timestamp {
    return timeOfGone(this.#ring.words, this.#ring.placeOf(this.#ring.first));
  }

  /** Of the rows of the oldest chunk time and number are left. */
  #letGo(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return;
    this.#firstChunk += 1;
    this.#chunkBytes -= chunk.bytes.length;
    this.#resize(-chunk.bytes.length);
    this.#spare = chunk.bytes;
    const { words } = this.#ring;
    const end = this.#chunks.length === 0 ? this.#ring.next : this.#chunks[0].first;
    for (; this.#firstHeld < end; this.#firstHeld++) {
      const at = this.#ring.placeOf(this.#firstHeld);
      const keyEnd = this.#keys.keyEndAt(words[at + 3] + words[at + 4]);
      const time = readInt64(chunk.bytes, keyEnd);
      words[at + 2] = Math.floor(time / twoTo32);
      words[at + 3] = time | 0;
      words[at + 4] = this.#keys.lastAt(chunk.bytes, keyEnd + 8);
    }
  }

  #resize(difference: number): void {
    this.#usedBytes += difference;
    this.#budget.recentBytes += difference;
  }
}

function timeOfGone(words: Int32Array, at: number): Timestamp {
  return words[at + 2] * twoTo32 + (words[at + 3] >>> 0);
}

/** Rows of one key, the last written first, by time, then number; of the same time and number the last one. */
function inOrder(found: FoundRow[]): FoundRow[] {
  if (found.length < 2) return found;
  const rows = found.toReversed().sort((left, right) => compareBytes(left.key, right.key));
  return rows.filter(
    ({ key }, index) => index + 1 === rows.length || compareBytes(key, rows[index + 1].key) !== 0,
  );
}
