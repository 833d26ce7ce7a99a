import { compareBytes, concatBytes, noBytes, type Timestamp } from "@millrace/model";
import type { CachePath } from "../../layers/search-uses.ts";
import { RowKeys } from "./row-keys.ts";

interface PassingSearch {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly isReverse: boolean;
}

interface CacheOrderOptions {
  /** See `RowLife.isExact`. */
  readonly isByTime: boolean;
  readonly isTimeFirst: boolean;
  /** True: what is searched by key has an index of its own. */
  readonly hasIndex: boolean;
}

/**
 * Which entries Kafka's searches pass in a cache of rows, and in which order. For a store in memory its cache has
 * segments of one millisecond: a search for one key passes those of all keys in its time.
 *
 * Kafka: `SegmentedCacheFunction`, as `CachingWindowStore` and `CachingSessionStore` use it.
 */
export class CacheOrder {
  readonly #keys: RowKeys;
  readonly #isByTime: boolean;
  readonly #isOfWindows: boolean;
  readonly #isTimeFirst: boolean;
  readonly #hasIndex: boolean;
  /** Rows as the cache has them. */
  readonly #ordered: RowKeys;

  constructor(keys: RowKeys, { isByTime, isTimeFirst, hasIndex }: CacheOrderOptions) {
    this.#hasIndex = hasIndex;
    this.#keys = keys;
    this.#isTimeFirst = isTimeFirst;
    this.#isByTime = isByTime;
    this.#isOfWindows = keys.lastBytes === 4;
    this.#ordered = isByTime ? new RowKeys(1, keys.lastBytes) : keys;
  }

  ofKey(key: Uint8Array, search: PassingSearch): CachePath {
    if (this.#isTimeFirst && !this.#hasIndex) return this.#ofTime(key, key, search);
    return this.#isByTime ? this.#ofKeyByTime(key, search) : this.#ofKeyInSegments(key, search);
  }

  /** Null means no bound. */
  ofKeys(from: Uint8Array | null, to: Uint8Array | null, search: PassingSearch): CachePath {
    const hasKeys = from !== null || to !== null;
    if (this.#isTimeFirst && !(this.#hasIndex && hasKeys)) return this.#ofTime(from, to, search);
    if (!this.#isOfWindows || this.#isByTime) {
      const first = from === null ? null : this.#ordered.segmented(0, from);
      // Sessions may end at any time: a search for them goes on to the end.
      const hasEnd = to !== null && this.#isOfWindows;
      return this.#between(
        first,
        hasEnd ? this.#ordered.segmented(search.to, this.#lastOfKeys(to, search.to)) : null,
      );
    }
    if (from !== null && to !== null && compareBytes(from, to) === 0)
      return this.#ofKeyInSegments(from, search);
    const last = to === null ? null : this.#lastOfKeys(to, search.to);
    return {
      orderOf: sameBytes,
      contains: (row) => isBetween(this.#keys.loggedOf(row), from, last),
    };
  }

  /** All keys, from the first one at its time to the last one, or until one is out of the time. */
  #ofTime(
    first: Uint8Array | null,
    last: Uint8Array | null,
    { from, to, isReverse }: PassingSearch,
  ): CachePath {
    const keys = this.#keys;
    const isOneKey = first !== null && last !== null && compareBytes(first, last) === 0;
    const orderOf = (row: Uint8Array): Uint8Array => keys.timeFirst(row);
    const start = keys.timeFirst(keys.row(first ?? noBytes, from, 0));
    const end = isOneKey ? keys.timeFirst(keys.row(first, to, 0)) : null;
    return {
      orderOf,
      // Backwards it goes on to where the segment begins.
      contains: (row) =>
        isBetween(orderOf(row), isReverse ? null : start, end) &&
        (last === null || keys.timeOf(row) <= to),
      isBehind: (row) => (isReverse ? keys.timeOf(row) < from : keys.timeOf(row) > to),
    };
  }

  #ofKeyByTime(key: Uint8Array, { from, to }: PassingSearch): CachePath {
    const start = Math.max(0, from);
    return this.#between(
      this.#ordered.segmented(start, this.#keys.logged(key, start, 0)),
      this.#ordered.segmented(to, this.#keys.logged(key, to, Infinity)),
    );
  }

  #ofKeyInSegments(key: Uint8Array, { from, to, isReverse }: PassingSearch): CachePath {
    const keys = this.#keys;
    // Backwards it goes on to where the segment begins.
    const start = isReverse ? 0 : from;
    let segment = -1;
    let range = { from: noBytes, to: noBytes };
    return {
      orderOf: sameBytes,
      contains: (row) => {
        const own = keys.segmentIn(row);
        if (own !== segment) range = keys.rangeOfKey((segment = own), key, start, to);
        return compareBytes(row, range.from) >= 0 && compareBytes(row, range.to) < 0;
      },
    };
  }

  /** From one row to another, both inclusive, as the cache has them. */
  #between(first: Uint8Array | null, last: Uint8Array | null): CachePath {
    const orderOf = (row: Uint8Array): Uint8Array =>
      this.#isByTime ? this.#ordered.rowOf(this.#keys.loggedOf(row)) : row;
    return { orderOf, contains: (row) => isBetween(orderOf(row), first, last) };
  }

  /** Behind the rows of a key up to a time, and of keys that it begins with (Kafka: `OrderedBytes.upperRange`). */
  #lastOfKeys(key: Uint8Array, to: Timestamp): Uint8Array {
    const suffix = this.#keys.logged(noBytes, to, Infinity);
    let length = Math.min(1, key.length);
    while (length < key.length && key[length] >= suffix[0]) length += 1;
    return concatBytes(key.subarray(0, length), suffix);
  }
}

function sameBytes(row: Uint8Array): Uint8Array {
  return row;
}

function isBetween(bytes: Uint8Array, first: Uint8Array | null, last: Uint8Array | null): boolean {
  return (
    (first === null || compareBytes(bytes, first) >= 0) &&
    (last === null || compareBytes(bytes, last) <= 0)
  );
}
