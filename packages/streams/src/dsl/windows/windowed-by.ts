import { int64AsNumber, type Serde } from "@millrace/serde";

import { TopologyError } from "../../error/topology-error.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import type { AggregatePlan } from "../../plan/table-plan.ts";
import type { Aggregator } from "../fold.ts";
import { burnsCountIndex, type AggregationOptions, type Grouping } from "../operators/aggregate.ts";
import { greatestFold } from "../operators/top-n/greatest-values.ts";
import type { ScoreOf } from "../operators/top-n/score.ts";
import type { TableNode } from "../stream-node.ts";
import type { WindowFold, WindowUpdatesOptions } from "./window-updates.ts";
import { windowingOf, type AnyWindows } from "./windowing.ts";

/** When results leave (Kafka: `EmitStrategy`). */
export type EmitStrategy = "onWindowUpdate" | "onWindowClose";

/** A grouped stream in windows: what stands behind a `TimeWindowedKStream` and a `SessionWindowedKStream`. */
export class WindowedGrouping {
  readonly #grouping: Grouping;
  readonly #windows: AnyWindows;
  readonly #forwardsUpdates: boolean;

  constructor(
    grouping: Grouping,
    windows: AnyWindows,
    emitStrategy: EmitStrategy = "onWindowUpdate",
  ) {
    if (emitStrategy === "onWindowClose" && !windows.canClose)
      throw new TopologyError(
        "INVALID_WINDOWS",
        `${windows.name} windows never close; give emitStrategy("onWindowUpdate")`,
      );
    this.#grouping = grouping;
    this.#windows = windows;
    this.#forwardsUpdates = emitStrategy === "onWindowUpdate";
  }

  emitting(emitStrategy: EmitStrategy): WindowedGrouping {
    return new WindowedGrouping(this.#grouping, this.#windows, emitStrategy);
  }

  count(options: AggregationOptions = {}): TableNode {
    const { naming } = this.#grouping.node.recorder;
    // Kafka burns none for sliding windows.
    if (this.#windows.kind !== "sliding" && burnsCountIndex(options))
      naming.store("KSTREAM-AGGREGATE-");
    const fold: WindowFold = {
      operator: "count",
      init: () => 0,
      aggregator: (count) => Number(count) + 1,
      merger: (left, right) => Number(left) + Number(right),
    };
    return this.#add(fold, "KSTREAM-AGGREGATE-", { ...options, value: int64AsNumber() });
  }

  reduce(
    aggregator: Aggregator<unknown, unknown, unknown>,
    options: AggregationOptions = {},
  ): TableNode {
    const fold: WindowFold = {
      operator: "reduce",
      init: undefined,
      aggregator,
      merger: aggregator,
    };
    const { valueSerde } = this.#grouping.node;
    return this.#add(fold, "KSTREAM-REDUCE-", { ...options, value: valueSerde });
  }

  aggregate(
    init: () => unknown,
    callbacks: Pick<WindowFold, "aggregator" | "merger">,
    options: AggregationOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    const fold = { ...callbacks, operator: "aggregate", init };
    return this.#add(fold, "KSTREAM-AGGREGATE-", options);
  }

  /** An addition of ours, of time windows. */
  topN(n: number, by: ScoreOf, options: AggregationOptions = {}): TableNode {
    const { valueSerde: value, ...fold } = greatestFold(n, by, this.#grouping.node.valueSerde);
    return this.#add(fold, "KSTREAM-TOPN-", { ...options, value });
  }

  #add(
    fold: WindowFold,
    prefix: string,
    options: AggregationOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    const grouping = this.#grouping;
    const { recorder, keySerde } = grouping.node;
    const { naming } = recorder;
    const forwardsUpdates = this.#forwardsUpdates;
    const windowing = windowingOf(this.#windows);
    const store = windowing.draftStore(options.store, { prefix, naming }, forwardsUpdates);
    const name = naming.nodeOr(options.name, prefix);
    const input = grouping.input(store);
    const table: AggregatePlan = { kind: "aggregate", store, view: windowing.viewOf(store.name) };
    const plan = operatorPlan({
      name,
      graceMs: windowing.graceMs,
      lower: (topology, parents, tables) => {
        const sendsOldValues = tables.sendsOldValues(table);
        const kept: WindowUpdatesOptions = {
          store: store.name,
          keySerde,
          sendsOldValues,
          hasExactOldValues: tables.sendsExactOldValues(table),
          forwardsUpdates,
        };
        topology.addProcessor({ name, supplier: () => windowing.processorOf(fold, kept), parents });
        const serdes = { key: keySerde, value: options.value };
        topology.addStore(store.specify(serdes, topology.storeDefaults), [name]);
      },
    });
    recorder.add([input], plan);
    return {
      recorder,
      plan,
      keySerde: windowing.keySerdeOf(keySerde),
      valueSerde: options.value,
      storeName: store.isNamedByUser ? store.name : undefined,
      table,
      sources: input.kind === "repartition" ? [input.name] : grouping.node.sources,
    };
  }
}
