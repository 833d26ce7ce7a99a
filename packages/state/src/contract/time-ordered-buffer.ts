import type { Timestamp } from "@millrace/model";
import type { RecordContext } from "./record-context.ts";
import type { StateStore } from "./state-store.ts";

/** A change of a table: what a key has now, and what it had. */
export interface ValueChange<V> {
  readonly newValue: V | null;
  readonly oldValue: V | null;
}

/** A change that has left a buffer, with the context of the record that made it. */
export interface EvictedChange<K, V> extends ValueChange<V> {
  readonly key: K;
  readonly context: RecordContext;
}

/**
 * Changes that wait for their time, the last one of each key (Kafka: `TimeOrderedKeyValueBuffer`). A key keeps the place
 * and time of its first change.
 */
export interface TimeOrderedBuffer<K, V> extends StateStore {
  readonly entryCount: number;
  /** As Kafka counts it. */
  readonly sizeBytes: number;
  /** Time of the entry that is next; infinite where there is none. */
  readonly timeMin: Timestamp;
  /** Puts a change of the record under way. */
  put(time: Timestamp, key: K, change: ValueChange<V>): void;
  /** Takes out by time, then key, while `isDue` says so. An entry is in the buffer until its call is over. */
  evictWhile(isDue: () => boolean, evicted: (change: EvictedChange<K, V>) => void): void;
  /** What a key that waits had before it came in; undefined: it does not wait. */
  valueBefore(key: K): V | null | undefined;
}
