import { int64AsNumber, list, type Serde } from "@millrace/serde";
import type { StoreEngineKind, StoreSpecification } from "@millrace/state";

import { TopologyError } from "../../error/topology-error.ts";
import { operatorPlan, type PlanNode } from "../../plan/plan-node.ts";
import type { AggregatePlan } from "../../plan/table-plan.ts";
import { requireValue } from "../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { changelogName } from "../../topology/subtopology.ts";
import type { NodeSerdeUse } from "../../topology/topology-node.ts";
import { draftStore, type StoreOptions } from "../store-options.ts";
import type { Aggregator } from "../fold.ts";
import type { GroupedTableNode, TableNode } from "../stream-node.ts";
import { expiringTable, type RowProcessor } from "../table-expiry.ts";
import { TableUpdates, type TableUpdatesOptions } from "../table-updates.ts";
import type { AggregationOptions } from "./aggregate.ts";
import { changedSerde, type ChangedValue } from "./changed-serde.ts";
import { tableRepartition } from "./table-repartition.ts";
import { candidateStore } from "./top-n/candidates.ts";
import type { ScoreOf } from "./top-n/score.ts";
import { TopOfTableProcessor } from "./top-n/top-of-table.ts";

type AnyAggregator = Aggregator<unknown, unknown, unknown>;

/** How the rows of a grouped table come into an aggregate, and how they leave it. */
export interface AdderAndSubtractor<K, V, A> {
  readonly adder: Aggregator<K, V, A>;
  /** Undoes what the adder did with the value. */
  readonly subtractor: Aggregator<K, V, A>;
}

interface TableFold {
  /** As the user calls it. */
  readonly operator: string;
  /** Undefined: the first value stands for itself. */
  readonly init: (() => unknown) | undefined;
  readonly adder: AnyAggregator;
  readonly subtractor: AnyAggregator;
}

interface TableNames {
  readonly prefix: string;
  readonly storePrefix: string;
  /** True: its store may have a time to live. */
  readonly mayExpire: boolean;
}

/** How the rows of a group become one. */
interface TableProcessor {
  readonly supplier: () => RowProcessor;
  /** Besides that of the table. */
  readonly stores: (defaultEngine: StoreEngineKind) => readonly StoreSpecification[];
  readonly serdeUses?: readonly NodeSerdeUse[];
}

/** A grouped table with the repartition topic that its aggregations share where the user named it. */
export class TableGrouping {
  readonly node: GroupedTableNode;
  #shared: PlanNode | undefined;

  constructor(node: GroupedTableNode) {
    this.node = node;
  }

  count(options: AggregationOptions = {}): TableNode {
    return this.#fold(
      {
        operator: "count",
        init: () => 0,
        adder: (count) => Number(count) + 1,
        subtractor: (count) => Number(count) - 1,
      },
      "KTABLE-AGGREGATE-",
      { ...options, value: int64AsNumber() },
    );
  }

  reduce(
    { adder, subtractor }: AdderAndSubtractor<unknown, unknown, unknown>,
    options: AggregationOptions = {},
  ): TableNode {
    const fold: TableFold = { operator: "reduce", init: undefined, adder, subtractor };
    return this.#fold(fold, "KTABLE-REDUCE-", { ...options, value: this.node.valueSerde });
  }

  aggregate(
    init: () => unknown,
    { adder, subtractor }: AdderAndSubtractor<unknown, unknown, unknown>,
    options: AggregationOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    const fold: TableFold = { operator: "aggregate", init, adder, subtractor };
    return this.#fold(fold, "KTABLE-AGGREGATE-", options);
  }

  /** An addition of ours. */
  topN(n: number, by: ScoreOf, options: AggregationOptions = {}): TableNode {
    const { keySerde, valueSerde } = this.node;
    const top = { n, by, serdes: { key: keySerde, value: valueSerde } };
    return this.#add(
      {
        prefix: "KTABLE-TOPN-",
        storePrefix: "KTABLE-TOPN-",
        mayExpire: true,
        // What leaves is found by its value: nothing may leave that was not there.
        demand: (tables) => tables.askExactOldValues(this.node.table),
      },
      { ...options, value: list(valueSerde) as Serde<unknown> },
      (kept) => {
        const candidates = `${kept.store}-candidates`;
        const topic = changelogName(candidates);
        const {
          caching = true,
          logging = true,
          engine,
        }: StoreOptions = typeof options.store === "object" ? options.store : {};
        return {
          supplier: () => new TopOfTableProcessor({ ...top, candidates }, kept),
          stores: (defaultEngine) => [
            candidateStore({ name: candidates, caching, logging, engine: engine ?? defaultEngine }),
          ],
          serdeUses: [
            { serde: keySerde, part: "key", topic },
            { serde: valueSerde, part: "value", topic },
          ],
        };
      },
    );
  }

  #fold(
    fold: TableFold,
    prefix: string,
    options: AggregationOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    // Kafka names the store of all three after aggregate.
    const names = { prefix, storePrefix: "KTABLE-AGGREGATE-", mayExpire: false };
    return this.#add(names, options, (kept) => ({
      supplier: () => new TableAggregateProcessor(fold, kept),
      stores: () => [],
    }));
  }

  #add(
    { prefix, storePrefix, mayExpire, demand }: TableNames & Pick<PlanNode, "demand">,
    options: AggregationOptions & { readonly value: Serde<unknown> },
    makeProcessor: (kept: TableUpdatesOptions) => TableProcessor,
  ): TableNode {
    const { recorder, keySerde } = this.node;
    const { value: valueSerde } = options;
    if (!mayExpire && typeof options.store === "object" && options.store.ttl !== undefined)
      throw new TopologyError(
        "INVALID_ARGUMENT",
        "an aggregation of a table was given a store with ttl; give it to the table that is grouped: its rows leave the aggregate when they expire",
      );
    const store = draftStore(options.store, storePrefix, recorder.naming);
    const { naming } = recorder;
    const sink = naming.nodeOr(options.name, "KSTREAM-SINK-", "-sink");
    const source = naming.nodeOr(options.name, "KSTREAM-SOURCE-", "-source");
    const name = naming.nodeOr(options.name, prefix);
    const topic = `${this.node.name ?? store.name}-repartition`;
    if (this.node.name === undefined && !store.isNamedByUser) naming.noteGenerated(topic);
    const repartition =
      this.node.name === undefined || this.#shared === undefined
        ? tableRepartition({ topic, sink, source, keySerde, valueSerde: this.#changedSerde })
        : this.#shared;
    this.#shared = repartition;
    recorder.add([this.node.plan], repartition);
    const table: AggregatePlan = { kind: "aggregate", store };
    const plan = operatorPlan({
      name,
      ...(demand === undefined ? {} : { demand }),
      lower: (topology, parents, tables) => {
        const kept = { store: store.name, keySerde, sendsOldValues: tables.sendsOldValues(table) };
        const { engine } = topology.storeDefaults;
        const made = makeProcessor(kept);
        const { supplier, stores } = expiringTable(store, kept, engine, made.supplier);
        const { serdeUses = [] } = made;
        topology.addProcessor({ name, supplier, parents, serdeUses });
        const serdes = { key: keySerde, value: valueSerde };
        const own = store.specify(serdes, topology.storeDefaults);
        for (const one of [own, ...made.stores(engine), ...stores]) topology.addStore(one, [name]);
      },
    });
    recorder.add([repartition], plan);
    const storeName = store.isNamedByUser ? store.name : undefined;
    const sources = [repartition.name];
    return { recorder, plan, keySerde, valueSerde, storeName, table, sources };
  }

  get #changedSerde(): Serde<unknown> {
    return changedSerde(this.node.valueSerde);
  }
}

/** Takes the old value of a row out of its aggregate and puts the new one in (Kafka: `KTableAggregate`, `KTableReduce`). */
class TableAggregateProcessor implements Processor {
  readonly #fold: TableFold;
  readonly #kept: TableUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;

  constructor(fold: TableFold, kept: TableUpdatesOptions) {
    this.#fold = fold;
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
      this.#context?.dropRecord("null key or value in the aggregation of a table");
      return;
    }
    const { newValue, oldValue } = record.value as ChangedValue;
    const old = updates.read(record);
    const timestamp =
      old === null ? record.timestamp : Math.max(record.timestamp, updates.timestampOfRead);
    const between = oldValue === null || old === null ? old : this.#subtract(old, oldValue, record);
    const result = newValue === null ? between : this.#add(between, newValue, record);
    const replaced = updates.forwardsOldValues ? updates.readAgain(record, old) : null;
    updates.write(record, result, replaced, timestamp);
  }

  #subtract(aggregate: unknown, value: unknown, record: StreamRecord): unknown {
    return requireValue(this.#fold.subtractor(aggregate, value, record.key), this.#fold.operator);
  }

  #add(aggregate: unknown, value: unknown, record: StreamRecord): unknown {
    const { init, adder, operator } = this.#fold;
    if (aggregate === null && init === undefined) return value;
    const before = aggregate ?? requireValue(init?.(), `${operator}'s initialiser`);
    return requireValue(adder(before, value, record.key), operator);
  }
}
