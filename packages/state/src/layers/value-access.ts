import type { CursorWatch } from "../contract/cursor-watch.ts";
import type { Headers, Timestamp } from "@millrace/model";
import type { BytesStore, ReadableBytes, StoreScan } from "../contract/bytes-store.ts";
import type { RecordContext } from "../contract/record-context.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import type { UpdatableStore } from "../contract/updatable-store.ts";
import type { CachePath, PathSearch, SearchUses } from "./search-uses.ts";
import type { StoreFormat } from "./store-format.ts";

export interface AccessOptions<K, V> {
  readonly name: string;
  readonly store: BytesStore;
  /** The same, without what counts uses of it. */
  readonly beneath: ReadableBytes;
  readonly format: StoreFormat<K, V>;
  readonly context: RecordContext;
  readonly cursors: CursorWatch | undefined;
  /** Of a store that hides rows which have expired: whether a key is of one. */
  readonly isHidden?: (key: Uint8Array) => boolean;
  /** Likewise: what lies under a key as a scan sees it. */
  readonly valueSeenBy?: (key: Uint8Array, scan: StoreScan) => Uint8Array | null;
}

/** A store as typed values, to be read. */
export interface ReadAccess<K, V> {
  /** A copy of a key's value, or null. */
  read(key: K): V | null;
  /** Timestamp of what `read` gave; -1 if there was nothing, or the store keeps none. */
  readonly readTimestamp: Timestamp;
  /** Headers of what `read` gave; none if the store keeps none. */
  readonly readHeaders: Headers;
  /** Entries as bytes, the cache's included, as they are now. */
  scan(range: StoreScan): EntryCursor;
  /** True: `usesAlong` tells what a search uses. */
  readonly followsPaths: boolean;
  /** What a search uses of the cache, which its scans then leave to that; undefined where they tell it themselves. */
  usesAlong(path: CachePath, search: PathSearch): SearchUses | undefined;
}

/** A store as typed values, with or without a cache: what the typed stores stand on. */
export interface ValueAccess<K, V> extends ReadAccess<K, V>, UpdatableStore<K, V> {
  /** The value stays the caller's: it is serialised before the call returns. Null deletes. */
  write(key: K, value: V | null, timestamp: Timestamp, headers?: Headers): void;
  /** The stored form of what lies under a key, or null; the cache's is used by it, as by a scan. */
  readStored(keyBytes: Uint8Array): Uint8Array | null;
  approximateEntryCount(): number;
  /** As `read` and `scan`, for whoever is no operator: of the cache nothing is loaded or used by it. */
  readonly beside: ReadableBytes;

  readonly hasDirty: boolean;
  readonly hasFailedFlush: boolean;
  /** As `RecordCache.flush`. */
  flush(isOver?: () => boolean): boolean;
  /** Forgets all that is held back, and ends cursors. */
  discard(): void;
  /** A key's value changed beneath: forgets what is held of it, and ends cursors. */
  forget(keyBytes: Uint8Array): void;
  /** What lay in the stage lies in the engine now. */
  committed(): void;
  /** Ends the cursors of some scans. */
  endCursors(reason: string, isGone: (scan: StoreScan) => boolean): void;
  /** True: the cache holds entries in this range. */
  holdsAny(range: StoreScan): boolean;
}
