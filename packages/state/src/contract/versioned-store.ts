import type { Timestamp } from "@millrace/model";
import type { ValueAndTimestamp } from "./key-value-store.ts";
import type { StateStore } from "./state-store.ts";

/** One version of a key's value (Kafka: `VersionedRecord`): it was valid from `timestamp` until `validTo`. */
export interface VersionedRecord<V> extends ValueAndTimestamp<V> {
  /** Exclusive; null: it is the latest. */
  readonly validTo: Timestamp | null;
}

/** Which versions: those that were valid at some time between two, both inclusive. */
export interface VersionRange {
  readonly from?: Timestamp;
  readonly to?: Timestamp;
  /** True: newest first. */
  readonly reverse?: boolean;
}

/** What queries see of a versioned store (Kafka: `VersionedKeyQuery`, `MultiVersionedKeyQuery`). */
export interface ReadOnlyVersionedKeyValueStore<K, V> extends StateStore {
  /**
   * The latest version of a key, or the one that was valid at `asOf`. Null: there was none, or it is too long ago: only the
   * latest version outlives the retention of the history.
   */
  get(key: K, asOf?: Timestamp): VersionedRecord<V> | null;
  /** The versions of a key, oldest first. */
  history(key: K, range?: VersionRange): readonly VersionedRecord<V>[];
}

/** `expired`: it was too late. `latest`: it is the latest version. Else the timestamp of the version that follows. */
export type VersionPut = "expired" | "latest" | Timestamp;

/** Keys to values with their history (Kafka: `VersionedKeyValueStore`). Versions may come in any order. */
export interface VersionedKeyValueStore<K, V> extends ReadOnlyVersionedKeyValueStore<K, V> {
  /** Null: the key had no value from then on. What is too late is left out and counted. */
  put(key: K, value: V | null, timestamp: Timestamp): VersionPut;
  /** Puts null; gives the version that was valid then. */
  delete(key: K, timestamp: Timestamp): VersionedRecord<V> | null;
}
