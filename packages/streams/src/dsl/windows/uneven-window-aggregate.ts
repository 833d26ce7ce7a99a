import type { Timestamp, Windowed } from "@millrace/model";

import { ObservedTime } from "../../processor/observed-time.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { Fold, type FoldCallbacks } from "../fold.ts";
import type { TimeWindows } from "./time-windows.ts";
import { WindowUpdates, type WindowUpdatesOptions } from "./window-updates.ts";

/**
 * Aggregates in windows of several sizes. Results of windows that have closed leave before the record that closes them
 * changes anything: no gap in time, and no wall clock, lets one go that the store has forgotten.
 */
export class UnevenWindowAggregateProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #windows: TimeWindows;
  readonly #fold: Fold;
  readonly #kept: WindowUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: WindowUpdates | undefined;
  #streamTime: ObservedTime | undefined;
  /** When the next window closes that is to be emitted, grace apart; the past: not known. */
  #nextEnd: Timestamp = -Infinity;

  constructor(windows: TimeWindows, callbacks: FoldCallbacks, kept: WindowUpdatesOptions) {
    this.#windows = windows;
    this.#fold = new Fold(callbacks);
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#updates = new WindowUpdates(context, this.#kept);
    this.#streamTime = new ObservedTime(context, this.#kept.store);
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
    const starts = windows.startsAt(record.timestamp);
    const closedBefore = streamTime.now - windows.graceMs;
    const closeTime = streamTime.observe(record.timestamp) - windows.graceMs;
    if (!this.#kept.forwardsUpdates && closeTime >= this.#nextEnd)
      this.#nextEnd = this.#emitClosed(record, updates, { closedBefore, closeTime });
    if (starts.length === 0)
      this.#context?.dropRecord(`${windows.name} has no window for its time`);
    for (const start of starts) {
      const end = windows.endOf(start);
      if (end > closeTime) {
        updates.fold(record, { start, end }, this.#fold);
        this.#nextEnd = Math.min(this.#nextEnd, end);
      } else this.#context?.dropRecord(`window [${start}, ${end}) has closed`);
    }
  }

  /** Gives the end of the next one. By time, then key. */
  #emitClosed(
    record: StreamRecord,
    updates: WindowUpdates,
    {
      closedBefore,
      closeTime,
    }: { readonly closedBefore: Timestamp; readonly closeTime: Timestamp },
  ): Timestamp {
    let next = Infinity;
    const isClosed = ({ window: { end } }: Windowed<unknown>): boolean => {
      if (end > closeTime) next = Math.min(next, end);
      return end > closedBefore && end <= closeTime;
    };
    const from = Math.max(0, closedBefore - this.#windows.sizeMs);
    updates.emitClosed({ from, to: Infinity }, record, isClosed);
    return next;
  }
}
