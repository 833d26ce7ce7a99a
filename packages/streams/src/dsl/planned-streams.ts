import { shown } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";
import type { TopicNameExtractor } from "../topology/topology-node.ts";
import type { KGroupedStream, KStream, KTable } from "./k-streams.ts";
import { checked } from "./operator-options.ts";
import {
  aggregate,
  count,
  Grouping,
  reduce,
  type AggregationOptions,
  type Aggregator,
} from "./operators/aggregate.ts";
import { filter, filterNot, type Predicate } from "./operators/filter.ts";
import { flatMap, type FlatMapper } from "./operators/flat-map.ts";
import { flatMapValues, type FlatValueMapper } from "./operators/flat-map-values.ts";
import { groupBy, groupByKey, type GroupedOptions } from "./operators/group-by.ts";
import { map, type KeyValueMapper } from "./operators/map.ts";
import { mapValues, type ValueMapper } from "./operators/map-values.ts";
import { merge } from "./operators/merge.ts";
import { foreach, peek, type RecordAction } from "./operators/peek.ts";
import { selectKey, type KeySelector } from "./operators/select-key.ts";
import { to, type SinkOptions } from "./operators/to.ts";
import { toStream } from "./operators/to-stream.ts";
import type { SerdeState } from "./serde-state.ts";
import type { GroupedNode, NamedOptions, StreamNode, TableNode } from "./stream-node.ts";

type Any = unknown;
type Serdes = { readonly key?: Serde<Any>; readonly value?: Serde<Any> };

/** Each member of a public type, without its types: so that none is forgotten. */
type Erased<Members> = { readonly [Name in keyof Omit<Members, "carries">]: Any };

/** The stream that stands for a place in the plan. Nothing is left of its types at run time: the caller says them. */
export function streamOf<K, V, KeyState extends SerdeState, ValueState extends SerdeState>(
  node: StreamNode,
): KStream<K, V, KeyState, ValueState> {
  return new PlannedStream(node) as Any as KStream<K, V, KeyState, ValueState>;
}

/** The table that stands for a place in the plan; see `streamOf`. */
export function tableOf<K, V>(node: TableNode): KTable<K, V, "known", "known"> {
  return new PlannedTable(node) as Any as KTable<K, V, "known", "known">;
}

class PlannedStream implements Erased<KStream<Any, Any>> {
  readonly kind = "stream";
  readonly #node: StreamNode;

  constructor(node: StreamNode) {
    this.#node = node;
  }

  static #nodeOf(given: Any): StreamNode | undefined {
    return typeof given === "object" && given !== null && #node in given ? given.#node : undefined;
  }

  filter(predicate: Predicate<Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(filter(this.#node, predicate, checked("filter", options, predicate)));
  }

  filterNot(predicate: Predicate<Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(
      filterNot(this.#node, predicate, checked("filterNot", options, predicate)),
    );
  }

  map(mapper: KeyValueMapper<Any, Any, Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(map(this.#node, mapper, checked("map", options, mapper)));
  }

  mapValues(mapper: ValueMapper<Any, Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(mapValues(this.#node, mapper, checked("mapValues", options, mapper)));
  }

  flatMap(mapper: FlatMapper<Any, Any, Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(flatMap(this.#node, mapper, checked("flatMap", options, mapper)));
  }

  flatMapValues(mapper: FlatValueMapper<Any, Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(
      flatMapValues(this.#node, mapper, checked("flatMapValues", options, mapper)),
    );
  }

  selectKey(selector: KeySelector<Any, Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(
      selectKey(this.#node, selector, checked("selectKey", options, selector)),
    );
  }

  peek(action: RecordAction<Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(peek(this.#node, action, checked("peek", options, action)));
  }

  foreach(action: RecordAction<Any, Any>, options?: NamedOptions): void {
    foreach(this.#node, action, checked("foreach", options, action));
  }

  merge(other: PlannedStream, options?: NamedOptions): PlannedStream {
    const node = PlannedStream.#nodeOf(other);
    if (node?.recorder !== this.#node.recorder)
      throw new TopologyError(
        "FOREIGN_STREAM",
        `merge was given ${node === undefined ? shown(other) : "a stream of another StreamsBuilder"}; give a stream of the same StreamsBuilder`,
      );
    return new PlannedStream(merge(this.#node, node, checked("merge", options)));
  }

  groupBy(
    selector: KeySelector<Any, Any, Any>,
    options?: GroupedOptions & Serdes,
  ): PlannedGroupedStream {
    return new PlannedGroupedStream(
      groupBy(this.#node, selector, checked("groupBy", options, selector)),
    );
  }

  groupByKey(options?: GroupedOptions & Serdes): PlannedGroupedStream {
    return new PlannedGroupedStream(groupByKey(this.#node, checked("groupByKey", options)));
  }

  to(topic: string | TopicNameExtractor, options?: SinkOptions & Serdes): void {
    to(this.#node, topic, checked("to", options, topic));
  }
}

class PlannedGroupedStream implements Erased<KGroupedStream<Any, Any>> {
  readonly kind = "groupedStream";
  readonly #grouping: Grouping;

  constructor(node: GroupedNode) {
    this.#grouping = new Grouping(node);
  }

  count(options?: AggregationOptions): PlannedTable {
    return new PlannedTable(count(this.#grouping, checked("count", options)));
  }

  reduce(reducer: Aggregator<Any, Any, Any>, options?: AggregationOptions): PlannedTable {
    return new PlannedTable(reduce(this.#grouping, reducer, checked("reduce", options, reducer)));
  }

  aggregate(
    init: () => Any,
    aggregator: Aggregator<Any, Any, Any>,
    options: AggregationOptions & { readonly value: Serde<Any> },
  ): PlannedTable {
    return new PlannedTable(
      aggregate(
        this.#grouping,
        { init, aggregator },
        checked("aggregate", options, init, aggregator),
      ),
    );
  }
}

class PlannedTable implements Erased<KTable<Any, Any>> {
  readonly kind = "table";
  readonly #node: TableNode;

  constructor(node: TableNode) {
    this.#node = node;
  }

  get storeName(): string | undefined {
    return this.#node.storeName;
  }

  toStream(options?: NamedOptions): PlannedStream {
    return new PlannedStream(toStream(this.#node, checked("toStream", options)));
  }
}
