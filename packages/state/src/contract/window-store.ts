import type { Headers, Timestamp, Windowed } from "@millrace/model";
import type { ValueAndTimestamp } from "./key-value-store.ts";
import type { StateStore } from "./state-store.ts";
import type { StoreCursor } from "./store-cursor.ts";
import type { FlushListener, FlushListenerOptions } from "./updatable-store.ts";

/** Which windows, by their starts. */
export interface TimeRange {
  /** Inclusive; absent: from the first. */
  readonly from?: Timestamp;
  /** Inclusive; absent: to the last. */
  readonly to?: Timestamp;
  /** True: the other way round. */
  readonly reverse?: boolean;
}

/** Walks windows. */
export interface WindowedCursor<K, V> extends StoreCursor<Windowed<K>, V> {
  /** Start of the window under the cursor, of a session its end: without decoding the key. */
  readonly time: Timestamp;
  /** Of a store with headers: those of the row under the cursor; others have none. */
  readonly headers: Headers;
}

/**
 * What queries see of a window store (Kafka: `ReadOnlyWindowStore`). Windows whose start is no later than the newest one
 * less the retention are gone.
 */
export interface ReadOnlyWindowStore<K, V> extends StateStore {
  /** The value of a key's window that starts then. */
  fetch(key: K, start: Timestamp): V | null;
  /** The windows of one key, in the order of their starts. */
  fetchRange(key: K, range?: TimeRange): WindowedCursor<K, V>;
  /**
   * The windows of the keys from `from` to `to`, both inclusive, by the order of the *serialised* keys; null means no
   * bound. A store in memory gives them by start, then key; others by segment, key, start, as Kafka's do.
   */
  fetchKeys(from: K | null, to: K | null, range?: TimeRange): WindowedCursor<K, V>;
  /** The windows of all keys, in the order of `fetchKeys`; of a store that says so, by start, then key. */
  fetchAll(range?: TimeRange): WindowedCursor<K, V>;
}

/** Windows of keys to values, for a time (Kafka: `WindowStore`). */
export interface WindowStore<K, V> extends ReadOnlyWindowStore<K, V> {
  /** Null deletes; of a store that retains duplicates it does nothing. What has expired already is left out and counted. */
  put(key: K, value: V | null, start: Timestamp): void;
}

/** Records that a join of two streams may still meet, each by its own time; several of one time are all kept. */
export interface JoinWindowStore<K, V> extends WindowStore<K, V> {
  /** A value as `putEncoded` takes it. */
  encode(value: V): Uint8Array;
  /** As `put`, of a value in bytes, which are copied. */
  putEncoded(key: K, value: Uint8Array | null, start: Timestamp): void;
}

/** Windows with the timestamp of their last update: what the DSL keeps (Kafka: `TimestampedWindowStore`). */
export type TimestampedWindowStore<K, V> = WindowStore<K, ValueAndTimestamp<V>>;

/** With the fast way in and out, for operators; see `UpdatableStore`. */
export interface UpdatableWindowStore<K, V> extends WindowStore<K, ValueAndTimestamp<V>> {
  /** The value of a key's window, or null. Selects the window for `writeUpdated`. */
  readForUpdate(key: K, keyBytes: Uint8Array | null, start: Timestamp): V | null;
  /** Timestamp of what `readForUpdate` gave; -1 if there was nothing. */
  readonly timestampOfRead: Timestamp;
  /** Writes the window that was read last. Null deletes. */
  writeUpdated(value: V | null, timestamp: Timestamp): void;
  /** True: the flush listener forwards. */
  readonly isCached: boolean;
  /** As `UpdatableStore.setFlushListener`. */
  setFlushListener(listener: FlushListener<Windowed<K>, V>, options: FlushListenerOptions): boolean;
}
