import type { Serde } from "@millrace/serde";

import type { TopicNameExtractor } from "../topology/topology-node.ts";
import { KGroupedStream } from "./k-grouped-stream.ts";
import { filter, filterNot, type Predicate } from "./operators/filter.ts";
import { flatMap, type FlatMapper } from "./operators/flat-map.ts";
import { flatMapValues, type FlatValueMapper } from "./operators/flat-map-values.ts";
import { foreach } from "./operators/foreach.ts";
import { groupBy, groupByKey, type GroupedOptions } from "./operators/group-by.ts";
import { map, type KeyValueMapper } from "./operators/map.ts";
import { mapValues, type ValueMapper } from "./operators/map-values.ts";
import { merge } from "./operators/merge.ts";
import { peek, type RecordAction } from "./operators/peek.ts";
import { selectKey, type KeySelector } from "./operators/select-key.ts";
import { to, type SinkOptions } from "./operators/to.ts";
import type { EitherState, SerdeArguments, SerdeOptions, SerdeState } from "./serde-state.ts";
import type { NamedOptions, StreamNode } from "./stream-node.ts";

type Loose = (value: unknown, key: unknown) => never;

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
export class KStream<
  K,
  V,
  KeyState extends SerdeState = SerdeState,
  ValueState extends SerdeState = SerdeState,
> {
  /** The stream's place in the plan: for what builds on the DSL. */
  readonly node: StreamNode;
  /** Only in types: what the stream carries. */
  declare readonly carries: { readonly key: K; readonly value: V } & {
    readonly keySerde: KeyState;
    readonly valueSerde: ValueState;
  };

  constructor(node: StreamNode) {
    this.node = node;
  }

  /**
   * Keeps the records for which the predicate holds; a type guard narrows the stream (Kafka: `KStream.filter`).
   *
   * @example orders.filter((order) => order.total > 0)
   */
  filter<V2 extends V>(
    predicate: (value: V, key: K) => value is V2,
    options?: NamedOptions,
  ): KStream<K, V2, KeyState, ValueState>;
  filter(predicate: Predicate<K, V>, options?: NamedOptions): KStream<K, V, KeyState, ValueState>;
  filter(predicate: Predicate<K, V>, options?: NamedOptions): KStream<K, V, KeyState, ValueState> {
    return new KStream(filter(this.node, predicate as Loose, options));
  }

  /**
   * Keeps the records for which the predicate does not hold; a type guard narrows the stream to the rest (Kafka:
   * `KStream.filterNot`).
   *
   * @example orders.filterNot((order) => order.isTest)
   */
  filterNot<V2 extends V>(
    predicate: (value: V, key: K) => value is V2,
    options?: NamedOptions,
  ): KStream<K, Exclude<V, V2>, KeyState, ValueState>;
  filterNot(
    predicate: Predicate<K, V>,
    options?: NamedOptions,
  ): KStream<K, V, KeyState, ValueState>;
  filterNot(
    predicate: Predicate<K, V>,
    options?: NamedOptions,
  ): KStream<K, V, KeyState, ValueState> {
    return new KStream(filterNot(this.node, predicate as Loose, options));
  }

  /**
   * Makes another key and value of each record (Kafka: `KStream.map`). Both serdes are lost, and grouping
   * repartitions: use `mapValues` where the key stays.
   *
   * @example orders.map((order) => ({ key: order.customer, value: order.total }))
   */
  map<K2, V2>(
    mapper: KeyValueMapper<K, V, K2, V2>,
    options?: NamedOptions,
  ): KStream<K2, V2, "lost", "lost"> {
    return new KStream(map(this.node, mapper as Loose, options));
  }

  /**
   * Makes another value of each record; the key stays (Kafka: `KStream.mapValues`). The value's serde is lost.
   *
   * @example orders.mapValues((order) => order.total)
   */
  mapValues<V2>(
    mapper: ValueMapper<K, V, V2>,
    options?: NamedOptions,
  ): KStream<K, V2, KeyState, "lost"> {
    return new KStream(mapValues(this.node, mapper as Loose, options));
  }

  /**
   * Makes any number of records of each (Kafka: `KStream.flatMap`). Both serdes are lost, and grouping repartitions.
   *
   * @example lines.flatMap((line) => line.split(" ").map((word) => ({ key: word, value: 1 })))
   */
  flatMap<K2, V2>(
    mapper: FlatMapper<K, V, K2, V2>,
    options?: NamedOptions,
  ): KStream<K2, V2, "lost", "lost"> {
    return new KStream(flatMap(this.node, mapper as Loose, options));
  }

  /**
   * Makes any number of values of each; the key stays (Kafka: `KStream.flatMapValues`). The value's serde is lost.
   *
   * @example lines.flatMapValues((line) => line.toLowerCase().split(/\W+/))
   */
  flatMapValues<V2>(
    mapper: FlatValueMapper<K, V, V2>,
    options?: NamedOptions,
  ): KStream<K, V2, KeyState, "lost"> {
    return new KStream(flatMapValues(this.node, mapper as Loose, options));
  }

  /**
   * Gives each record another key (Kafka: `KStream.selectKey`). The key's serde is lost, and grouping repartitions.
   *
   * @example orders.selectKey((order) => order.customer)
   */
  selectKey<K2>(
    selector: KeySelector<K, V, K2>,
    options?: NamedOptions,
  ): KStream<K2, V, "lost", ValueState> {
    return new KStream(selectKey(this.node, selector as Loose, options));
  }

  /**
   * Calls back for each record and passes it on (Kafka: `KStream.peek`). The callback must not change the value.
   *
   * @example orders.peek((order) => seen.add(order.id))
   */
  peek(action: RecordAction<K, V>, options?: NamedOptions): KStream<K, V, KeyState, ValueState> {
    return new KStream(peek(this.node, action as Loose, options));
  }

  /**
   * Calls back for each record, and that is the end of it (Kafka: `KStream.foreach`).
   *
   * @example alarms.foreach((alarm) => ring(alarm))
   */
  foreach(action: RecordAction<K, V>, options?: NamedOptions): void {
    foreach(this.node, action as Loose, options);
  }

  /**
   * Both streams as one, in no particular order (Kafka: `KStream.merge`). Types unite; serdes are lost.
   *
   * @example web.merge(shop).to("orders", { key: string(), value: json(Order) })
   */
  merge<K2, V2>(
    other: KStream<K2, V2>,
    options?: NamedOptions,
  ): KStream<K | K2, V | V2, "lost", "lost"> {
    return new KStream(merge(this.node, other.node, options));
  }

  /**
   * Groups by a new key, through a repartition topic (Kafka: `KStream.groupBy`).
   *
   * @example orders.groupBy((order) => order.customer, { key: string() }).count()
   */
  groupBy<K2>(
    selector: KeySelector<K, V, K2>,
    options: GroupedOptions & SerdeOptions<K2, V, "lost", ValueState>,
  ): KGroupedStream<K2, V> {
    return new KGroupedStream(
      groupBy(this.node, selector as Loose, options as AnySerdes),
      streamOf,
    );
  }

  /**
   * Groups by the key that the records have (Kafka: `KStream.groupByKey`); repartitions only where the key was
   * changed.
   *
   * @example orders.groupByKey().count()
   */
  groupByKey(
    ...giveTheSerdesThatWereLost: SerdeArguments<
      GroupedOptions & SerdeOptions<NoInfer<K>, NoInfer<V>, KeyState, ValueState>,
      EitherState<KeyState, ValueState>
    >
  ): KGroupedStream<K, V> {
    const [options] = giveTheSerdesThatWereLost;
    return new KGroupedStream(groupByKey(this.node, options as AnySerdes | undefined), streamOf);
  }

  /**
   * Writes the stream to a topic, or to that which a function names (Kafka: `KStream.to`). The topics must exist.
   *
   * @example totals.to("totals", { value: double() })
   */
  to(
    topic: string | TopicNameExtractor<K, V>,
    ...giveTheSerdesThatWereLost: SerdeArguments<
      SinkOptions & SerdeOptions<NoInfer<K>, NoInfer<V>, KeyState, ValueState>,
      EitherState<KeyState, ValueState>
    >
  ): void {
    const [options] = giveTheSerdesThatWereLost;
    to(this.node, topic as string | TopicNameExtractor, options as AnySerdes | undefined);
  }
}

/** The stream that stands for a place in the plan. */
export function streamOf<K, V, KeyState extends SerdeState, ValueState extends SerdeState>(
  node: StreamNode,
): KStream<K, V, KeyState, ValueState> {
  return new KStream(node);
}

interface AnySerdes {
  readonly name?: string;
  readonly key?: Serde<unknown>;
  readonly value?: Serde<unknown>;
}
