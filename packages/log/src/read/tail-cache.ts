import { invariant, type Offset } from "@millrace/model";
import { pinnedFactorMax } from "./read-memory.ts";

interface CachedBatch {
  readonly baseOffset: Offset;
  readonly nextOffset: Offset;
  readonly bytes: Uint8Array;
}

/** Stands where a batch was: the array must not keep its bytes. */
const gone: CachedBatch = { baseOffset: -1, nextOffset: -1, bytes: new Uint8Array(0) };

/** What the objects around a batch take beside its bytes: many logs hold little but markers of 78 bytes. */
export const batchOverheadBytes = 256;

/** A reader that is behind by more than this many times what is kept has no use of it. */
const lagFactorMax = 4;

/**
 * The newest batches as they were appended, so that readers at the tail need no file (bound: `tailCacheBytes`). While
 * there are none, as when a topic is filled, nothing is kept.
 * It holds the bytes that it is given and hands out views of them: nobody may change them.
 */
export class TailCache {
  #batches: CachedBatch[] = [];
  /** Batches before this index are gone; the array is cut now and then. */
  #first = 0;
  #sizeBytes = 0;
  #bytesMax: number;
  /** Added since somebody has read at the tail. */
  #unreadBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Of the batches, with what the objects around them take. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  setBytesMax(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#evict();
  }

  add(baseOffset: Offset, nextOffset: Offset, bytes: Uint8Array): void {
    const sizeBytes = bytes.length + batchOverheadBytes;
    this.#unreadBytes += sizeBytes;
    if (sizeBytes > this.#bytesMax || this.#unreadBytes > lagFactorMax * this.#bytesMax) {
      this.clear();
      return;
    }
    const last = this.#batches.at(-1);
    invariant(last === undefined || last.nextOffset === baseOffset, "LOG-1", baseOffset);
    const isPinning = bytes.buffer.byteLength > pinnedFactorMax * bytes.length;
    this.#batches.push({ baseOffset, nextOffset, bytes: isPinning ? bytes.slice() : bytes });
    this.#sizeBytes += sizeBytes;
    if (this.#sizeBytes > this.#bytesMax) this.#evict();
  }

  /** Forgets batches that begin below an offset: they are not what the files hold any more. */
  dropBelow(offset: Offset): void {
    while (this.#first < this.#batches.length && this.#batches[this.#first].baseOffset < offset)
      this.#dropFirst();
    if (this.#first === this.#batches.length) this.clear();
  }

  clear(): void {
    this.#batches = [];
    this.#first = 0;
    this.#sizeBytes = 0;
  }

  /** Somebody has read all that there is, from wherever. */
  reachedTail(): void {
    this.#unreadBytes = 0;
  }

  /** Index of the batch that holds the offset, for `batchAt`; -1 where it is not cached. */
  indexOf(offset: Offset): number {
    let low = this.#first;
    let high = this.#batches.length;
    if (low === high || offset < this.#batches[low].baseOffset) return -1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#batches[middle].nextOffset <= offset) low = middle + 1;
      else high = middle;
    }
    if (low === this.#batches.length) return -1;
    this.reachedTail();
    return low;
  }

  batchAt(index: number): CachedBatch | undefined {
    return this.#batches[index];
  }

  #evict(): void {
    while (this.#sizeBytes > this.#bytesMax && this.#first < this.#batches.length)
      this.#dropFirst();
    if (this.#first === this.#batches.length) this.clear();
    else if (this.#first > 64 && this.#first * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#first);
      this.#first = 0;
    }
  }

  #dropFirst(): void {
    this.#sizeBytes -= this.#batches[this.#first].bytes.length + batchOverheadBytes;
    this.#batches[this.#first++] = gone;
  }
}
