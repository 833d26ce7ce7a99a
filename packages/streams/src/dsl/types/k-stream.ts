import type { Serde } from "@millrace/serde";

import type { StreamPartitioner, TopicNameExtractor } from "../../topology/topology-node.ts";
import type { Predicate } from "../operators/filter.ts";
import type { KeyValue } from "../operators/map.ts";
import type { Otherwise } from "../operators/split.ts";
import type { PrintOptions } from "../operators/print.ts";
import type { SinkOptions } from "../operators/to.ts";
import type { NamedOptions } from "../stream-node.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type {
  CallbackResult,
  KeptBy,
  LeftOutBy,
  ListItem,
  ListResult,
  RecordKey,
  RecordResult,
  RecordValue,
  SynchronousPredicate,
  SynchronousResult,
} from "./callback-types.ts";
import type { AddedOperators } from "./added-operators.ts";
import type { AsyncOperators } from "./async-operators.ts";
import type { Given, Optional } from "./given-options.ts";
import type { KGroupedStream } from "./k-grouped-stream.ts";
import type {
  Joinable,
  JoinCheck,
  JoinOptions,
  OptionalOrCallback,
  OuterJoinCheck,
} from "./joins.ts";
import type { KTable } from "./k-table.ts";
import type { BranchValue, SynchronousBranches } from "./split.ts";
import type {
  FixedKeyProcessorDefinition,
  FixedKeyValue,
  OutputMap,
  OutputSerdes,
  ProcessedStreams,
  ProcessorDefinition,
  StoreMap,
} from "./processor-types.ts";
import type {
  Carried,
  KeyOf,
  KeyOption,
  Lost,
  LostOf,
  Needs,
  SerdeOptions,
  SerdeState,
  StateAfter,
  ValueOf,
  ValueOption,
  ValueStateOf,
} from "./serde-state.ts";
import type { TopicCheck } from "./topic-check.ts";
import type { KeptOption, StoreAfter } from "./table-store.ts";

/** A stream of whatever keys and values. */
// oxlint-disable-next-line no-explicit-any -- as a receiver, all streams fit: nothing is read through it
export type AnyStream = KStream<any, any>;

/**
 * Records without end, each by itself (Kafka: `KStream`). Made by `StreamsBuilder.stream`; every method adds to
 * the builder's plan and gives a new stream. `KeyState` and `ValueState` say whether the serdes are known.
 *
 * Callbacks are synchronous and take `(value, key, record)`; `record` has timestamp, headers and where it came from, and
 * holds during the call.
 *
 * @example
 * builder
 *   .stream("orders", { key: string(), value: json(Order) })
 *   .filter((order) => order.total > 0)
 *   .to("orders-checked");
 */
export interface KStream<
  out K,
  out V,
  out KeyState extends SerdeState = SerdeState,
  out ValueState extends SerdeState = SerdeState,
>
  extends AsyncOperators<K, V, KeyState>, AddedOperators<K, V, KeyState, ValueState> {
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
   * Makes another key and value of each record (Kafka: `KStream.map`). The serdes are lost unless they are given, and
   * grouping repartitions: use `mapValues` where the key stays.
   *
   * @example orders.map((order) => ({ key: order.customer, value: order.total }), { key: string(), value: double() })
   */
  map<R, const O extends Optional<SerdeOptions<RecordKey<R>, RecordValue<R>>>>(
    mapper: (value: V, key: K, record: RecordInfo) => RecordResult<R, "map">,
    ...options: Given<O, SerdeOptions<RecordKey<R>, RecordValue<R>>>
  ): KStream<
    RecordKey<R>,
    RecordValue<R>,
    StateAfter<O, "key", "lost">,
    StateAfter<O, "value", "lost">
  >;

  /**
   * Makes another value of each record; the key stays, and with it the partition (Kafka: `KStream.mapValues`).
   * The value's serde is lost unless it is given.
   *
   * @example orders.mapValues((order) => order.total, { value: double() })
   */
  mapValues<V2, const O extends Optional<NamedOptions & ValueOption<V2>>>(
    mapper: (value: V, key: K, record: RecordInfo) => CallbackResult<V2, "mapValues">,
    ...options: Given<O, NamedOptions & ValueOption<V2>>
  ): KStream<K, V2, KeyState, StateAfter<O, "value", "lost">>;

  /**
   * Makes any number of records of each (Kafka: `KStream.flatMap`). The serdes are lost unless they are given, and
   * grouping repartitions.
   *
   * @example lines.flatMap((line) => line.split(" ").map((word) => ({ key: word, value: 1 })))
   */
  flatMap<
    R,
    const O extends Optional<SerdeOptions<RecordKey<ListItem<R>>, RecordValue<ListItem<R>>>>,
  >(
    mapper: (
      value: V,
      key: K,
      record: RecordInfo,
    ) => ListResult<R, KeyValue<unknown, unknown>, "flatMap">,
    ...options: Given<O, SerdeOptions<RecordKey<ListItem<R>>, RecordValue<ListItem<R>>>>
  ): KStream<
    RecordKey<ListItem<R>>,
    RecordValue<ListItem<R>>,
    StateAfter<O, "key", "lost">,
    StateAfter<O, "value", "lost">
  >;

  /**
   * Makes any number of values of each; the key stays, and with it the partition (Kafka: `KStream.flatMapValues`).
   * The value's serde is lost unless it is given.
   *
   * @example lines.flatMapValues((line) => line.toLowerCase().split(/\W+/), { value: string() })
   */
  flatMapValues<R, const O extends Optional<NamedOptions & ValueOption<ListItem<R>>>>(
    mapper: (value: V, key: K, record: RecordInfo) => ListResult<R, unknown, "flatMapValues">,
    ...options: Given<O, NamedOptions & ValueOption<ListItem<R>>>
  ): KStream<K, ListItem<R>, KeyState, StateAfter<O, "value", "lost">>;

  /**
   * Gives each record another key (Kafka: `KStream.selectKey`). The key's serde is lost unless it is given, and grouping
   * repartitions.
   *
   * @example orders.selectKey((order) => order.customer, { key: string() })
   */
  selectKey<K2, const O extends Optional<NamedOptions & KeyOption<K2>>>(
    selector: (value: V, key: K, record: RecordInfo) => CallbackResult<K2, "selectKey">,
    ...options: Given<O, NamedOptions & KeyOption<K2>>
  ): KStream<K2, V, StateAfter<O, "key", "lost">, ValueState>;

  /**
   * Calls back for each record and passes it on (Kafka: `KStream.peek`). The callback must not change the value. It
   * may be called again for the same record after a failure.
   *
   * @example orders.peek((order, id) => logger.log("debug", "order", { id, total: order.total }))
   */
  peek<R>(
    action: (value: V, key: K, record: RecordInfo) => SynchronousResult<R, "peek">,
    options?: NamedOptions,
  ): KStream<K, V, KeyState, ValueState>;

  /**
   * Calls back for each record, and that is the end of it (Kafka: `KStream.foreach`). It may be called again for the
   * same record after a failure.
   *
   * @example alarms.foreach((alarm) => ring(alarm))
   */
  foreach<R>(
    action: (value: V, key: K, record: RecordInfo) => SynchronousResult<R, "foreach">,
    options?: NamedOptions,
  ): void;

  /**
   * Writes a line for each record, `[label]: key, value`, and that is the end of it (Kafka: `KStream.print`): to look on
   * while a program is made. Who writes is given.
   *
   * @example orders.print(console.log, { label: "orders", mapper: ({ total }, id) => `${id}: ${total}` })
   */
  print<R>(
    write: (line: string) => SynchronousResult<R, "print">,
    options?: PrintOptions<K, V>,
  ): void;

  /**
   * Both streams as one, in no particular order (Kafka: `KStream.merge`). Types unite; serdes are lost unless they are
   * given.
   *
   * @example web.merge(shop, { key: string(), value: json(Order) }).to("orders")
   */
  merge<
    Self extends AnyStream,
    K2,
    V2,
    const O extends Optional<SerdeOptions<KeyOf<Self> | K2, ValueOf<Self> | V2>>,
  >(
    this: Self,
    other: KStream<K2, V2>,
    ...options: Given<O, SerdeOptions<KeyOf<Self> | K2, ValueOf<Self> | V2>>
  ): KStream<K | K2, V | V2, StateAfter<O, "key", "lost">, StateAfter<O, "value", "lost">>;

  /**
   * The stream as a table: the last value of each key (Kafka: `KStream.toTable`). A null value deletes its key; a null
   * key is dropped and counted. Goes through a repartition topic where the key was changed.
   *
   * @example orders.selectKey((order) => order.customer, { key: string() }).toTable({ store: "last-order" })
   */
  toTable<
    Self extends AnyStream,
    const O extends Optional<SerdeOptions<KeyOf<Self>, ValueOf<Self>> & KeptOption>,
  >(
    this: Needs<LostOf<Self, O>, "toTable(", Self>,
    ...options: Given<O, SerdeOptions<KeyOf<Self>, ValueOf<Self>> & KeptOption>
  ): KTable<K & {}, V, "known", "known", StoreAfter<O, "keyValue">>;

  /**
   * Sends the stream through a topic of the application's own, so that equal keys meet in one partition (Kafka:
   * `KStream.repartition`). Records with a null key are left out.
   *
   * @example orders.selectKey((order) => order.customer, { key: string() }).repartition({ partitions: 12 })
   */
  repartition<
    Self extends AnyStream,
    const O extends Optional<RepartitionOptions<KeyOf<Self>, ValueOf<Self>>>,
  >(
    this: Needs<LostOf<Self, O>, "repartition(", Self>,
    ...options: Given<O, RepartitionOptions<KeyOf<Self>, ValueOf<Self>>>
  ): KStream<K, V, "known", "known">;

  /**
   * Has each record processed by code of one's own, with stores and timers (Kafka: `KStream.process`). Without `output`
   * what is forwarded is as what comes in; with `outputs` there are several streams. Grouping repartitions below: use
   * `processValues` where the key stays.
   *
   * @example
   * const { shipped, short } = orders.process({
   *   stores: { stock: keyValueStore({ name: "stock", key: string(), value: int64AsNumber() }) },
   *   outputs: {
   *     shipped: { key: string(), value: json(Order) },
   *     short: { key: string(), value: int64AsNumber() },
   *   },
   *   process(record, { stock, forwardTo }) {
   *     const left = stock.get(record.key) ?? 0;
   *     if (left > 0) forwardTo.shipped(record);
   *     else forwardTo.short(record.withValue(left));
   *   },
   * });
   */
  process<
    const S extends StoreMap = {},
    Out extends OutputSerdes = never,
    const C extends OutputMap = never,
    State = undefined,
    R = void,
  >(
    definition: ProcessorDefinition<K, V, S, Out, C, State, R>,
    options?: NamedOptions,
  ): ProcessedStreams<K, V, readonly [KeyState, ValueState], NoInfer<Out>, NoInfer<C>>;

  /**
   * As `process`, for code that leaves the key as it is, so that nothing is repartitioned below (Kafka:
   * `KStream.processValues`).
   *
   * @example
   * orders.processValues({
   *   stores: { customers },
   *   value: json(Shipment),
   *   process(record, { customers, forward }) {
   *     const customer = customers.get(record.value.customer);
   *     forward(record.withValue({ order: record.value, country: customer?.value.country }));
   *   },
   * });
   */
  processValues<
    const S extends StoreMap = {},
    Value extends Serde<unknown> = never,
    State = undefined,
    R = void,
  >(
    definition: FixedKeyProcessorDefinition<K, V, S, Value, State, R>,
    options?: NamedOptions,
  ): KStream<K, FixedKeyValue<V, Value>, KeyState, [Value] extends [never] ? ValueState : "known">;

  /**
   * Groups by a new key, through a repartition topic (Kafka: `KStream.groupBy`).
   *
   * @example orders.groupBy((order) => order.customer, { key: string() }).count()
   */
  groupBy<Self extends AnyStream, K2, const O extends Optional<SerdeOptions<K2, ValueOf<Self>>>>(
    this: Self,
    selector: Needs<
      Lost<O, "key", "lost"> | Lost<O, "value", ValueStateOf<Self>>,
      "groupBy(selector, ",
      (value: V, key: K, record: RecordInfo) => CallbackResult<K2, "groupBy">
    >,
    ...options: Given<O, SerdeOptions<K2, ValueOf<Self>>>
  ): KGroupedStream<K2, V>;

  /**
   * Groups by the key that the records have (Kafka: `KStream.groupByKey`); goes through a repartition topic only
   * where the key was changed.
   *
   * @example orders.groupByKey().count()
   */
  groupByKey<
    Self extends AnyStream,
    const O extends Optional<SerdeOptions<KeyOf<Self>, ValueOf<Self>>>,
  >(
    this: Needs<LostOf<Self, O>, "groupByKey(", Self>,
    ...options: Given<O, SerdeOptions<KeyOf<Self>, ValueOf<Self>>>
  ): KGroupedStream<K, V>;

  /**
   * Shares the stream out: each record goes to the first branch whose predicate holds, to `otherwise` if none does, and
   * is left out without that (Kafka: `KStream.split`). Type guards narrow their branch, `otherwise` has what they left.
   * A branch's name follows the operator's in `describe()`. Give a `Map` where names are numbers: an object would put
   * those first.
   *
   * @example
   * const { big, rest } = orders.split({ big: (order) => order.total > 1_000, rest: otherwise });
   */
  split<Name extends string>(
    branches: ReadonlyMap<Name, Predicate<K, V> | Otherwise>,
    options?: NamedOptions,
  ): { readonly [N in Name]: KStream<K, V, KeyState, ValueState> };
  split<const B extends Readonly<Record<string, Predicate<K, V> | Otherwise>>>(
    branches: B & SynchronousBranches<B>,
    options?: NamedOptions,
  ): { readonly [Name in keyof B]: KStream<K, BranchValue<V, B, Name>, KeyState, ValueState> };

  /**
   * Joins each record with what the other side has for its key (Kafka: `KStream.join`). Both sides need equal numbers of
   * partitions, unless the other is a global table: then `keySelector` may give its key.
   *
   * With a table: with the row that it has now; records without one are left out. Time and headers are the record's.
   *
   * With a stream: with each of its records that is near enough in time, whichever comes first. The time of a result is
   * that of the newer record, its headers are those of the record that came last.
   *
   * @example orders.join(customers, (order, customer) => ({ ...order, name: customer.name }))
   * @example orders.join(payments, (order, payment) => [order, payment], { within: "1h", grace: "5m" })
   */
  join<
    Self extends AnyStream,
    Other extends Joinable,
    VR,
    const O extends OptionalOrCallback<JoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>,
  >(
    this: Self,
    other: JoinCheck<"join", Self, Other, O, Other>,
    joiner: (left: V & {}, right: ValueOf<Other> & {}, key: K) => CallbackResult<VR, "join">,
    ...options: Given<O, JoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>
  ): KStream<K, VR, StateAfter<O, "key", KeyState>, StateAfter<O, "value", "lost">>;

  /**
   * As `join`, and a record that finds nothing is joined with null (Kafka: `KStream.leftJoin`): with a table at once, with
   * a stream when nothing can come any more, `within` and `grace` later. Stream time tells that: without new records on
   * either side nothing leaves.
   *
   * @example orders.leftJoin(customers, (order, customer) => ({ ...order, name: customer?.name ?? "?" }))
   * @example orders.leftJoin(payments, (order, payment) => ({ order, payment }), { within: ["0ms", "1h"] })
   */
  leftJoin<
    Self extends AnyStream,
    Other extends Joinable,
    VR,
    const O extends OptionalOrCallback<JoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>,
  >(
    this: Self,
    other: JoinCheck<"leftJoin", Self, Other, O, Other>,
    joiner: (
      left: V & {},
      right: (ValueOf<Other> & {}) | null,
      key: K,
    ) => CallbackResult<VR, "leftJoin">,
    ...options: Given<O, JoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>
  ): KStream<K, VR, StateAfter<O, "key", KeyState>, StateAfter<O, "value", "lost">>;

  /**
   * As `leftJoin` with a stream, for the records of both (Kafka: `KStream.outerJoin`).
   *
   * @example orders.outerJoin(payments, (order, payment) => ({ order, payment }), { within: "1h", grace: "5m" })
   */
  outerJoin<
    Self extends AnyStream,
    Other extends Joinable,
    VR,
    const O extends OptionalOrCallback<JoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>,
  >(
    this: Self,
    other: OuterJoinCheck<Self, Other, O, Other>,
    joiner: (
      left: (V & {}) | null,
      right: (ValueOf<Other> & {}) | null,
      key: K,
    ) => CallbackResult<VR, "outerJoin">,
    ...options: Given<O, JoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>
  ): KStream<K, VR, StateAfter<O, "key", KeyState>, StateAfter<O, "value", "lost">>;

  /**
   * Writes the stream to a topic, or to that which a function names record by record (Kafka: `KStream.to`). The
   * topics must exist. The handle of a topic brings its serdes.
   *
   * @example totals.to("totals", { value: double() })
   */
  to<
    Self extends AnyStream,
    const T,
    const O extends Optional<
      SinkOptions<KeyOf<Self>, ValueOf<Self>> & SerdeOptions<KeyOf<Self>, ValueOf<Self>>
    >,
  >(
    this: Self,
    topic: TopicCheck<
      T,
      KeyOf<Self>,
      ValueOf<Self>,
      Needs<LostOf<Self, O>, "to(topic, ", string | TopicNameExtractor<KeyOf<Self>, ValueOf<Self>>>
    >,
    ...options: Given<
      O,
      SinkOptions<KeyOf<Self>, ValueOf<Self>> & SerdeOptions<KeyOf<Self>, ValueOf<Self>>
    >
  ): void;
}

/** How a stream is repartitioned (Kafka: `Repartitioned`). */
export type RepartitionOptions<K, V> = SerdeOptions<K, V> & {
  /** Partitions of the topic; default: as many as its input has. */
  readonly partitions?: number;
  /** Default: Kafka's hash of the key's bytes. */
  readonly partitioner?: StreamPartitioner<K, V>;
};
