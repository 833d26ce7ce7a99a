import { toLatin1 } from "../bytes/latin1.ts";
import type { StoreScan } from "../contract/bytes-store.ts";
import { SortedMap, type SortedWalk } from "../sorted/sorted-map.ts";
import type { CacheEntry } from "./cache-entry.ts";
import type { OverlayCursor } from "./merge-cursor.ts";
import type { RecordCache } from "./record-cache.ts";

/** What the index asks of the cache's owner. */
export interface CacheIndexSource<K, V> {
  keyBytesOf(entry: CacheEntry<K, V>): Uint8Array;
  /** The same as latin1. */
  keyTextOf(entry: CacheEntry<K, V>): string;
  /** Null for a tombstone. */
  bytesOf(entry: CacheEntry<K, V>): Uint8Array | null;
  /** An entry left the cache: from now on it is beneath. */
  removed(entry: CacheEntry<K, V>): void;
  /** Nobody has walked for long: true ends the index. */
  mayEnd(): boolean;
}

/** Entries that come and go without a walk, before the index ends: as many as there are, and so many more. */
const changesMin = 4096;

/** A cache's entries in the order of their key bytes; kept from a scan on, until there was none for long. */
export class CacheIndex<K, V> {
  readonly #sorted = new SortedMap<CacheEntry<K, V>>();
  readonly #cache: RecordCache<K, V>;
  readonly #source: CacheIndexSource<K, V>;
  #changeCount = 0;

  constructor(cache: RecordCache<K, V>, source: CacheIndexSource<K, V>) {
    this.#cache = cache;
    this.#source = source;
    for (const entry of cache.entries()) this.#add(entry);
    cache.onChange = (entry, change) => {
      if (change === "added") this.#add(entry);
      else {
        source.removed(entry);
        this.#sorted.delete(source.keyTextOf(entry));
      }
      this.#changeCount += 1;
      if (this.#changeCount > changesMin + cache.entryCount && source.mayEnd())
        cache.onChange = null;
    };
  }

  /** Walks entries as an overlay. Passing an entry counts as a use of it, as in Kafka, if the scan is one. */
  walk({ from, to, direction, isUse = true }: StoreScan): OverlayCursor {
    this.#changeCount = 0;
    const walk = this.#sorted.walk(
      from === undefined ? undefined : toLatin1(from),
      to === undefined ? undefined : toLatin1(to),
      direction !== "backward",
    );
    return new CacheCursor(walk, isUse ? this.#cache : null, this.#source);
  }

  #add(entry: CacheEntry<K, V>): void {
    this.#sorted.set(this.#source.keyTextOf(entry), entry);
  }
}

class CacheCursor<K, V> implements OverlayCursor {
  readonly #walk: SortedWalk<CacheEntry<K, V>>;
  /** Told of uses. */
  readonly #cache: RecordCache<K, V> | null;
  readonly #source: CacheIndexSource<K, V>;

  constructor(
    walk: SortedWalk<CacheEntry<K, V>>,
    cache: RecordCache<K, V> | null,
    source: CacheIndexSource<K, V>,
  ) {
    this.#walk = walk;
    this.#cache = cache;
    this.#source = source;
  }

  next(): boolean {
    if (!this.#walk.next()) return false;
    this.#cache?.touch(this.#walk.value);
    return true;
  }

  get key(): Uint8Array {
    return this.#source.keyBytesOf(this.#walk.value);
  }

  get value(): Uint8Array | null {
    return this.#source.bytesOf(this.#walk.value);
  }

  [Symbol.dispose](): void {}
}
