import type { Serde } from "@millrace/serde";
import type { KeyValueStore, StateStore, ValueAndTimestamp } from "@millrace/state";

import type { DropLevel, RecordMetadata } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { TimestampExtractor } from "../../processor/timestamp-extractor.ts";
import type { NamedOptions } from "../stream-node.ts";
import type { SynchronousResult } from "./callback-types.ts";
import type { Carried } from "./serde-state.ts";

/**
 * A table that every process has whole, for joins by any key and for lookups from processors (Kafka: `GlobalKTable`).
 * `StreamsBuilder.globalTable` makes one.
 */
export interface GlobalKTable<out K, out V> {
  readonly kind: "globalTable";
  /** Only in types. */
  readonly carries: Carried<K, V, "known", "known"> & { readonly store: "keyValue" };
  /** The store that the user named, for queries. */
  readonly storeName: string | undefined;
}

/** What feeds a global store of one's own may do to its surroundings. */
export interface GlobalStoreContext<Store> {
  readonly store: Store;
  /** Where the record under way came from. */
  readonly metadata: RecordMetadata | undefined;
  /**
   * Counts a record that is left out on purpose (`dropped-records-total`) and logs why.
   *
   * @param level default `warn`; less where it is as it should be, and nothing is lost
   * @throws OptionError `INVALID_OPTION`
   */
  readonly dropRecord: (reason: string, level?: DropLevel) => void;
}

/** The keys of a key-value store. */
export type StoreKey<Store> = Store extends KeyValueStore<infer K, infer _V> ? K : unknown;
/** The values of a key-value store, without their timestamps. */
export type StoreValue<Store> =
  Store extends KeyValueStore<infer _K, infer V>
    ? V extends ValueAndTimestamp<infer Inner>
      ? Inner
      : V
    : unknown;

/** How a global store of one's own is fed. */
export interface GlobalStoreDefinition<K, V, Store extends StateStore, R> extends NamedOptions {
  /** Default: the store's. A record whose key is null is dropped and counted unless the serde is `optional`. */
  readonly key?: Serde<K>;
  /** Default: the store's. */
  readonly value?: Serde<V>;
  /** Default: the record's own timestamp. */
  readonly timestampExtractor?: TimestampExtractor<K, V>;
  /** Puts a record of the topic into the store. It is called for what was there before the process, too. */
  process(
    record: StreamRecord<K, V | null>,
    context: GlobalStoreContext<Store>,
  ): SynchronousResult<R, "process">;
}
