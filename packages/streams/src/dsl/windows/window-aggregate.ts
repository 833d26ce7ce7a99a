import type { Timestamp, Windowed } from "@millrace/model";
import { windowed, type Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import type { StoreDraft } from "../../plan/store-draft.ts";
import type { AggregatePlan } from "../../plan/table-plan.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { Fold, type FoldCallbacks } from "../fold.ts";
import type { Grouping } from "../operators/aggregate.ts";
import type { TableNode } from "../stream-node.ts";
import { FinalResults, type ClosedRange } from "./final-results.ts";
import type { TimeWindows } from "./time-windows.ts";
import { WindowUpdates, type WindowUpdatesOptions } from "./window-updates.ts";
import { windowView } from "./window-view.ts";

/** When results leave (Kafka: `EmitStrategy`). */
export type EmitStrategy = "onWindowUpdate" | "onWindowClose";

export interface WindowAggregation extends FoldCallbacks {
  readonly name: string;
  readonly store: StoreDraft;
  readonly valueSerde: Serde<unknown>;
  readonly windows: TimeWindows;
  readonly emitStrategy: EmitStrategy;
}

/** Adds an aggregation of time windows to the plan. */
export function aggregateWindows(grouping: Grouping, aggregation: WindowAggregation): TableNode {
  const { recorder, keySerde } = grouping.node;
  const { name, store, valueSerde, windows, emitStrategy } = aggregation;
  const input = grouping.input(store);
  const table: AggregatePlan = { kind: "aggregate", store, view: windowView(store.name) };
  const plan = operatorPlan({
    name,
    lower: (topology, parents, tables) => {
      const kept: WindowUpdatesOptions = {
        store: store.name,
        keySerde,
        sendsOldValues: tables.sendsOldValues(table),
        forwardsUpdates: emitStrategy === "onWindowUpdate",
      };
      const supplier = (): Processor => new WindowAggregateProcessor(aggregation, kept);
      topology.addProcessor({ name, supplier, parents });
      const serdes = { key: keySerde, value: valueSerde };
      topology.addStore(store.specify(serdes, topology.storeEngine), [name]);
    },
  });
  recorder.add([input], plan);
  const sources = input.kind === "repartition" ? [input.name] : grouping.node.sources;
  return {
    recorder,
    plan,
    keySerde: windowed(keySerde, { size: windows.sizeMs }) as Serde<unknown>,
    valueSerde,
    storeName: store.isNamedByUser ? store.name : undefined,
    table,
    sources,
  };
}

/** Kafka: `KStreamWindowAggregate`. */
class WindowAggregateProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #aggregation: WindowAggregation;
  readonly #fold: Fold;
  readonly #kept: WindowUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: WindowUpdates | undefined;
  #final: FinalResults | undefined;
  #streamTime: Timestamp = -1;

  constructor(aggregation: WindowAggregation, kept: WindowUpdatesOptions) {
    this.#aggregation = aggregation;
    this.#fold = new Fold(aggregation);
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#updates = new WindowUpdates(context, this.#kept);
    const { emitStrategy, windows } = this.#aggregation;
    if (emitStrategy === "onWindowUpdate") return;
    const closedBetween = (last: Timestamp, closeTime: Timestamp): ClosedRange | undefined =>
      closedWindows(windows, last, closeTime);
    this.#final = new FinalResults(context, { name: this.#kept.store, closedBetween });
  }

  process(record: StreamRecord): void {
    const updates = this.#updates;
    if (updates === undefined) return;
    if (record.hasNullKey) {
      this.#context?.dropRecord("null key in an aggregation of windows");
      return;
    }
    const { windows } = this.#aggregation;
    this.#streamTime = Math.max(this.#streamTime, record.timestamp);
    const closeTime = this.#streamTime - windows.graceMs;
    for (const start of windows.startsAt(record.timestamp)) {
      const end = start + windows.sizeMs;
      if (end > closeTime) this.#update(record, start, updates);
      else this.#context?.dropRecord(`window [${start}, ${end}) has closed`);
    }
    this.#final?.emitDue(closeTime, (closed) => this.#emit(closed, record, updates));
  }

  #update(record: StreamRecord, start: Timestamp, updates: WindowUpdates): void {
    const old = updates.read(record, start);
    const timestamp =
      old === null ? record.timestamp : Math.max(record.timestamp, updates.timestampOfRead);
    const newValue = this.#fold.next(old, record);
    const oldValue = updates.forwardsOldValues ? this.#replaced(old, record, start, updates) : null;
    const window = { start, end: start + this.#aggregation.windows.sizeMs };
    updates.write(record, window, { newValue, oldValue, timestamp });
  }

  /** As in Kafka, what the first aggregate of a window replaces is the initial one. */
  #replaced(old: unknown, record: StreamRecord, start: Timestamp, updates: WindowUpdates): unknown {
    if (old === null) return this.#fold.initial();
    // A callback may have changed it since.
    return typeof old === "object" ? updates.read(record, start) : old;
  }

  /** By time, then key. */
  #emit({ from, to }: ClosedRange, record: StreamRecord, updates: WindowUpdates): void {
    const rows: {
      readonly key: Windowed<unknown>;
      readonly value: unknown;
      readonly timestamp: Timestamp;
    }[] = [];
    for (const { key, value } of updates.store.fetchAll({ from, to })) rows.push({ key, ...value });
    // The store gives keys in order; the sort keeps it within one start.
    rows.sort((left, right) => left.key.window.start - right.key.window.start);
    for (const { key, value: newValue, timestamp } of rows)
      updates.emit(key, { newValue, oldValue: undefined, timestamp }, record);
  }
}

function closedWindows(
  windows: TimeWindows,
  last: Timestamp,
  closeTime: Timestamp,
): ClosedRange | undefined {
  const to = closeTime - windows.sizeMs;
  if (to < 0) return undefined;
  if (last === -1) return { from: 0, to };
  const from = Math.max(0, last - windows.sizeMs) + 1;
  // Nothing has closed where both ends lie in the same windows.
  const isSame = String(windows.startsAt(to)) === String(windows.startsAt(from - 1));
  return isSame ? undefined : { from, to };
}
