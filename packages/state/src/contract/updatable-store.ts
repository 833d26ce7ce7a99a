import type { Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { RecordContext } from "./record-context.ts";

/**
 * The fast way in and out of a timestamped store, for operators of the DSL: read, compute, write, one key at a
 * time, without serialising primitives while the cache holds the entry.
 *
 * Values are the caller's in both directions: what `readForUpdate` gives may be changed and kept, and what
 * `writeUpdated` was given may change afterwards, in whole or in part.
 *
 * @example
 * const old = store.readForUpdate(record.key, record.keyBytes);
 * const result = aggregator(old ?? initializer(), record.value, record.key);
 * store.writeUpdated(result, Math.max(record.timestamp, store.timestampOfRead));
 */
export interface UpdatableStore<K, V> {
  /**
   * The value of a key, or null. Selects the key for `writeUpdated`.
   *
   * @param keyBytes the serialised key where the record brought it (a view; copied where kept), else null
   */
  readForUpdate(key: K, keyBytes: Uint8Array | null): V | null;
  /** Timestamp of what `readForUpdate` gave; -1 if there was nothing. */
  readonly timestampOfRead: Timestamp;
  /**
   * Writes the key that was read last. Null deletes. Headers, offset and (for a tombstone) the changelog's
   * timestamp are taken from the task's `RecordContext`, as in Kafka.
   *
   * @param bytes what `value` was read from by a serde of which `isWrittenBy` is true: where the value is kept as bytes, it is
   *   these (copied)
   */
  writeUpdated(value: V | null, timestamp: Timestamp, bytes?: Uint8Array | null): void;
  /** True: the store's values are written by this very serde, and would be the same elsewhere. */
  isWrittenBy(serde: Serde<V>): boolean;
  /**
   * The bytes of what `readForUpdate` gave, as the store's serde wrote them, where that is `serde`, they are at hand,
   * and would be the same elsewhere; else null. They stay as they are: do not change them.
   */
  bytesOfRead(serde: Serde<V>): Uint8Array | null;
  /**
   * As `readForUpdate`, without decoding: what `bytesOfRead` would give. Null: there is no value; undefined: its bytes are
   * not at hand, read the value.
   */
  readBytes(key: K, serde: Serde<V>): Uint8Array | null | undefined;
  /** True: the flush listener forwards; false: every write goes through at once and the operator forwards itself. */
  readonly isCached: boolean;
  /**
   * Registers who forwards what a flush of the cache writes (Kafka: `setFlushListener`). At most one.
   * Gives `isCached`: false means that it will never be called.
   */
  setFlushListener(listener: FlushListener<K, V>, options: FlushListenerOptions): boolean;
}

export interface FlushListenerOptions {
  /** True: the listener gets old values, read from the store under the cache. */
  readonly sendsOldValues: boolean;
}

/**
 * Called once for each dirty entry, after it was written to the store and its changelog. Values are the
 * listener's own: they may be forwarded and mutated.
 *
 * @param context of the record that last wrote the entry: copy it into the task's context before forwarding, and
 *   restore that afterwards. Holds only during the call.
 */
export type FlushListener<K, V> = (
  key: K,
  flushed: FlushedValue<V>,
  oldValue: V | null,
  context: FlushContext,
) => void;

/** What a flush has written under a key. */
export interface FlushedValue<V> {
  /** Null: the key was deleted. Of an object each look decodes a copy. */
  readonly value: V | null;
  /** The value as `serde` wrote it; null of a deletion, and where the value is decoded. Do not change them. */
  readonly bytes: Uint8Array | null;
  readonly serde: Serde<V>;
  /** For the serde: the store's changelog. */
  readonly topic: string;
}

export interface FlushContext extends RecordContext {
  /** The timestamp to forward with: of the new value; of a tombstone that of the record which deleted. */
  readonly valueTimestamp: Timestamp;
}
