import type { Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import type { TableDemands } from "../../plan/table-demands.ts";
import { isVersioned, type JoinedTablePlan } from "../../plan/table-plan.ts";
import { requireValue } from "../../processor/callback-result.ts";
import { joinedView, type RowJoiner, type TableJoinKind } from "../../processor/joined-view.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { TableView, ValueGetter } from "../../processor/value-getter.ts";
import type { TopologyBuilder } from "../../topology/topology-builder.ts";
import { draftStore, type StoreOption } from "../store-options.ts";
import { requireSerde, type NamedOptions, type TableNode } from "../stream-node.ts";
import { TableUpdates, type TableUpdatesOptions } from "../table-updates.ts";

export type TableJoinNodeOptions = NamedOptions & {
  readonly value?: Serde<unknown>;
  readonly store?: StoreOption;
};

interface TableJoin {
  readonly kind: TableJoinKind;
  readonly joiner: RowJoiner;
  readonly inputs: { readonly left: TableNode; readonly right: TableNode };
  readonly table: JoinedTablePlan;
  /** Of the node that has the results of both sides. */
  readonly name: string;
  /** Of the nodes that join the changes of each side. */
  readonly sides: { readonly left: string; readonly right: string };
  readonly valueSerde: Serde<unknown> | undefined;
  readonly sources: readonly string[];
}

/** `KTable.join`, `leftJoin`, `outerJoin` by the key that both have. */
export function joinTables(
  inputs: TableJoin["inputs"],
  kind: TableJoinKind,
  given: RowJoiner,
  options: TableJoinNodeOptions = {},
): TableNode {
  const { left, right } = inputs;
  const { recorder, keySerde } = left;
  const { naming } = recorder;
  const joiner: RowJoiner = (one, other, key) =>
    requireValue(given(one, other, key), operatorOf[kind]);
  const store =
    options.store === undefined ? undefined : draftStore(options.store, "KTABLE-MERGE-", naming);
  const valueSerde =
    store === undefined ? options.value : requireSerde(options.value, "value", operatorOf[kind]);
  const name = naming.nodeOr(options.name, "KTABLE-MERGE-");
  const sides = {
    left: naming.nodeOr(options.name, "KTABLE-JOINTHIS-", "-join-this"),
    right: naming.nodeOr(options.name, "KTABLE-JOINOTHER-", "-join-other"),
  };
  const table: JoinedTablePlan = {
    kind: "joined",
    left: left.table,
    right: right.table,
    store,
    viewOf: (one, other) => joinedView(kind, joiner, { left: one, right: other }),
  };
  const sources = [...new Set([...left.sources, ...right.sources])];
  const join: TableJoin = { kind, joiner, inputs, table, name, sides, valueSerde, sources };
  const plan = operatorPlan({
    name,
    demand: (tables) => demandOf(join, tables),
    lower: (topology, _parents, tables) => lowerJoin(join, topology, tables),
  });
  recorder.add([left.plan, right.plan], plan);
  const storeName = store?.isNamedByUser === true ? store.name : undefined;
  return { recorder, plan, keySerde, valueSerde, storeName, table, sources };
}

function demandOf({ kind, table }: TableJoin, tables: TableDemands): void {
  if (kind !== "inner") tables.askOldValues(table.left, true);
  if (kind === "outer") tables.askOldValues(table.right, true);
  tables.view(table.left);
  tables.view(table.right);
}

function lowerJoin(join: TableJoin, topology: TopologyBuilder, tables: TableDemands): void {
  const { kind, joiner, inputs, table, name, sides, valueSerde } = join;
  const { keySerde } = inputs.left;
  const { store } = table;
  const sendsOldValues = tables.sendsOldValues(table);
  const views = { left: tables.view(table.left), right: tables.view(table.right) };
  const addSide = (side: "left" | "right", other: TableView): void => {
    const half: TableJoinSide = {
      kind,
      side,
      joiner,
      sendsOldValues,
      other,
      isVersioned: isVersioned(inputs[side].table),
    };
    const supplier = (): Processor => new TableJoinProcessor(half);
    topology.addProcessor({ name: sides[side], supplier, parents: [inputs[side].plan.name] });
  };
  addSide("left", views.right);
  addSide("right", views.left);
  const kept = store && { store: store.name, keySerde, sendsOldValues };
  const supplier = (): Processor => new MergeProcessor(sendsOldValues, kept);
  topology.addProcessor({ name, supplier, parents: [sides.left, sides.right] });
  if (store !== undefined && keySerde !== undefined && valueSerde !== undefined)
    topology.addStore(store.specify({ key: keySerde, value: valueSerde }, topology.storeDefaults), [
      name,
    ]);
  for (const used of views.right.storeNames) topology.connectStore(sides.left, used);
  for (const used of views.left.storeNames) topology.connectStore(sides.right, used);
  topology.copartition(join.sources);
}

const operatorOf = { inner: "join", left: "leftJoin", outer: "outerJoin" } as const;

interface TableJoinSide {
  readonly kind: TableJoinKind;
  /** Whose changes it gets. */
  readonly side: "left" | "right";
  readonly joiner: RowJoiner;
  readonly sendsOldValues: boolean;
  readonly other: TableView;
  /** True: changes that are not the latest of their key are left out. */
  readonly isVersioned: boolean;
}

/** Joins each change of one table with the row that the other has now (Kafka: `KTableKTableInnerJoin` and its like). */
class TableJoinProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #join: TableJoinSide;
  /** True: without a row of the table whose changes come, there is no result. */
  readonly #needsOwn: boolean;
  /** True: without a row of the other table there is no result, and there was none. */
  readonly #needsOther: boolean;
  #context: ProcessorContext | undefined;
  #other: ValueGetter | undefined;

  constructor(join: TableJoinSide) {
    this.#join = join;
    const isLeft = join.side === "left";
    this.#needsOwn = join.kind === "inner" || (join.kind === "left" && isLeft);
    this.#needsOther = join.kind === "inner" || (join.kind === "left" && !isLeft);
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#other = this.#join.other.open(context);
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    const getter = this.#other;
    if (context === undefined || getter === undefined) return;
    if (record.hasNullKey) {
      context.dropRecord("null key in a join of tables");
      return;
    }
    if (this.#join.isVersioned && !record.isLatest) {
      context.dropRecord("an older version of a row in a join of tables", "info");
      return;
    }
    const { key, isLatest } = record;
    const next = record.value ?? null;
    const old = record.oldValue ?? null;
    const other = getter.get(key);
    if (other === null && (this.#needsOther || (next === null && old === null))) return;
    const timestamp = Math.max(record.timestamp, getter.timestamp);
    const newValue = this.#combine(next, other, key);
    const oldValue = this.#join.sendsOldValues ? this.#combine(old, other, key) : undefined;
    context.forward(record.withChange({ newValue, oldValue, timestamp, isLatest }));
  }

  #combine(own: unknown, other: unknown, key: unknown): unknown {
    if (own === null && (this.#needsOwn || other === null)) return null;
    const { side, joiner } = this.#join;
    return side === "left" ? joiner(own, other, key) : joiner(other, own, key);
  }
}

/** The results of both sides as one table (Kafka: `KTableKTableJoinMerger`). */
class MergeProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #sendsOldValues: boolean;
  readonly #kept: TableUpdatesOptions | undefined;
  #context: ProcessorContext | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;

  constructor(sendsOldValues: boolean, kept: TableUpdatesOptions | undefined) {
    this.#sendsOldValues = sendsOldValues;
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    if (this.#kept !== undefined) this.#updates = new TableUpdates(context, this.#kept);
  }

  process(record: StreamRecord): void {
    const newValue = record.value ?? null;
    const oldValue = this.#sendsOldValues ? (record.oldValue ?? null) : undefined;
    const { timestamp, isLatest } = record;
    if (this.#updates === undefined)
      this.#context?.forward(record.withChange({ newValue, oldValue, timestamp, isLatest }));
    else this.#updates.put(record, newValue, oldValue, timestamp);
  }
}
