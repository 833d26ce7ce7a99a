import { compareBytes, type Timestamp } from "@millrace/model";
import { readInt64 } from "../../bytes/int64.ts";
import type { CacheBudget } from "../../contract/cache-budget.ts";
import { hashOf } from "../../layers/key-filter.ts";
import type { RowKeys } from "./row-keys.ts";

const firstChunkBytes = 4 * 1024;
const chunkBytesMax = 64 * 1024;

const firstCapacity = 256;
const capacityMax = 65_536;

/** A search that finds more is left to the engine, which reads many at once. */
const foundMax = 1024;

/** Of each row: hash of its key, steps back to the one before with such a hash, chunk, start, length, length of the value. */
const numbersOfRow = 6;

/** Of a row's numbers, and of its share of the heads. */
const placeBytes = 4 * (numbersOfRow + 1);

export interface FoundRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Chunk {
  readonly bytes: Uint8Array;
  readonly first: number;
  filled: number;
  newestTime: Timestamp;
}

/**
 * The rows that were written last, by the hash of their key: a join finds most of what it looks for here. For rows that
 * are never written again. They lie one behind the other in chunks, of which the oldest goes first, and is used again.
 */
export class RecentRows {
  readonly #keys: RowKeys;
  readonly #budget: CacheBudget;
  readonly #onForgotten: (keyHash: number, time: Timestamp) => void;
  #chunks: Chunk[] = [];
  #firstChunk = 0;
  #spare: Uint8Array | undefined;
  /** Rows are numbered from 1. */
  #first = 1;
  #next = 1;
  #rows = new Int32Array(0);
  /** The last row of each hash. */
  #heads = new Int32Array(0);
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
    if (this.#next - this.#first === this.#capacity) this.#makePlace(visibleFrom);
    const chunk = this.#room(row.length + value.length, visibleFrom);
    const { filled } = chunk;
    chunk.bytes.set(row, filled);
    chunk.bytes.set(value, filled + row.length);
    chunk.filled += row.length + value.length;
    chunk.newestTime = Math.max(chunk.newestTime, this.#keys.timeOf(row));
    const at = this.#placeOf(this.#next);
    const rows = this.#rows;
    rows[at] = hashOf(row, this.#keys.keyStart, this.#keys.keyEnd(row));
    rows[at + 2] = this.#firstChunk + this.#chunks.length - 1;
    rows[at + 3] = filled;
    rows[at + 4] = row.length;
    rows[at + 5] = value.length;
    this.#link(this.#next++);
  }

  /** The rows of a key between two times, both inclusive, in their order. Undefined: there are too many. */
  find(key: Uint8Array, from: Timestamp, to: Timestamp): FoundRow[] | undefined {
    const found: FoundRow[] = [];
    if (this.#next === this.#first) return found;
    const hash = hashOf(key, 0, key.length);
    const rows = this.#rows;
    let number = this.#next - this.#stepsTo(this.#heads[this.#bucketOf(hash)]);
    while (number >= this.#first && number < this.#next) {
      const at = this.#placeOf(number);
      if (rows[at] === hash && this.#isMeant(at, { key, from, to })) found.push(this.#rowAt(at));
      const steps = rows[at + 1];
      if (steps === 0) break;
      number -= steps;
    }
    return found.length > foundMax ? undefined : inOrder(found);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#chunks = [];
    this.#spare = undefined;
    this.#first = this.#next;
    this.#resize(-this.#usedBytes);
    this.#rows = new Int32Array(0);
    this.#heads = new Int32Array(0);
  }

  get #capacity(): number {
    return this.#heads.length;
  }

  #placeOf(number: number): number {
    return (number % this.#capacity) * numbersOfRow;
  }

  #bucketOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#capacity - 1);
  }

  /** Back from the next row; those that are kept are fewer than 2^31, numbers may be more. */
  #stepsTo(head: number): number {
    return ((this.#next | 0) - head) | 0;
  }

  #link(number: number): void {
    const at = this.#placeOf(number);
    const bucket = this.#bucketOf(this.#rows[at]);
    const steps = ((number | 0) - this.#heads[bucket]) | 0;
    this.#rows[at + 1] = steps > 0 && number - steps >= this.#first ? steps : 0;
    this.#heads[bucket] = number | 0;
  }

  #isMeant(
    at: number,
    { key, from, to }: { readonly key: Uint8Array; readonly from: number; readonly to: number },
  ): boolean {
    const rows = this.#rows;
    const { bytes } = this.#chunks[rows[at + 2] - this.#firstChunk];
    const keyStart = rows[at + 3] + this.#keys.keyStart;
    const keyEnd = this.#keys.keyEndAt(rows[at + 3] + rows[at + 4]);
    if (keyEnd - keyStart !== key.length) return false;
    const time = readInt64(bytes, keyEnd);
    if (time < from || time > to) return false;
    for (let index = 0; index < key.length; index++)
      if (bytes[keyStart + index] !== key[index]) return false;
    return true;
  }

  #rowAt(at: number): FoundRow {
    const rows = this.#rows;
    const { bytes } = this.#chunks[rows[at + 2] - this.#firstChunk];
    const start = rows[at + 3];
    const end = start + rows[at + 4];
    return { key: bytes.slice(start, end), value: bytes.slice(end, end + rows[at + 5]) };
  }

  /** The chunk that has room for so many bytes. */
  #room(length: number, visibleFrom: Timestamp): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.bytes.length - last.filled >= length) return last;
    while (this.#chunks.length > 0 && this.#chunks[0].newestTime < visibleFrom)
      this.#forgetChunk(visibleFrom);
    const doubled = Math.max(firstChunkBytes, 2 * (last?.bytes.length ?? 0));
    const size = Math.max(length, Math.min(chunkBytesMax, doubled));
    while (this.#chunks.length > 0 && this.#isFullFor(size)) this.#forgetChunk(visibleFrom);
    const bytes = this.#spare?.length === size ? this.#spare : new Uint8Array(size);
    this.#spare = undefined;
    const chunk = { bytes, first: this.#next, filled: 0, newestTime: -1 };
    this.#chunks.push(chunk);
    this.#resize(size);
    return chunk;
  }

  #isFullFor(bytes: number): boolean {
    return this.#budget.recentBytes + bytes > this.#budget.recentBytesMax;
  }

  /** Room for the number of one more row. */
  #makePlace(visibleFrom: Timestamp): void {
    const isFull = this.#chunks.length > 1 && this.#isFullFor(this.#capacity * placeBytes);
    if (this.#capacity < capacityMax && !isFull) this.#grow();
    else this.#forgetChunk(visibleFrom);
  }

  #grow(): void {
    const before = { rows: this.#rows, capacity: this.#capacity };
    const capacity = Math.max(firstCapacity, 2 * before.capacity);
    this.#resize((capacity - before.capacity) * placeBytes);
    this.#rows = new Int32Array(capacity * numbersOfRow);
    this.#heads = new Int32Array(capacity);
    for (let number = this.#first; number < this.#next; number++) {
      const from = (number % before.capacity) * numbersOfRow;
      this.#rows.set(before.rows.subarray(from, from + numbersOfRow), this.#placeOf(number));
      this.#link(number);
    }
  }

  #forgetChunk(visibleFrom: Timestamp): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return;
    this.#firstChunk += 1;
    this.#resize(-chunk.bytes.length);
    this.#spare = chunk.bytes;
    const end = this.#chunks.length === 0 ? this.#next : this.#chunks[0].first;
    for (; this.#first < end; this.#first++) {
      const at = this.#placeOf(this.#first);
      const keyEnd = this.#keys.keyEndAt(this.#rows[at + 3] + this.#rows[at + 4]);
      const time = readInt64(chunk.bytes, keyEnd);
      if (time >= visibleFrom) this.#onForgotten(this.#rows[at], time);
    }
  }

  #resize(difference: number): void {
    this.#usedBytes += difference;
    this.#budget.recentBytes += difference;
  }
}

/** Rows of one key, the last written first, by time, then number; of the same time and number the last one. */
function inOrder(found: FoundRow[]): FoundRow[] {
  if (found.length < 2) return found;
  const rows = found.toReversed().sort((left, right) => compareBytes(left.key, right.key));
  return rows.filter(
    ({ key }, index) => index + 1 === rows.length || compareBytes(key, rows[index + 1].key) !== 0,
  );
}
