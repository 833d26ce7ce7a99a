import type { Serde } from "@millrace/serde";

import type { TopicNameExtractor } from "../topology/topology-node.ts";
import type {
  ListItem,
  RecordKey,
  KeptBy,
  LeftOutBy,
  ListResult,
  CallbackResult,
  SynchronousResult,
  SynchronousPredicate,
  RecordValue,
} from "./callback-types.ts";
import type { AggregationOptions, Aggregator } from "./operators/aggregate.ts";
import type { Predicate } from "./operators/filter.ts";
import type { GroupedOptions } from "./operators/group-by.ts";
import type { KeyValue } from "./operators/map.ts";
import type { SinkOptions } from "./operators/to.ts";
import type { EitherState, SerdeArguments, SerdeOptions, SerdeState } from "./serde-state.ts";
import type { NamedOptions } from "./stream-node.ts";

// Streams lead to groups, groups to tables and tables to streams: their types are one file, and so is what stands
// behind them (`planned-streams.ts`).

/** Only in types: what a stream or a table carries. */
export interface Carried<K, V, KeyState, ValueState> {
  readonly key: K;
  readonly value: V;
  readonly keySerde: KeyState;
  readonly valueSerde: ValueState;
}

/**
 * Records without end, each by itself (Kafka: `KStream`). Made by `StreamsBuilder.stream`; every method adds to
 * the builder's plan and gives a new stream. `KeyState` and `ValueState` say whether the serdes are known.
 *
 * Callbacks are synchronous and take `(value, key)`.
 *
 * @example
 * builder
 *   .stream("orders", { key: string(), value: json(Order) })
 *   .filter((order) => order.total > 0)
 *   .to("orders-checked");
 */
export interface KStream<
  K,
  V,
  KeyState extends SerdeState = SerdeState,
  ValueState extends SerdeState = SerdeState,
> {
  readonly kind: "stream";
  readonly carries: Carried<K, V, KeyState, ValueState>;

  /**
   * Keeps the records for which the predicate holds; a type guard narrows the stream (Kafka: `KStream.filter`).
   *
   * @example orders.filter((order) => order.total > 0)
   */
  filter<P extends Predicate<K, V>>(
    predicate: SynchronousPredicate<P, "filter">,
    options?: NamedOptions,
  ): KStream<K, KeptBy<V, P>, KeyState, ValueState>;

  /**
   * Keeps the records for which the predicate does not hold; a type guard narrows the stream to the rest (Kafka:
   * `KStream.filterNot`).
   *
   * @example orders.filterNot((order) => order.isTest)
   */
  filterNot<P extends Predicate<K, V>>(
    predicate: SynchronousPredicate<P, "filterNot">,
    options?: NamedOptions,
  ): KStream<K, LeftOutBy<V, P>, KeyState, ValueState>;

  /**
   * Makes another key and value of each record (Kafka: `KStream.map`). Both serdes are lost, and grouping
   * repartitions: use `mapValues` where the key stays.
   *
   * @example orders.map((order) => ({ key: order.customer, value: order.total }))
   */
  map<R extends KeyValue<unknown, unknown> | PromiseLike<unknown>>(
    mapper: (value: V, key: K) => CallbackResult<R, "map">,
    options?: NamedOptions,
  ): KStream<RecordKey<R>, RecordValue<R>, "lost", "lost">;

  /**
   * Makes another value of each record; the key stays, and with it the partition (Kafka: `KStream.mapValues`).
   * The value's serde is lost.
   *
   * @example orders.mapValues((order) => order.total)
   */
  mapValues<V2>(
    mapper: (value: V, key: K) => CallbackResult<V2, "mapValues">,
    options?: NamedOptions,
  ): KStream<K, V2, KeyState, "lost">;

  /**
   * Makes any number of records of each (Kafka: `KStream.flatMap`). Both serdes are lost, and grouping repartitions.
   *
   * @example lines.flatMap((line) => line.split(" ").map((word) => ({ key: word, value: 1 })))
   */
  flatMap<R>(
    mapper: (value: V, key: K) => ListResult<R, KeyValue<unknown, unknown>, "flatMap">,
    options?: NamedOptions,
  ): KStream<RecordKey<ListItem<R>>, RecordValue<ListItem<R>>, "lost", "lost">;

  /**
   * Makes any number of values of each; the key stays, and with it the partition (Kafka: `KStream.flatMapValues`).
   * The value's serde is lost.
   *
   * @example lines.flatMapValues((line) => line.toLowerCase().split(/\W+/))
   */
  flatMapValues<R>(
    mapper: (value: V, key: K) => ListResult<R, unknown, "flatMapValues">,
    options?: NamedOptions,
  ): KStream<K, ListItem<R>, KeyState, "lost">;

  /**
   * Gives each record another key (Kafka: `KStream.selectKey`). The key's serde is lost, and grouping repartitions.
   *
   * @example orders.selectKey((order) => order.customer)
   */
  selectKey<K2>(
    selector: (value: V, key: K) => CallbackResult<K2, "selectKey">,
    options?: NamedOptions,
  ): KStream<K2, V, "lost", ValueState>;

  /**
   * Calls back for each record and passes it on (Kafka: `KStream.peek`). The callback must not change the value. It
   * may be called again for the same record after a failure.
   *
   * @example orders.peek((order, id) => logger.log("debug", "order", { id, total: order.total }))
   */
  peek<R>(
    action: (value: V, key: K) => SynchronousResult<R, "peek">,
    options?: NamedOptions,
  ): KStream<K, V, KeyState, ValueState>;

  /**
   * Calls back for each record, and that is the end of it (Kafka: `KStream.foreach`). It may be called again for the
   * same record after a failure.
   *
   * @example alarms.foreach((alarm) => ring(alarm))
   */
  foreach<R>(
    action: (value: V, key: K) => SynchronousResult<R, "foreach">,
    options?: NamedOptions,
  ): void;

  /**
   * Both streams as one, in no particular order (Kafka: `KStream.merge`). Types unite; serdes are lost.
   *
   * @example web.merge(shop).to("orders", { key: string(), value: json(Order) })
   */
  merge<K2, V2>(
    other: KStream<K2, V2>,
    options?: NamedOptions,
  ): KStream<K | K2, V | V2, "lost", "lost">;

  /**
   * Groups by a new key, through a repartition topic (Kafka: `KStream.groupBy`).
   *
   * @example orders.groupBy((order) => order.customer, { key: string() }).count()
   */
  groupBy<K2>(
    selector: (value: V, key: K) => CallbackResult<K2, "groupBy">,
    options: GroupedOptions & SerdeOptions<K2, V, "lost", ValueState>,
  ): KGroupedStream<K2, V>;

  /**
   * Groups by the key that the records have (Kafka: `KStream.groupByKey`); goes through a repartition topic only
   * where the key was changed.
   *
   * @example orders.groupByKey().count()
   */
  groupByKey(
    ...giveTheSerdesThatWereLost: SerdeArguments<
      GroupedOptions & SerdeOptions<NoInfer<K>, NoInfer<V>, KeyState, ValueState>,
      EitherState<KeyState, ValueState>
    >
  ): KGroupedStream<K, V>;

  /**
   * Writes the stream to a topic, or to that which a function names record by record (Kafka: `KStream.to`). The
   * topics must exist.
   *
   * @example totals.to("totals", { value: double() })
   */
  to(
    topic: string | TopicNameExtractor<K, V>,
    ...giveTheSerdesThatWereLost: SerdeArguments<
      SinkOptions & SerdeOptions<NoInfer<K>, NoInfer<V>, KeyState, ValueState>,
      EitherState<KeyState, ValueState>
    >
  ): void;
}

/**
 * Records grouped by key, to be aggregated (Kafka: `KGroupedStream`). Records with a null key or value are
 * dropped and counted by every aggregation. A table's time is the highest of its key's records so far.
 *
 * @example orders.groupBy((order) => order.customer, { key: string() }).count()
 */
export interface KGroupedStream<K, V> {
  readonly kind: "groupedStream";
  readonly carries: Pick<Carried<K, V, never, never>, "key" | "value">;

  /**
   * Counts the records of each key (Kafka: `KGroupedStream.count`): a `number`, eight bytes on the wire.
   *
   * @example orders.groupByKey().count({ store: "orders-per-customer" })
   */
  count(options?: AggregationOptions): KTable<K & {}, number, "known", "known">;

  /**
   * Combines the values of each key, the first one as it is (Kafka: `KGroupedStream.reduce`). The reducer may
   * change its first argument and give it back.
   *
   * @example temperatures.groupByKey().reduce((highest, next) => Math.max(highest, next))
   */
  reduce(
    reducer: (aggregate: V & {}, value: V & {}, key: K & {}) => V,
    options?: AggregationOptions,
  ): KTable<K & {}, V, "known", "known">;

  /**
   * Folds the values of each key into an aggregate (Kafka: `KGroupedStream.aggregate`). The serde says the type:
   * with `optional(…)` the aggregator may give null, which deletes the key. It may change the aggregate that it is
   * given, and give it back.
   *
   * @example
   * grouped.aggregate(() => 0, (sum, order) => sum + order.total, { value: double() })
   */
  aggregate<A>(
    init: () => NoInfer<A>,
    aggregator: Aggregator<K & {}, V & {}, NoInfer<A>>,
    options: AggregationOptions & { readonly value: Serde<A> },
  ): KTable<K & {}, A, "known", "known">;
}

/**
 * The last value of each key, and its changes (Kafka: `KTable`). `V` includes null where a key may be deleted.
 * A handle: queries and tests take it where they take a store's name.
 *
 * @example
 * const counts = orders.groupByKey().count({ store: "orders-per-customer" });
 */
export interface KTable<
  K,
  V,
  KeyState extends SerdeState = SerdeState,
  ValueState extends SerdeState = SerdeState,
> {
  readonly kind: "table";
  readonly carries: Carried<K, V, KeyState, ValueState>;

  /** Name of the store, for queries (Kafka: `queryableStoreName`); undefined where none was given. */
  readonly storeName: string | undefined;

  /**
   * The changes as a stream: each new value, null where a key was deleted (Kafka: `KTable.toStream`).
   *
   * @example counts.toStream().to("counts")
   */
  toStream(options?: NamedOptions): KStream<K, V, KeyState, ValueState>;
}
