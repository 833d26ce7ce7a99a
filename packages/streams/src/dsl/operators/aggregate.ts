import { int64AsNumber, type Serde } from "@millrace/serde";

import { operatorPlan, type PlanNode } from "../../plan/plan-node.ts";
import { repartitionPlan } from "../../plan/repartition-plan.ts";
import type { StoreDraft } from "../../plan/store-draft.ts";
import type { AggregatePlan } from "../../plan/table-plan.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { draftStore, type StoreOption } from "../store-options.ts";
import { greatestFold } from "./top-n/greatest-values.ts";
import type { ScoreOf } from "./top-n/score.ts";
import { Fold, type Aggregator, type FoldCallbacks } from "../fold.ts";
import type { GroupedNode, TableNode } from "../stream-node.ts";
import { expiringTable } from "../table-expiry.ts";
import { TableUpdates, type TableUpdatesOptions } from "../table-updates.ts";

export interface AggregationOptions {
  /** Name of the operator in `describe()`. */
  readonly name?: string;
  readonly store?: StoreOption;
}

/** A grouped stream with the repartition topic that its aggregations share where the user named it. */
export class Grouping {
  readonly node: GroupedNode;
  #shared: PlanNode | undefined;

  constructor(node: GroupedNode) {
    this.node = node;
  }

  /** Where an aggregation reads from: the stream itself, or the far end of a repartition topic. */
  input(store: StoreDraft): PlanNode {
    const { node } = this;
    if (!node.needsRepartition) return node.plan;
    const repartition = repartitionPlan(node.recorder.naming, {
      prefix: node.name ?? store.name,
      isNamedByUser: node.name !== undefined || store.isNamedByUser,
      keySerde: node.keySerde,
      valueSerde: node.valueSerde,
    });
    if (this.#shared === undefined || node.name === undefined) this.#shared = repartition;
    node.recorder.add([node.plan], this.#shared);
    return this.#shared;
  }
}

/**
 * Folds the values of each key into an aggregate (Kafka: `KGroupedStream.aggregate`). Records with a null key or
 * value are dropped and counted. The table's time is the highest of the records so far.
 *
 * @example grouped.aggregate(() => 0, (sum, order) => sum + order.total, { value: double() })
 */
export function aggregate(
  grouping: Grouping,
  fold: {
    readonly init: () => unknown;
    readonly aggregator: Aggregator<unknown, unknown, unknown>;
  },
  options: AggregationOptions & { readonly value: Serde<unknown> },
): TableNode {
  const { naming } = grouping.node.recorder;
  const store = draftStore(options.store, "KSTREAM-AGGREGATE-", naming);
  const name = naming.nodeOr(options.name, "KSTREAM-AGGREGATE-");
  const valueSerde = options.value;
  return addAggregation(grouping, { operator: "aggregate", name, store, valueSerde, ...fold });
}

/**
 * Counts the records of each key (Kafka: `KGroupedStream.count`): eight bytes in the store and on the wire, a
 * `number` here. Records with a null key or value are dropped and counted.
 *
 * @example orders.groupByKey().count({ store: "orders-per-customer" })
 */
export function count(grouping: Grouping, options: AggregationOptions = {}): TableNode {
  const { naming } = grouping.node.recorder;
  if (burnsCountIndex(options)) naming.store("KSTREAM-AGGREGATE-");
  return aggregate(
    grouping,
    { init: () => 0, aggregator: (total) => Number(total) + 1 },
    { ...options, value: countSerde },
  );
}

/** Kafka burns an index in `count` where a store was asked for and not named; names behind it depend on it. */
export function burnsCountIndex({ store }: AggregationOptions): boolean {
  return store !== undefined && typeof store !== "string" && store.name === undefined;
}

const countSerde: Serde<unknown> = int64AsNumber();

/**
 * Combines the values of each key, the first one as it is (Kafka: `KGroupedStream.reduce`). Records with a null
 * key or value are dropped and counted.
 *
 * @example temperatures.groupByKey().reduce((highest, next) => Math.max(highest, next))
 */
export function reduce(
  grouping: Grouping,
  reducer: Aggregator<unknown, unknown, unknown>,
  options: AggregationOptions = {},
): TableNode {
  const { recorder, valueSerde } = grouping.node;
  const store = draftStore(options.store, "KSTREAM-REDUCE-", recorder.naming);
  const name = recorder.naming.nodeOr(options.name, "KSTREAM-REDUCE-");
  return addAggregation(grouping, {
    operator: "reduce",
    name,
    store,
    valueSerde,
    init: undefined,
    aggregator: reducer,
  });
}

/**
 * Keeps the n greatest values of each key: an addition of ours.
 *
 * @example readings.groupByKey().topN(3, (reading) => reading.celsius)
 */
export function topN(
  grouping: Grouping,
  { n, by }: { readonly n: number; readonly by: ScoreOf },
  options: AggregationOptions = {},
): TableNode {
  const { recorder, valueSerde } = grouping.node;
  const store = draftStore(options.store, "KSTREAM-TOPN-", recorder.naming);
  const name = recorder.naming.nodeOr(options.name, "KSTREAM-TOPN-");
  return addAggregation(grouping, { name, store, ...greatestFold(n, by, valueSerde) });
}

interface Aggregation extends FoldCallbacks {
  readonly name: string;
  readonly store: StoreDraft;
  readonly valueSerde: Serde<unknown>;
}

function addAggregation(grouping: Grouping, aggregation: Aggregation): TableNode {
  const { recorder, keySerde } = grouping.node;
  const { name, store, valueSerde } = aggregation;
  const input = grouping.input(store);
  const table: AggregatePlan = { kind: "aggregate", store };
  const plan = operatorPlan({
    name,
    lower: (topology, parents, tables) => {
      const kept = {
        store: store.name,
        keySerde,
        sendsOldValues: tables.sendsOldValues(table),
        hasExactOldValues: tables.sendsExactOldValues(table),
      };
      const { engine } = topology.storeDefaults;
      const plain = (): Processor => new AggregateProcessor(aggregation, kept);
      const { supplier, stores } = expiringTable(store, kept, engine, plain);
      topology.addProcessor({ name, supplier, parents });
      const serdes = { key: keySerde, value: valueSerde };
      const specification = store.specify(serdes, topology.storeDefaults);
      for (const one of [specification, ...stores]) topology.addStore(one, [name]);
    },
  });
  recorder.add([input], plan);
  const storeName = store.isNamedByUser ? store.name : undefined;
  const sources = input.kind === "repartition" ? [input.name] : grouping.node.sources;
  return { recorder, plan, keySerde, valueSerde, storeName, table, sources };
}

/** Kafka: `KStreamAggregate`. */
export class AggregateProcessor implements Processor {
  readonly #fold: Fold;
  readonly #kept: TableUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;

  constructor(callbacks: FoldCallbacks, kept: TableUpdatesOptions) {
    this.#fold = new Fold(callbacks);
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#updates = new TableUpdates(context, this.#kept);
  }

  process(record: StreamRecord): void {
    const updates = this.#updates;
    if (updates === undefined) return;
    if (record.hasNullKey || record.hasNullValue) {
      this.#context?.dropRecord("null key or value in an aggregation");
      return;
    }
    const old = updates.read(record);
    const timestamp =
      old === null ? record.timestamp : Math.max(record.timestamp, updates.timestampOfRead);
    const result = this.#fold.next(old, record);
    const replaced = updates.forwardsOldValues ? this.#replaced(old, record, updates) : null;
    updates.write(record, result, replaced, timestamp);
  }

  /** As in Kafka, what the first aggregate of a key replaces is the initial one, unless that is not wanted. */
  #replaced(old: unknown, record: StreamRecord, updates: TableUpdates<unknown, unknown>): unknown {
    if (old !== null) return updates.readAgain(record, old);
    return this.#kept.hasExactOldValues === true ? null : this.#fold.initial();
  }
}
