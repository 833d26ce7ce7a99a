import type { Serde } from "@millrace/serde";

import { TopologyError } from "../../error/topology-error.ts";
import { operatorPlan, type PlanNode } from "../../plan/plan-node.ts";
import { repartitionPlan } from "../../plan/repartition-plan.ts";
import type { StoreDraft } from "../../plan/store-draft.ts";
import type { AggregatePlan } from "../../plan/table-plan.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { storeView } from "../../processor/value-getter.ts";
import type { Aggregator, Merger } from "../fold.ts";
import { draftStore } from "../store-options.ts";
import type { GroupedNode, TableNode } from "../stream-node.ts";
import type { WindowUpdatesOptions } from "../windows/window-updates.ts";
import { windowingOf, type AnyWindows, type Windowing } from "../windows/windowing.ts";
import { AggregateProcessor, type AggregationOptions } from "./aggregate.ts";

const prefix = "COGROUPKSTREAM-AGGREGATE-";

/** How the table of a `Cogrouping` is made. */
export interface CogroupFold {
  readonly init: () => unknown;
  /** Of sessions. */
  readonly merger?: Merger<unknown, unknown>;
  /** Absent: one aggregate for each key. */
  readonly windows?: AnyWindows;
}

/** Grouped streams that share an aggregate, each with its aggregator (Kafka: `CogroupedKStreamImpl`). */
export class Cogrouping {
  readonly #valueSerde: Serde<unknown>;
  readonly #groups: ReadonlyMap<GroupedNode, Aggregator<unknown, unknown, unknown>>;
  /** The tables that are made from here share the repartition topics. */
  readonly #repartitions: Map<GroupedNode, PlanNode>;

  constructor(
    valueSerde: Serde<unknown>,
    groups: ReadonlyMap<GroupedNode, Aggregator<unknown, unknown, unknown>>,
    repartitions = new Map<GroupedNode, PlanNode>(),
  ) {
    this.#valueSerde = valueSerde;
    this.#groups = groups;
    this.#repartitions = repartitions;
  }

  with(group: GroupedNode, aggregator: Aggregator<unknown, unknown, unknown>): Cogrouping {
    if (group.recorder !== this.#first.recorder)
      throw new TopologyError(
        "FOREIGN_STREAM",
        "cogroup was given a grouped stream of another StreamsBuilder; give one of the same StreamsBuilder",
      );
    const groups = new Map([...this.#groups, [group, aggregator] as const]);
    return new Cogrouping(this.#valueSerde, groups, this.#repartitions);
  }

  /** One aggregation for each group, all with the same store, and a node where their changes come together. */
  aggregate({ init, merger, windows }: CogroupFold, options: AggregationOptions = {}): TableNode {
    const { recorder, keySerde } = this.#first;
    const { naming } = recorder;
    const windowing = windows === undefined ? unwindowed : windowingOf(windows);
    const store = windowing.draftStore(options.store, { prefix, naming }, true);
    const inputs = [...this.#groups].map(([group, aggregator]) => ({
      group,
      aggregator,
      plan: this.#input(group, store),
    }));
    const sources = inputs.flatMap(({ plan, group }) =>
      plan.kind === "repartition" ? [plan.name] : group.sources,
    );
    const table: AggregatePlan = { kind: "aggregate", store, view: windowing.viewOf(store.name) };
    const serdes = { key: keySerde, value: this.#valueSerde };
    const aggregations = inputs.map(({ group, aggregator, plan: input }, index) => {
      const name = naming.nodeOr(options.name, prefix, `-cogroup-agg-${index}`);
      const fold = { operator: "aggregate", init, aggregator, merger };
      const plan = operatorPlan({
        name,
        graceMs: windowing.graceMs,
        lower: (topology, parents, tables) => {
          const kept: WindowUpdatesOptions = {
            store: store.name,
            keySerde: group.keySerde,
            sendsOldValues: tables.sendsOldValues(table),
            hasExactOldValues: tables.sendsExactOldValues(table),
            forwardsUpdates: true,
          };
          topology.addProcessor({
            name,
            supplier: () => windowing.processorOf(fold, kept),
            parents,
          });
          topology.addStore(store.specify(serdes, topology.storeDefaults), [name]);
        },
      });
      recorder.add([input], plan);
      return plan;
    });
    const name = naming.nodeOr(options.name, "COGROUPKSTREAM-MERGE-", "-cogroup-merge");
    const plan = operatorPlan({
      name,
      lower: (topology, parents) => {
        topology.addProcessor({ name, supplier: () => new PassingProcessor(), parents });
        topology.copartition(sources);
      },
    });
    recorder.add(aggregations, plan);
    return {
      recorder,
      plan,
      keySerde: windowing.keySerdeOf(keySerde),
      valueSerde: this.#valueSerde,
      storeName: store.isNamedByUser ? store.name : undefined,
      table,
      sources,
    };
  }

  get #first(): GroupedNode {
    const [first] = this.#groups.keys();
    return first;
  }

  #input(group: GroupedNode, store: StoreDraft): PlanNode {
    const { recorder, plan, needsRepartition, name, keySerde, valueSerde } = group;
    if (!needsRepartition) return plan;
    // Kafka takes the names also where there is a topic already.
    const made = repartitionPlan(recorder.naming, {
      prefix: name ?? store.name,
      isNamedByUser: name !== undefined || store.isNamedByUser,
      keySerde,
      valueSerde,
    });
    const shared = this.#repartitions.get(group);
    if (shared !== undefined) return shared;
    this.#repartitions.set(group, made);
    recorder.add([plan], made);
    return made;
  }
}

const unwindowed: Windowing = {
  graceMs: undefined,
  keySerdeOf: (key) => key,
  draftStore: (option, { naming }) => draftStore(option, prefix, naming),
  viewOf: storeView,
  processorOf: (fold, kept) => new AggregateProcessor(fold, kept),
};

/** Kafka: `KTablePassThrough`. */
class PassingProcessor implements Processor {
  #context: ProcessorContext | undefined;

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#context?.forward(record);
  }
}
