import { shown } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";
import type { PlanRecorder } from "../plan/plan.ts";
import type { RowJoiner } from "../processor/joined-view.ts";
import type { TopicNameExtractor } from "../topology/topology-node.ts";
import { checked, checkedDefinition } from "./operator-options.ts";
import {
  flatMapValuesAsync,
  foreachAsync,
  mapValuesAsync,
  type AsyncCallback,
  type AwaitNodeOptions,
} from "./operators/async/await-values.ts";
import {
  deduplicate,
  type DeduplicateNodeOptions,
  type IdSelector,
} from "./operators/deduplicate.ts";
import type { DerivedTableOptions } from "./operators/derived-table.ts";
import { filter, filterNot, type Predicate } from "./operators/filter.ts";
import { flatMap, type FlatMapper } from "./operators/flat-map.ts";
import { flatMapValues, type FlatValueMapper } from "./operators/flat-map-values.ts";
import { groupBy, groupByKey, type GroupedOptions } from "./operators/group-by.ts";
import { joinAsOf, type AsOfJoinNodeOptions } from "./operators/join-as-of.ts";
import { joinStreams, type StreamsJoinNodeOptions } from "./operators/join-streams.ts";
import {
  joinWithGlobalTable,
  joinWithTable,
  type GlobalJoinNodeOptions,
  type StreamJoinNodeOptions,
} from "./operators/join-table.ts";
import { map, type KeyValueMapper } from "./operators/map.ts";
import { mapValues, type ValueMapper } from "./operators/map-values.ts";
import { merge } from "./operators/merge.ts";
import { foreach, peek, type RecordAction } from "./operators/peek.ts";
import { print, type PrintOptions } from "./operators/print.ts";
import { process, processValues, type UntypedDefinition } from "./operators/process.ts";
import { repartition, type RepartitionNodeOptions } from "./operators/repartition.ts";
import type { StreamsJoinOperator } from "./operators/stream-join/streams-join.ts";
import { selectKey, type KeySelector } from "./operators/select-key.ts";
import { split, type Branches, type Otherwise } from "./operators/split.ts";
import { to, type SinkOptions } from "./operators/to.ts";
import { toTable } from "./operators/to-table.ts";
import { PlannedGroupedStream } from "./planned-grouped-streams.ts";
import { findGlobalTable } from "./planned-global-table.ts";
import { PlannedTable } from "./planned-tables.ts";
import { byName } from "./topic.ts";
import type { NamedOptions, StreamNode, TableNode } from "./stream-node.ts";
import type { KStream } from "./types/k-stream.ts";
import type { KTable } from "./types/k-table.ts";
import type { SerdeState } from "./types/serde-state.ts";
import type { TableStore } from "./types/table-store.ts";

type Any = unknown;
type AnyJoinOptions = StreamJoinNodeOptions & Partial<StreamsJoinNodeOptions>;
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
export function tableOf<K, V, Store extends TableStore>(
  node: TableNode,
): KTable<K, V, "known", "known", Store> {
  return plannedTable(node) as Any as KTable<K, V, "known", "known", Store>;
}

function plannedTable(node: TableNode): PlannedTable {
  return new PlannedTable(node, streamOf);
}

/** What stands behind a stream; undefined for what is none. */
export function findStream(given: Any): StreamNode | undefined {
  return PlannedStream.find(given);
}

class PlannedStream implements Erased<KStream<Any, Any>> {
  readonly kind = "stream";
  readonly #node: StreamNode;

  constructor(node: StreamNode) {
    this.#node = node;
  }

  static find(this: void, given: Any): StreamNode | undefined {
    return typeof given === "object" && given !== null && #node in given ? given.#node : undefined;
  }

  /** What stands behind a stream of the same builder. */
  static #nodeOf(given: Any, recorder: PlanRecorder, operator: string): StreamNode {
    const node = PlannedStream.find(given);
    if (node?.recorder === recorder) return node;
    throw new TopologyError(
      "FOREIGN_STREAM",
      `${operator} was given ${node === undefined ? shown(given) : "a stream of another StreamsBuilder"}; give a stream of the same StreamsBuilder`,
    );
  }

  filter(predicate: Predicate<Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(filter(this.#node, predicate, checked("filter", options, predicate)));
  }

  filterNot(predicate: Predicate<Any, Any>, options?: NamedOptions): PlannedStream {
    return new PlannedStream(
      filterNot(this.#node, predicate, checked("filterNot", options, predicate)),
    );
  }

  map(mapper: KeyValueMapper<Any, Any, Any, Any>, options?: NamedOptions & Serdes): PlannedStream {
    return new PlannedStream(map(this.#node, mapper, checked("map", options, mapper)));
  }

  mapValues(mapper: ValueMapper<Any, Any, Any>, options?: NamedOptions & Serdes): PlannedStream {
    return new PlannedStream(mapValues(this.#node, mapper, checked("mapValues", options, mapper)));
  }

  flatMap(mapper: FlatMapper<Any, Any, Any, Any>, options?: NamedOptions & Serdes): PlannedStream {
    return new PlannedStream(flatMap(this.#node, mapper, checked("flatMap", options, mapper)));
  }

  flatMapValues(
    mapper: FlatValueMapper<Any, Any, Any>,
    options?: NamedOptions & Serdes,
  ): PlannedStream {
    return new PlannedStream(
      flatMapValues(this.#node, mapper, checked("flatMapValues", options, mapper)),
    );
  }

  selectKey(selector: KeySelector<Any, Any, Any>, options?: NamedOptions & Serdes): PlannedStream {
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

  print(write: (line: string) => void, options?: PrintOptions): void {
    print(this.#node, write, checked("print", options, write));
  }

  mapValuesAsync(mapper: AsyncCallback, options?: AwaitNodeOptions): PlannedStream {
    const given = checked("mapValuesAsync", options, mapper);
    return new PlannedStream(mapValuesAsync(this.#node, mapper, given));
  }

  flatMapValuesAsync(mapper: AsyncCallback, options?: AwaitNodeOptions): PlannedStream {
    const given = checked("flatMapValuesAsync", options, mapper);
    return new PlannedStream(flatMapValuesAsync(this.#node, mapper, given));
  }

  foreachAsync(action: AsyncCallback, options?: AwaitNodeOptions): void {
    foreachAsync(this.#node, action, checked("foreachAsync", options, action));
  }

  deduplicate(id: IdSelector, options: DeduplicateNodeOptions): PlannedStream {
    const given = checked("deduplicate", options, id);
    return new PlannedStream(deduplicate(this.#node, id, given));
  }

  asOfJoin(other: Any, joiner: RowJoiner, options: AsOfJoinNodeOptions): PlannedStream {
    const given = checked("asOfJoin", options, other, joiner);
    const right = PlannedStream.#nodeOf(other, this.#node.recorder, "asOfJoin");
    return new PlannedStream(joinAsOf({ left: this.#node, right }, joiner, given));
  }

  merge(other: PlannedStream, options?: NamedOptions & Serdes): PlannedStream {
    const node = PlannedStream.#nodeOf(other, this.#node.recorder, "merge");
    return new PlannedStream(merge(this.#node, node, checked("merge", options)));
  }

  process(
    definition: UntypedDefinition,
    options?: NamedOptions,
  ): PlannedStream | Readonly<Record<string, PlannedStream>> {
    const given = checkedDefinition("process", definition, options);
    const below = process(this.#node, definition, { ...given, tableOf: PlannedTable.find });
    if (!isMap(below)) return new PlannedStream(below);
    return Object.fromEntries([...below].map(([name, node]) => [name, new PlannedStream(node)]));
  }

  processValues(definition: UntypedDefinition, options?: NamedOptions): PlannedStream {
    const given = checkedDefinition("processValues", definition, options);
    const tableOf = PlannedTable.find;
    return new PlannedStream(processValues(this.#node, definition, { ...given, tableOf }));
  }

  groupBy(
    selector: KeySelector<Any, Any, Any>,
    options?: GroupedOptions & Serdes,
  ): PlannedGroupedStream {
    const node = groupBy(this.#node, selector, checked("groupBy", options, selector));
    return new PlannedGroupedStream(node, tableOf);
  }

  groupByKey(options?: GroupedOptions & Serdes): PlannedGroupedStream {
    return new PlannedGroupedStream(
      groupByKey(this.#node, checked("groupByKey", options)),
      tableOf,
    );
  }

  toTable(options?: DerivedTableOptions & Serdes): PlannedTable {
    return plannedTable(toTable(this.#node, checked("toTable", options)));
  }

  repartition(options?: RepartitionNodeOptions): PlannedStream {
    return new PlannedStream(repartition(this.#node, checked("repartition", options)));
  }

  split(
    branches: Readonly<Record<string, Predicate<Any, Any> | Otherwise>> | Branches,
    options?: NamedOptions,
  ): Readonly<Record<string, PlannedStream>> {
    const given = checked("split", options, branches);
    const inOrder = branches instanceof Map ? branches : new Map(Object.entries(branches));
    const nodes = split(this.#node, inOrder, given);
    return Object.fromEntries([...nodes].map(([name, node]) => [name, new PlannedStream(node)]));
  }

  join(other: Any, joiner: RowJoiner, options?: AnyJoinOptions): PlannedStream {
    const isStream = PlannedStream.find(other) !== undefined;
    return isStream
      ? this.#joinedWithStream("join", other, joiner, options)
      : this.#joined("join", other, joiner, options);
  }

  leftJoin(other: Any, joiner: RowJoiner, options?: AnyJoinOptions): PlannedStream {
    const isStream = PlannedStream.find(other) !== undefined;
    return isStream
      ? this.#joinedWithStream("leftJoin", other, joiner, options)
      : this.#joined("leftJoin", other, joiner, options);
  }

  outerJoin(other: Any, joiner: RowJoiner, options?: AnyJoinOptions): PlannedStream {
    return this.#joinedWithStream("outerJoin", other, joiner, options);
  }

  #joinedWithStream(
    operator: StreamsJoinOperator,
    other: Any,
    joiner: RowJoiner,
    options: AnyJoinOptions | undefined,
  ): PlannedStream {
    const right = PlannedStream.#nodeOf(other, this.#node.recorder, operator);
    checked(`${operator} of streams`, options, other, joiner);
    const given = options as StreamsJoinNodeOptions; // `within` is there: it is required
    return new PlannedStream(joinStreams({ left: this.#node, right }, operator, joiner, given));
  }

  #joined(
    operator: "join" | "leftJoin",
    other: Any,
    joiner: RowJoiner,
    options: (StreamJoinNodeOptions & GlobalJoinNodeOptions) | undefined,
  ): PlannedStream {
    const stream = this.#node;
    const global = findGlobalTable(other, stream.recorder, operator);
    if (global !== undefined) {
      const given = checked("join with a global table", options, other, joiner);
      return new PlannedStream(
        joinWithGlobalTable({ stream, table: global }, operator, joiner, given),
      );
    }
    const given = checked(`${operator} of a stream`, options, other, joiner);
    const table = PlannedTable.nodeOf(other, this.#node.recorder, operator);
    return new PlannedStream(joinWithTable({ stream: this.#node, table }, operator, joiner, given));
  }

  to(topic: Any, options?: Any): void {
    const [name, given] = byName<string | TopicNameExtractor, SinkOptions & Serdes>(topic, options);
    to(this.#node, name, checked("to", given, name));
  }
}

function isMap(
  given: StreamNode | ReadonlyMap<string, StreamNode>,
): given is ReadonlyMap<string, StreamNode> {
  return given instanceof Map;
}
