import { int64AsNumber, type Serde } from "@millrace/serde";

import { TopologyError } from "../../error/topology-error.ts";
import type { StoreDraft } from "../../plan/store-draft.ts";
import type { Aggregator } from "../fold.ts";
import { burnsCountIndex, type AggregationOptions, type Grouping } from "../operators/aggregate.ts";
import { draftWindowStore } from "../store-options.ts";
import type { TableNode } from "../stream-node.ts";
import type { TimeWindows } from "./time-windows.ts";
import { aggregateWindows, type EmitStrategy } from "./window-aggregate.ts";

interface FoldOfWindows {
  /** As the user calls it. */
  readonly operator: string;
  readonly init: (() => unknown) | undefined;
  readonly aggregator: Aggregator<unknown, unknown, unknown>;
}

/** A grouped stream in time windows: what stands behind a `TimeWindowedKStream`. */
export class WindowedGrouping {
  readonly #grouping: Grouping;
  readonly #windows: TimeWindows;
  readonly #emitStrategy: EmitStrategy;

  constructor(
    grouping: Grouping,
    windows: TimeWindows,
    emitStrategy: EmitStrategy = "onWindowUpdate",
  ) {
    if (emitStrategy === "onWindowClose" && !windows.canClose)
      throw new TopologyError(
        "INVALID_WINDOWS",
        `${windows.name} windows never close; give emitStrategy("onWindowUpdate")`,
      );
    this.#grouping = grouping;
    this.#windows = windows;
    this.#emitStrategy = emitStrategy;
  }

  emitting(emitStrategy: EmitStrategy): WindowedGrouping {
    return new WindowedGrouping(this.#grouping, this.#windows, emitStrategy);
  }

  count(options: AggregationOptions = {}): TableNode {
    const { naming } = this.#grouping.node.recorder;
    if (burnsCountIndex(options)) naming.store("KSTREAM-AGGREGATE-");
    const fold: FoldOfWindows = {
      operator: "count",
      init: () => 0,
      aggregator: (count) => Number(count) + 1,
    };
    return this.#add(fold, "KSTREAM-AGGREGATE-", { ...options, value: int64AsNumber() });
  }

  reduce(
    aggregator: Aggregator<unknown, unknown, unknown>,
    options: AggregationOptions = {},
  ): TableNode {
    const fold: FoldOfWindows = { operator: "reduce", init: undefined, aggregator };
    const { valueSerde } = this.#grouping.node;
    return this.#add(fold, "KSTREAM-REDUCE-", { ...options, value: valueSerde });
  }

  aggregate(
    init: () => unknown,
    aggregator: Aggregator<unknown, unknown, unknown>,
    options: AggregationOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    return this.#add({ operator: "aggregate", init, aggregator }, "KSTREAM-AGGREGATE-", options);
  }

  #add(
    fold: FoldOfWindows,
    prefix: string,
    options: AggregationOptions & { readonly value: Serde<unknown> },
  ): TableNode {
    const { naming } = this.#grouping.node.recorder;
    const store = this.#draftStore(options, prefix);
    const name = naming.nodeOr(options.name, prefix);
    return aggregateWindows(this.#grouping, {
      ...fold,
      name,
      store,
      valueSerde: options.value,
      windows: this.#windows,
      emitStrategy: this.#emitStrategy,
    });
  }

  #draftStore(options: AggregationOptions, prefix: string): StoreDraft {
    const { sizeMs, graceMs } = this.#windows;
    const { naming } = this.#grouping.node.recorder;
    return draftWindowStore(
      options.store,
      { prefix, naming },
      {
        sizeMs,
        retentionMsMin: sizeMs + graceMs,
        mayCache: this.#emitStrategy === "onWindowUpdate",
      },
    );
  }
}
