import type { Timestamp } from "@millrace/model";
import type { RecordContext } from "./record-context.ts";
import type { StateStore } from "./state-store.ts";

/** Takes a record that is due, in the context that it came in. */
export type DueRecord<K, V> = (key: K, value: V, context: RecordContext) => void;

/** Records that wait for their time, oldest first; those of one time by the bytes of their keys (Kafka: `TimeOrderedKeyValueBuffer`). */
export interface JoinBuffer<K, V> extends StateStore {
  /**
   * Keeps the record under way. False: it is older than the grace by the newest time, and was not.
   *
   * @throws StateError `INVALID_STORE_KEY`
   */
  put(key: K, value: V, timestamp: Timestamp): boolean;
  /** Time has come so far elsewhere: to what is due it is as a newer record that was kept. */
  advance(time: Timestamp): void;
  /** Who is handed what is due, whoever finds it. */
  onDue(take: DueRecord<K, V>): void;
  /** Hands out and deletes what is not newer than the newest time less the grace. */
  takeDue(): void;
  readonly recordCount: number;
  /** Kafka's account of their size. */
  readonly bytes: number;
  /** None is older; the greatest int64 where there is none, as in Kafka. */
  readonly minTimestamp: Timestamp;
}
