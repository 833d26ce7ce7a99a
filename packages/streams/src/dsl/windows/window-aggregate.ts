import type { Timestamp } from "@millrace/model";

import { ObservedTime } from "../../processor/observed-time.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { Fold, type FoldCallbacks } from "../fold.ts";
import { FinalResults, type ClosedRange } from "./final-results.ts";
import type { TimeWindows } from "./time-windows.ts";
import { WindowUpdates, type WindowUpdatesOptions } from "./window-updates.ts";

/** Kafka: `KStreamWindowAggregate`. */
export class WindowAggregateProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #windows: TimeWindows;
  readonly #fold: Fold;
  readonly #kept: WindowUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: WindowUpdates | undefined;
  #final: FinalResults | undefined;
  #streamTime: ObservedTime | undefined;

  constructor(windows: TimeWindows, callbacks: FoldCallbacks, kept: WindowUpdatesOptions) {
    this.#windows = windows;
    this.#fold = new Fold(callbacks);
    this.#kept = kept;
  }

  get forwardsAs(): Processor["forwardsAs"] {
    return this.#kept.forwardsUpdates ? undefined : "window-aggregate-final-emit";
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    tellOfMany(this.#windows, context);
    this.#streamTime = new ObservedTime(context, `${context.nodeName}-stream-time`);
    this.#updates = new WindowUpdates(context, this.#kept);
    if (this.#kept.forwardsUpdates) return;
    const closedBetween = (last: Timestamp, closeTime: Timestamp): ClosedRange | undefined =>
      closedWindows(this.#windows, last, closeTime);
    this.#final = new FinalResults(context, { name: this.#kept.store, closedBetween });
  }

  process(record: StreamRecord): void {
    const updates = this.#updates;
    const streamTime = this.#streamTime;
    if (updates === undefined || streamTime === undefined) return;
    if (record.hasNullKey) {
      this.#context?.dropRecord("null key in an aggregation of windows");
      return;
    }
    const windows = this.#windows;
    const closeTime = streamTime.observe(record.timestamp) - windows.graceMs;
    this.#final?.noteClosed(closeTime - windows.sizeMs);
    for (const start of windows.startsAt(record.timestamp)) {
      const end = windows.endOf(start);
      if (end > closeTime) {
        const value = updates.fold(record, { start, end }, this.#fold);
        this.#final?.noteWritten(start, value);
      } else this.#context?.dropRecord(`window [${start}, ${end}) has closed`);
    }
    this.#final?.emitDue(closeTime, (closed) => updates.emitClosed(closed, record));
  }
}

/** Of windows that records fill, more are refused; Kafka takes these. */
const windowsTold = 1000;

function tellOfMany(
  { name, sizeMs, startsAt }: TimeWindows,
  { taskScope }: ProcessorContext,
): void {
  const count = startsAt(sizeMs).length;
  if (count > windowsTold)
    taskScope.tellCostly(
      `each record is in ${count} windows of ${name}, all of which it reads and writes; give a larger advance, or take sliding windows, which change with their records alone`,
    );
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
  // Nothing has closed where both ends lie in the same windows: the first and the last tell, there may be many.
  const now = windows.startsAt(to);
  const before = windows.startsAt(from - 1);
  const isSame = now.at(0) === before.at(0) && now.at(-1) === before.at(-1);
  return isSame ? undefined : { from, to };
}
