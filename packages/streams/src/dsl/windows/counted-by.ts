import { counted, int64AsNumber, type Serde } from "@millrace/serde";
import { keyValueStore, timestampedKeyValueStore } from "@millrace/state";

import { operatorPlan } from "../../plan/plan-node.ts";
import type { StoreDraft } from "../../plan/store-draft.ts";
import type { AggregatePlan } from "../../plan/table-plan.ts";
import type { Processor } from "../../processor/processor.ts";
import type { Aggregator, FoldCallbacks } from "../fold.ts";
import { addedStore, type AddedStore, type AddedStoreOption } from "../operators/added-store.ts";
import type { Grouping } from "../operators/aggregate.ts";
import type { NamedOptions, TableNode } from "../stream-node.ts";
import { CountWindowAggregateProcessor } from "./count-window-aggregate.ts";
import type { CountWindows } from "./count-windows.ts";
import type { EmitStrategy } from "./windowed-by.ts";

export type CountedOptions = NamedOptions & { readonly store?: AddedStoreOption };

/** A grouped stream in windows that records fill: what stands behind a `CountWindowedKStream`. */
export class CountedGrouping {
  readonly #grouping: Grouping;
  readonly #windows: CountWindows;
  readonly #emitStrategy: EmitStrategy;

  constructor(
    grouping: Grouping,
    windows: CountWindows,
    emitStrategy: EmitStrategy = "onWindowUpdate",
  ) {
    this.#grouping = grouping;
    this.#windows = windows;
    this.#emitStrategy = emitStrategy;
  }

  emitting(emitStrategy: EmitStrategy): CountedGrouping {
    return new CountedGrouping(this.#grouping, this.#windows, emitStrategy);
  }

  count(options: CountedOptions = {}): TableNode {
    const aggregator = (count: unknown): number => Number(count) + 1;
    const fold: FoldCallbacks = { operator: "count", init: () => 0, aggregator };
    return this.#add(fold, { ...options, value: int64AsNumber() });
  }

  reduce(
    aggregator: Aggregator<unknown, unknown, unknown>,
    options: CountedOptions = {},
  ): TableNode {
    const { valueSerde: value } = this.#grouping.node;
    return this.#add({ operator: "reduce", init: undefined, aggregator }, { ...options, value });
  }

  aggregate(
    init: () => unknown,
    aggregator: Aggregator<unknown, unknown, unknown>,
    options: CountedOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    return this.#add({ operator: "aggregate", init, aggregator }, options);
  }

  #add(
    fold: FoldCallbacks,
    options: CountedOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    const grouping = this.#grouping;
    const { recorder, keySerde } = grouping.node;
    const given = addedStore(recorder, prefix, options);
    const serdes = { key: counted(keySerde) as Serde<unknown>, value: options.value };
    const store = draftOf(given, this.#windows);
    const name = recorder.naming.nodeOr(options.name, prefix);
    const input = grouping.input(store);
    const table: AggregatePlan = { kind: "aggregate", store };
    const plan = operatorPlan({
      name,
      lower: (topology, parents, tables) => {
        const kept = {
          aggregates: store.name,
          counts: `${store.name}-counts`,
          sendsOldValues: tables.sendsOldValues(table),
          forwardsUpdates: this.#emitStrategy === "onWindowUpdate",
        };
        const windows = this.#windows;
        const supplier = (): Processor => new CountWindowAggregateProcessor(windows, fold, kept);
        topology.addProcessor({ name, supplier, parents });
        const { logging, engine = topology.storeDefaults.engine } = given;
        topology.addStore(store.specify(serdes, topology.storeDefaults), [name]);
        const value = int64AsNumber();
        const counts = keyValueStore({ name: kept.counts, key: keySerde, value, logging, engine });
        topology.addStore(counts, [name]);
      },
    });
    recorder.add([input], plan);
    const storeName = store.isNamedByUser ? store.name : undefined;
    const sources = input.kind === "repartition" ? [input.name] : grouping.node.sources;
    return {
      recorder,
      plan,
      keySerde: serdes.key,
      valueSerde: serdes.value,
      storeName,
      table,
      sources,
    };
  }
}

const prefix = "KSTREAM-COUNTWINDOWS-";

/** Never cached: a window that is no longer kept goes without a tombstone. */
function draftOf(given: AddedStore, { size, advance }: CountWindows): StoreDraft {
  const { name, isNamedByUser, logging, engine } = given;
  const windows = `${size} records, one each ${advance}`;
  let made: ReturnType<StoreDraft["specify"]> | undefined;
  return {
    name,
    isNamedByUser,
    specify: (serdes, defaults) => {
      const own = engine ?? defaults.engine;
      const common = { name, ...serdes, caching: false, logging, engine: own };
      made ??= Object.freeze({ ...timestampedKeyValueStore<unknown, unknown>(common), windows });
      return made;
    },
  };
}
