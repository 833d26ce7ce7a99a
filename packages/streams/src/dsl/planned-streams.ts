import { shown } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";
import type { PlanRecorder } from "../plan/plan.ts";
import type { RowJoiner, TableJoinKind } from "../processor/joined-view.ts";
import type { TopicNameExtractor } from "../topology/topology-node.ts";
import { checked, checkedDefinition } from "./operator-options.ts";
import type { AggregationOptions } from "./operators/aggregate.ts";
import { TableGrouping, type AdderAndSubtractor } from "./operators/aggregate-table.ts";
import {
  flatMapValuesAsync,
  foreachAsync,
  mapValuesAsync,
  type AsyncCallback,
  type AwaitNodeOptions,
} from "./operators/async/await-values.ts";
import type { DerivedTableOptions } from "./operators/derived-table.ts";
import { filter, filterNot, type Predicate } from "./operators/filter.ts";
import { flatMap, type FlatMapper } from "./operators/flat-map.ts";
import { flatMapValues, type FlatValueMapper } from "./operators/flat-map-values.ts";
import { groupBy, groupByKey, type GroupedOptions } from "./operators/group-by.ts";
import { groupTableBy } from "./operators/group-table-by.ts";
import { joinByForeignKey, type ForeignKeyJoinOptions } from "./operators/join-by-foreign-key.ts";
import { joinStreams, type StreamsJoinNodeOptions } from "./operators/join-streams.ts";
import { joinTables, type TableJoinNodeOptions } from "./operators/join-tables.ts";
import {
  joinWithGlobalTable,
  joinWithTable,
  type GlobalJoinNodeOptions,
  type StreamJoinNodeOptions,
} from "./operators/join-table.ts";
import { map, type KeyValue, type KeyValueMapper } from "./operators/map.ts";
import { mapValues, type ValueMapper } from "./operators/map-values.ts";
import { merge } from "./operators/merge.ts";
import { foreach, peek, type RecordAction } from "./operators/peek.ts";
import { process, processValues, type UntypedDefinition } from "./operators/process.ts";
import { repartition, type RepartitionNodeOptions } from "./operators/repartition.ts";
import type { StreamsJoinOperator } from "./operators/stream-join/streams-join.ts";
import { selectKey, type KeySelector } from "./operators/select-key.ts";
import { split, type Branches, type Otherwise } from "./operators/split.ts";
import { suppress } from "./operators/suppress.ts";
import { filterTable, type TablePredicate } from "./operators/table-filter.ts";
import { mapTableValues, type TableValueMapper } from "./operators/table-map-values.ts";
import { to, type SinkOptions } from "./operators/to.ts";
import { toStream, toStreamBy } from "./operators/to-stream.ts";
import { toTable } from "./operators/to-table.ts";
import { PlannedGroupedStream } from "./planned-grouped-streams.ts";
import { findGlobalTable } from "./planned-global-table.ts";
import type { NamedOptions, StreamNode, TableNode } from "./stream-node.ts";
import type { Suppressed } from "./suppressed.ts";
import type { KGroupedTable } from "./types/k-grouped-table.ts";
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
  return new PlannedTable(node) as Any as KTable<K, V, "known", "known", Store>;
}

class PlannedStream implements Erased<KStream<Any, Any>> {
  readonly kind = "stream";
  readonly #node: StreamNode;

  constructor(node: StreamNode) {
    this.#node = node;
  }

  static #find(given: Any): StreamNode | undefined {
    return typeof given === "object" && given !== null && #node in given ? given.#node : undefined;
  }

  /** What stands behind a stream of the same builder. */
  static #nodeOf(given: Any, recorder: PlanRecorder, operator: string): StreamNode {
    const node = PlannedStream.#find(given);
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
    return new PlannedTable(toTable(this.#node, checked("toTable", options)));
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
    const isStream = PlannedStream.#find(other) !== undefined;
    return isStream
      ? this.#joinedWithStream("join", other, joiner, options)
      : this.#joined("join", other, joiner, options);
  }

  leftJoin(other: Any, joiner: RowJoiner, options?: AnyJoinOptions): PlannedStream {
    const isStream = PlannedStream.#find(other) !== undefined;
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

  to(topic: string | TopicNameExtractor, options?: SinkOptions & Serdes): void {
    to(this.#node, topic, checked("to", options, topic));
  }
}

class PlannedTable implements Erased<KTable<Any, Any>> {
  readonly kind = "table";
  readonly #node: TableNode;

  constructor(node: TableNode) {
    this.#node = node;
  }

  /** What stands behind a table; undefined for what is none. */
  static find(this: void, given: Any): TableNode | undefined {
    return typeof given === "object" && given !== null && #node in given ? given.#node : undefined;
  }

  /** What stands behind a table of the same builder. */
  static nodeOf(given: Any, recorder: PlanRecorder, operator: string): TableNode {
    const node = PlannedTable.find(given);
    if (node?.recorder === recorder) return node;
    throw new TopologyError(
      "FOREIGN_STREAM",
      `${operator} was given ${node !== undefined ? "a table of another StreamsBuilder" : shown(given)}; give a table of the same StreamsBuilder`,
    );
  }

  get storeName(): string | undefined {
    return this.#node.storeName;
  }

  toStream(
    ...given: [mapper: (value: Any, key: Any) => Any, options?: NamedOptions] | [NamedOptions?]
  ): PlannedStream {
    const [first, second] = given;
    return isMapper(first)
      ? new PlannedStream(toStreamBy(this.#node, first, checked("toStream", second)))
      : new PlannedStream(toStream(this.#node, checked("toStream", first)));
  }

  filter(predicate: TablePredicate<Any, Any>, options?: DerivedTableOptions): PlannedTable {
    const given = checked("filter of a table", options, predicate);
    return new PlannedTable(filterTable(this.#node, "filter", predicate, given));
  }

  filterNot(predicate: TablePredicate<Any, Any>, options?: DerivedTableOptions): PlannedTable {
    const given = checked("filter of a table", options, predicate);
    return new PlannedTable(filterTable(this.#node, "filterNot", predicate, given));
  }

  mapValues(
    mapper: TableValueMapper<Any, Any, Any>,
    options?: DerivedTableOptions & Pick<Serdes, "value">,
  ): PlannedTable {
    const given = checked("mapValues of a table", options, mapper);
    return new PlannedTable(mapTableValues(this.#node, mapper, given));
  }

  suppress(suppressed: Suppressed, options?: NamedOptions): PlannedTable {
    const given = checked("suppress", options, suppressed);
    return new PlannedTable(suppress(this.#node, suppressed, given));
  }

  join(other: Any, joiner: RowJoiner, options?: TableJoinNodeOptions): PlannedTable {
    return this.#joined("inner", other, joiner, options);
  }

  leftJoin(other: Any, joiner: RowJoiner, options?: TableJoinNodeOptions): PlannedTable {
    return this.#joined("left", other, joiner, options);
  }

  outerJoin(other: Any, joiner: RowJoiner, options?: TableJoinNodeOptions): PlannedTable {
    return this.#joined("outer", other, joiner, options);
  }

  #joined(
    kind: TableJoinKind,
    other: Any,
    joiner: RowJoiner,
    options: (TableJoinNodeOptions & Partial<ForeignKeyJoinOptions>) | undefined,
  ): PlannedTable {
    const row = kind === "outer" ? "outerJoin of tables" : "join of tables";
    const given = checked(row, options, other, joiner);
    const right = PlannedTable.nodeOf(other, this.#node.recorder, "join");
    if (given?.foreignKey !== undefined) {
      const { foreignKey } = given;
      const operator = kind === "left" ? "leftJoin" : "join";
      const both = { left: this.#node, right };
      return new PlannedTable(joinByForeignKey(both, operator, joiner, { ...given, foreignKey }));
    }
    return new PlannedTable(joinTables({ left: this.#node, right }, kind, joiner, given));
  }

  groupBy(
    mapper: (value: Any, key: Any) => KeyValue<Any, Any>,
    options?: GroupedOptions & Serdes,
  ): PlannedGroupedTable {
    return new PlannedGroupedTable(
      new TableGrouping(
        groupTableBy(this.#node, mapper, checked("groupBy of a table", options, mapper)),
      ),
    );
  }
}

class PlannedGroupedTable implements Erased<KGroupedTable<Any, Any>> {
  readonly kind = "groupedTable";
  readonly #grouping: TableGrouping;

  constructor(grouping: TableGrouping) {
    this.#grouping = grouping;
  }

  count(options?: AggregationOptions): PlannedTable {
    return new PlannedTable(this.#grouping.count(checked("count", options)));
  }

  reduce(reducers: AdderAndSubtractor<Any, Any, Any>, options?: AggregationOptions): PlannedTable {
    return new PlannedTable(
      this.#grouping.reduce(reducers, checked("reduce of a grouped table", options, reducers)),
    );
  }

  aggregate(
    init: () => Any,
    aggregators: AdderAndSubtractor<Any, Any, Any>,
    options: AggregationOptions & { readonly value: Serde<Any> },
  ): PlannedTable {
    return new PlannedTable(
      this.#grouping.aggregate(
        init,
        aggregators,
        checked("aggregate of a grouped table", options, init, aggregators),
      ),
    );
  }
}

function isMap(
  given: StreamNode | ReadonlyMap<string, StreamNode>,
): given is ReadonlyMap<string, StreamNode> {
  return given instanceof Map;
}

function isMapper(given: unknown): given is (value: Any, key: Any) => Any {
  return typeof given === "function";
}
