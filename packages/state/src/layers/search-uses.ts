import { compareBytes } from "@millrace/model";
import type { CacheEntry, CacheKey } from "./cache-entry.ts";
import type { RecordCache } from "./record-cache.ts";

/** The way of a search through a cache: it passes more than it gives. */
export interface CachePath {
  contains(row: Uint8Array): boolean;
  /** True: the first such row is used, and ends the way. Default: none does. */
  isBehind?(row: Uint8Array): boolean;
  /** What the cache orders rows by. */
  orderOf(row: Uint8Array): Uint8Array;
}

/** What a search gives. */
export interface PathSearch {
  readonly isReverse: boolean;
  isMeant(row: Uint8Array): boolean;
}

interface PathEntry {
  readonly mapKey: CacheKey;
  readonly row: Uint8Array;
  readonly order: Uint8Array;
}

/** Tells a cache what a search uses. */
export interface SearchUses {
  /** Before the search goes on behind `given`; null: before its first row. */
  goOn(given: Uint8Array | null): void;
}

/** The entries on a search's way are used when it passes them; as in Kafka it looks one entry ahead. */
export class PathUses<K, V> implements SearchUses {
  readonly #cache: RecordCache<K, V>;
  readonly #search: PathSearch;
  readonly #path: CachePath;
  readonly #entries: readonly PathEntry[];
  #passedCount = 0;
  #ahead: Uint8Array | null = null;

  constructor(
    cache: RecordCache<K, V>,
    rowOf: (entry: CacheEntry<K, V>) => Uint8Array,
    { path, search }: { readonly path: CachePath; readonly search: PathSearch },
  ) {
    this.#cache = cache;
    this.#search = search;
    this.#path = path;
    const entries: PathEntry[] = [];
    for (const entry of cache.entries()) {
      const row = rowOf(entry);
      if (path.contains(row)) entries.push({ mapKey: entry.mapKey, row, order: path.orderOf(row) });
    }
    const sign = search.isReverse ? -1 : 1;
    this.#entries = entries.sort((left, right) => sign * compareBytes(left.order, right.order));
  }

  goOn(given: Uint8Array | null): void {
    const ahead = this.#ahead;
    if (ahead !== null && (given === null || compareBytes(given, ahead) !== 0)) return;
    this.#ahead = null;
    while (this.#ahead === null && this.#passedCount < this.#entries.length) {
      const { mapKey, row } = this.#entries[this.#passedCount];
      this.#passedCount += 1;
      const entry = this.#cache.get(mapKey);
      if (entry === undefined) continue;
      this.#cache.touch(entry);
      if (this.#path.isBehind?.(row) === true) this.#passedCount = this.#entries.length;
      if (!entry.isTombstone && this.#search.isMeant(row)) this.#ahead = row;
    }
  }
}
