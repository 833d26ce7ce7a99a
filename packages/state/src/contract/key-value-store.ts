import type { Headers, Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { StateStore } from "./state-store.ts";
import type { StoreCursor } from "./store-cursor.ts";
import type { UpdatableStore } from "./updatable-store.ts";

/** What queries see of a key-value store (Kafka: `ReadOnlyKeyValueStore`). Values are copies: change them freely. */
export interface ReadOnlyKeyValueStore<K, V> extends StateStore {
  get(key: K): V | null;
  /**
   * Entries from `from` to `to`, both inclusive, in the order of the *serialised* keys; null means no bound.
   * Where `from` sorts after `to` there are none.
   */
  range(from: K | null, to: K | null): StoreCursor<K, V>;
  reverseRange(from: K | null, to: K | null): StoreCursor<K, V>;
  all(): StoreCursor<K, V>;
  reverseAll(): StoreCursor<K, V>;
  /** Entries whose serialised key begins with the serialised prefix. */
  prefixScan<P>(prefix: P & {}, prefixSerde: Serde<P>): StoreCursor<K, V>;
  /** How many entries there are, roughly: what the cache holds back is not counted. */
  approximateEntryCount(): number;
}

/** Keys to values (Kafka: `KeyValueStore`). A null value deletes, undefined is refused. */
export interface KeyValueStore<K, V> extends ReadOnlyKeyValueStore<K, V> {
  put(key: K, value: V | null): void;
  /** Gives the value that was there, and leaves it, or null after having put the new one. */
  putIfAbsent(key: K, value: V): V | null;
  /** Gives the value that was there. */
  delete(key: K): V | null;
}

/** Kafka: `ValueAndTimestamp`, of stores with headers `ValueTimestampHeaders`. */
export interface ValueAndTimestamp<V> {
  readonly value: V;
  readonly timestamp: Timestamp;
  /** Of a store with headers; others keep none. */
  readonly headers?: Headers;
}

/** Keys to values with the timestamp of their last update: what the DSL keeps (Kafka: `TimestampedKeyValueStore`). */
export type TimestampedKeyValueStore<K, V> = KeyValueStore<K, ValueAndTimestamp<V>>;

/** With the fast way in and out, for operators. */
export type UpdatableKeyValueStore<K, V> = TimestampedKeyValueStore<K, V> & UpdatableStore<K, V>;
