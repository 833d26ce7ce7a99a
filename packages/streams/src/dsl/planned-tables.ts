import { shown } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";
import type { PlanRecorder } from "../plan/plan.ts";
import type { RowJoiner, TableJoinKind } from "../processor/joined-view.ts";
import { checked, checkedDefinition } from "./operator-options.ts";
import type { AggregationOptions } from "./operators/aggregate.ts";
import { TableGrouping, type AdderAndSubtractor } from "./operators/aggregate-table.ts";
import type { DerivedTableOptions } from "./operators/derived-table.ts";
import type { GroupedOptions } from "./operators/group-by.ts";
import { groupTableBy } from "./operators/group-table-by.ts";
import { joinByForeignKey, type ForeignKeyJoinOptions } from "./operators/join-by-foreign-key.ts";
import { joinTables, type TableJoinNodeOptions } from "./operators/join-tables.ts";
import type { KeyValue } from "./operators/map.ts";
import { suppress } from "./operators/suppress.ts";
import { filterTable, type TablePredicate } from "./operators/table-filter.ts";
import { mapTableValues, type TableValueMapper } from "./operators/table-map-values.ts";
import type { ScoreOf } from "./operators/top-n/score.ts";
import { transformTableValues, type UntypedTransformer } from "./operators/transform-values.ts";
import { toStream, toStreamBy } from "./operators/to-stream.ts";
import type { NamedOptions, StreamNode, TableNode } from "./stream-node.ts";
import type { Suppressed } from "./suppressed.ts";
import type { KGroupedTable } from "./types/k-grouped-table.ts";
import type { KTable } from "./types/k-table.ts";

type Any = unknown;
type Serdes = { readonly key?: Serde<Any>; readonly value?: Serde<Any> };
/** What stands for a stream. */
type StreamOf = (node: StreamNode) => Any;

/** Each member of a public type, without its types: so that none is forgotten. */
type Erased<Members> = { readonly [Name in keyof Omit<Members, "carries">]: Any };

export class PlannedTable implements Erased<KTable<Any, Any>> {
  readonly kind = "table";
  readonly #node: TableNode;
  readonly #streamOf: StreamOf;

  constructor(node: TableNode, streamOf: StreamOf) {
    this.#node = node;
    this.#streamOf = streamOf;
  }

  #derived(node: TableNode): PlannedTable {
    return new PlannedTable(node, this.#streamOf);
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
  ): Any {
    const [first, second] = given;
    return isMapper(first)
      ? this.#streamOf(toStreamBy(this.#node, first, checked("toStream", second)))
      : this.#streamOf(toStream(this.#node, checked("toStream", first)));
  }

  filter(predicate: TablePredicate<Any, Any>, options?: DerivedTableOptions): PlannedTable {
    const given = checked("filter of a table", options, predicate);
    return this.#derived(filterTable(this.#node, "filter", predicate, given));
  }

  filterNot(predicate: TablePredicate<Any, Any>, options?: DerivedTableOptions): PlannedTable {
    const given = checked("filter of a table", options, predicate);
    return this.#derived(filterTable(this.#node, "filterNot", predicate, given));
  }

  mapValues(
    mapper: TableValueMapper<Any, Any, Any>,
    options?: DerivedTableOptions & Pick<Serdes, "value">,
  ): PlannedTable {
    const given = checked("mapValues of a table", options, mapper);
    return this.#derived(mapTableValues(this.#node, mapper, given));
  }

  transformValues(
    definition: UntypedTransformer,
    options?: DerivedTableOptions & Pick<Serdes, "value">,
  ): PlannedTable {
    const given = checkedDefinition("transformValues", definition, options);
    const tableOf = PlannedTable.find;
    return this.#derived(transformTableValues(this.#node, definition, { ...given, tableOf }));
  }

  suppress(suppressed: Suppressed, options?: NamedOptions): PlannedTable {
    const given = checked("suppress", options, suppressed);
    return this.#derived(suppress(this.#node, suppressed, given));
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
      return this.#derived(joinByForeignKey(both, operator, joiner, { ...given, foreignKey }));
    }
    return this.#derived(joinTables({ left: this.#node, right }, kind, joiner, given));
  }

  groupBy(
    mapper: (value: Any, key: Any) => KeyValue<Any, Any>,
    options?: GroupedOptions & Serdes,
  ): PlannedGroupedTable {
    return new PlannedGroupedTable(
      new TableGrouping(
        groupTableBy(this.#node, mapper, checked("groupBy of a table", options, mapper)),
      ),
      this.#streamOf,
    );
  }
}

class PlannedGroupedTable implements Erased<KGroupedTable<Any, Any>> {
  readonly kind = "groupedTable";
  readonly #grouping: TableGrouping;
  readonly #streamOf: StreamOf;

  constructor(grouping: TableGrouping, streamOf: StreamOf) {
    this.#grouping = grouping;
    this.#streamOf = streamOf;
  }

  #table(node: TableNode): PlannedTable {
    return new PlannedTable(node, this.#streamOf);
  }

  count(options?: AggregationOptions): PlannedTable {
    return this.#table(this.#grouping.count(checked("count", options)));
  }

  reduce(reducers: AdderAndSubtractor<Any, Any, Any>, options?: AggregationOptions): PlannedTable {
    return this.#table(
      this.#grouping.reduce(reducers, checked("reduce of a grouped table", options, reducers)),
    );
  }

  topN(n: number, by: ScoreOf, options?: AggregationOptions): PlannedTable {
    return this.#table(this.#grouping.topN(n, by, checked("topN", options, n, by)));
  }

  aggregate(
    init: () => Any,
    aggregators: AdderAndSubtractor<Any, Any, Any>,
    options: AggregationOptions & { readonly value: Serde<Any> },
  ): PlannedTable {
    return this.#table(
      this.#grouping.aggregate(
        init,
        aggregators,
        checked("aggregate of a grouped table", options, init, aggregators),
      ),
    );
  }
}

function isMapper(given: unknown): given is (value: Any, key: Any) => Any {
  return typeof given === "function";
}
