import type { Timestamp } from "@millrace/model";
import type { EntryCursor, ScanRange } from "../contract/store-engine.ts";
import type { UpdatableStore } from "../contract/updatable-store.ts";

/** A store as typed values, with or without a cache: what the typed stores stand on. */
export interface ValueAccess<K, V> extends UpdatableStore<K, V> {
  /** A copy of a key's value, or null. */
  read(key: K): V | null;
  /** Timestamp of what `read` gave; -1 if there was nothing, or the store keeps none. */
  readonly readTimestamp: Timestamp;
  /** The value stays the caller's: it is serialised before the call returns. Null deletes. */
  write(key: K, value: V | null, timestamp: Timestamp): void;
  /** Entries as bytes, the cache's included. */
  scan(range: ScanRange): EntryCursor;
  approximateEntryCount(): number;
}
