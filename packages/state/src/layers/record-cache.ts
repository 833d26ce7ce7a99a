import { invariant } from "@millrace/model";
import type { CacheBudget } from "../contract/cache-budget.ts";
import type { CacheEntries } from "./cache-entries.ts";
import type { CacheEntry, CacheKey, EntryWrite } from "./cache-entry.ts";

/**
 * The entries of one store's cache: by key, by last use, and the dirty ones by last write (Kafka: `NamedCache`).
 * What an entry holds is the owner's business; here they are counted, ordered, evicted and flushed.
 *
 * Evicting a dirty entry flushes all dirty ones: the evicted first, then in the order of their last write.
 *
 * STATE-10: after a flush has failed nothing is taken, flushed or committed until `clear`. Entries that waited for
 * their turn are not written; what is committed without them lacks writes.
 */
export class RecordCache<K, V> {
  readonly #entries: CacheEntries<K, V>;
  readonly #budget: CacheBudget;
  readonly #writeThrough: (entry: CacheEntry<K, V>) => void;
  /** True: what an entry was written with stays with it, for whoever writes it once more. */
  readonly #keepsWrites: boolean;
  /** Told when an entry comes or goes. */
  onChange: ((entry: CacheEntry<K, V>, change: "added" | "removed") => void) | null = null;
  #newest: CacheEntry<K, V> | null = null;
  #oldest: CacheEntry<K, V> | null = null;
  #dirtyFirst: EntryWrite<K, V> | null = null;
  #dirtyLast: EntryWrite<K, V> | null = null;
  /** Bytes of this cache's entries. The budget hears of a change when the call that makes it ends. */
  #usedBytes = 0;
  #flushDepth = 0;
  #flushCount = 0;
  /** Of a flush that has given way: its entries, and how many of them are written. */
  #flushing: {
    readonly entries: readonly CacheEntry<K, V>[];
    readonly usedBefore: number;
    writtenCount: number;
  } | null = null;
  #failure: { readonly thrown: unknown } | null = null;

  constructor(
    budget: CacheBudget,
    entries: CacheEntries<K, V>,
    writeThrough: (entry: CacheEntry<K, V>) => void,
    keepsWrites = false,
  ) {
    this.#budget = budget;
    this.#entries = entries;
    this.#writeThrough = writeThrough;
    this.#keepsWrites = keepsWrites;
  }

  get hasDirty(): boolean {
    return this.#dirtyFirst !== null || this.#flushing !== null || this.hasFailed;
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** True while a flush forwards: entries that wait for their turn must not change. */
  get isFlushing(): boolean {
    return this.#flushDepth > 0;
  }

  get entryCount(): number {
    return this.#entries.size;
  }

  /** Those that have values. */
  *entries(): IterableIterator<CacheEntry<K, V>> {
    for (let entry = this.#oldest; entry !== null; entry = entry.newer)
      if (entry.leadsTo === null) yield entry;
  }

  /** In a flush: true once for each of its entries. */
  isDue(entry: CacheEntry<K, V>): boolean {
    const isFirst = entry.flushedBy !== this.#flushCount;
    entry.flushedBy = this.#flushCount;
    return isFirst;
  }

  get(mapKey: CacheKey): CacheEntry<K, V> | undefined {
    return this.#entries.get(mapKey);
  }

  /** As `get` of the bytes as latin1, of which the hash is known. */
  ofBytes(bytes: Uint8Array, hash: number): CacheEntry<K, V> | undefined {
    return this.#entries.ofBytes(bytes, hash);
  }

  /** Makes an entry the last to be evicted. */
  touch(entry: CacheEntry<K, V>): void {
    if (this.#newest === entry || !entry.isAttached) return;
    this.#unlink(entry);
    this.#link(entry);
  }

  /** Adds an entry, or takes note that it changed: dirty if it has a write. Then evicts what is too much, which may be this one. */
  store(entry: CacheEntry<K, V>): void {
    this.#requireWhole();
    const before = this.#usedBytes;
    if (entry.isAttached) this.touch(entry);
    else this.#attach(entry);
    const size = entry.countedSize();
    this.#count(size - entry.size);
    entry.size = size;
    this.#budget.usedBytes += this.#usedBytes - before;
    if (entry.write !== null) this.#markDirty(entry.write);
    while (this.#budget.usedBytes > this.#budget.sizeBytesMax && this.#oldest !== null)
      this.#evict(this.#oldest);
  }

  /**
   * Writes what is dirty. May give way after an entry: nothing else may be written until it was called again and
   * is done.
   *
   * @returns whether all is written
   */
  flush(isOver?: () => boolean): boolean {
    this.#requireWhole();
    if (this.#flushing === null) {
      if (this.#dirtyFirst === null) return true;
      const usedBefore = this.#usedBytes;
      this.#flushing = { entries: this.#takeDirty(null), usedBefore, writtenCount: 0 };
      this.#flushDepth++;
    }
    const flushing = this.#flushing;
    const { entries } = flushing;
    while (flushing.writtenCount < entries.length) {
      this.#write(entries[flushing.writtenCount]);
      flushing.writtenCount += 1;
      if (isOver?.() === true && flushing.writtenCount < entries.length) return false;
    }
    this.#flushing = null;
    this.#endFlush(entries);
    this.#budget.usedBytes += this.#usedBytes - flushing.usedBefore;
    this.#budget.settle();
    return true;
  }

  /** Removes one entry, dirty or not, without writing it. */
  remove(entry: CacheEntry<K, V>): void {
    if (!entry.isAttached) return;
    this.#budget.usedBytes -= entry.size;
    this.#drop(entry);
  }

  /** Removes all without writing. */
  clear(): void {
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) {
      entry.isAttached = false;
      this.#tell(entry, "removed");
    }
    this.#entries.clear();
    this.#budget.usedBytes -= this.#usedBytes;
    this.#count(-this.#usedBytes);
    this.#newest = this.#oldest = this.#dirtyFirst = this.#dirtyLast = null;
    this.#flushDepth = 0;
    this.#flushing = null;
    this.#failure = null;
  }

  #evict(eldest: CacheEntry<K, V>): void {
    const before = this.#usedBytes;
    this.#detach(eldest);
    if (eldest.isDirty) this.#flushWith(eldest);
    this.#budget.usedBytes += this.#usedBytes - before;
  }

  #flushWith(eldest: CacheEntry<K, V>): void {
    const flushed = this.#takeDirty(eldest);
    this.#flushDepth++;
    for (const entry of flushed) this.#write(entry);
    this.#endFlush(flushed);
  }

  #write(entry: CacheEntry<K, V>): void {
    try {
      this.#writeThrough(entry);
      if (!this.#keepsWrites) entry.write = null;
      else if (entry.write !== null) entry.write.input = undefined;
    } catch (thrown) {
      this.#failure ??= { thrown };
      throw thrown;
    }
  }

  #requireWhole(): void {
    if (this.#failure !== null) throw this.#failure.thrown;
  }

  #endFlush(flushed: readonly CacheEntry<K, V>[]): void {
    this.#flushDepth = Math.max(0, this.#flushDepth - 1);
    for (const entry of flushed)
      if (entry.isTombstone && entry.isAttached && !entry.isDirty) this.#detach(entry);
  }

  #takeDirty(evicted: CacheEntry<K, V> | null): CacheEntry<K, V>[] {
    const flushed: CacheEntry<K, V>[] = [];
    this.#flushCount++;
    if (evicted !== null) {
      this.#markClean(evicted.write);
      flushed.push(evicted);
    }
    let write = this.#dirtyFirst;
    while (write !== null) {
      const { next } = write;
      write.isDirty = false;
      write.next = write.previous = null;
      flushed.push(write.entry);
      write = next;
    }
    this.#dirtyFirst = this.#dirtyLast = null;
    return flushed;
  }

  #attach(entry: CacheEntry<K, V>): void {
    const before = this.#entries.like(entry);
    if (before !== undefined) this.#drop(before);
    entry.isAttached = true;
    entry.size = 0;
    this.#entries.add(entry);
    this.#link(entry);
    this.#tell(entry, "added");
  }

  #drop(entry: CacheEntry<K, V>): void {
    this.#detach(entry);
    this.#markClean(entry.write);
  }

  #detach(entry: CacheEntry<K, V>): void {
    invariant(entry.isAttached, "STATE-8", "an entry left the cache twice");
    entry.isAttached = false;
    this.#entries.delete(entry);
    this.#unlink(entry);
    this.#count(-entry.size);
    entry.size = 0;
    this.#tell(entry, "removed");
  }

  #tell(entry: CacheEntry<K, V>, change: "added" | "removed"): void {
    if (entry.leadsTo === null) this.onChange?.(entry, change);
  }

  #count(bytes: number): void {
    this.#usedBytes += bytes;
    this.#budget.heldBytes += bytes;
  }

  #link(entry: CacheEntry<K, V>): void {
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest !== null) this.#newest.newer = entry;
    this.#newest = entry;
    this.#oldest ??= entry;
  }

  #unlink(entry: CacheEntry<K, V>): void {
    if (entry.newer === null) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === null) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    entry.newer = entry.older = null;
  }

  #markDirty(write: EntryWrite<K, V>): void {
    if (this.#dirtyLast === write) return;
    this.#markClean(write);
    write.isDirty = true;
    write.previous = this.#dirtyLast;
    if (this.#dirtyLast === null) this.#dirtyFirst = write;
    else this.#dirtyLast.next = write;
    this.#dirtyLast = write;
  }

  #markClean(write: EntryWrite<K, V> | null): void {
    if (write === null || !write.isDirty) return;
    write.isDirty = false;
    if (write.previous === null) this.#dirtyFirst = write.next;
    else write.previous.next = write.next;
    if (write.next === null) this.#dirtyLast = write.previous;
    else write.next.previous = write.previous;
    write.next = write.previous = null;
  }
}
