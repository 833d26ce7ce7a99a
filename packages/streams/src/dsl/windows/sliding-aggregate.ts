import type { Timestamp } from "@millrace/model";

import { ObservedTime } from "../../processor/observed-time.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { Fold, type FoldCallbacks } from "../fold.ts";
import { FinalResults, type ClosedRange } from "./final-results.ts";
import { latestFirst, startingEarly, type FoundWindow } from "./found-windows.ts";
import type { SlidingWindows } from "./sliding-windows.ts";
import { WindowUpdates, type WindowUpdatesOptions } from "./window-updates.ts";

/** What a window's next aggregate is made from. */
interface Base {
  readonly value: unknown;
  readonly timestamp: Timestamp;
  /** Start of the window that the store has it under; undefined: it is the initial one. */
  readonly start?: Timestamp;
}

/** Kafka: `KStreamSlidingWindowAggregate`, with its order of windows: the latest first. */
export class SlidingAggregateProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #windows: SlidingWindows;
  readonly #fold: Fold;
  readonly #kept: WindowUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: WindowUpdates | undefined;
  #final: FinalResults | undefined;
  #streamTime: ObservedTime | undefined;
  #closeTime: Timestamp = -Infinity;

  constructor(windows: SlidingWindows, callbacks: FoldCallbacks, kept: WindowUpdatesOptions) {
    this.#windows = windows;
    this.#fold = new Fold(callbacks);
    this.#kept = kept;
  }

  get forwardsAs(): Processor["forwardsAs"] {
    return this.#kept.forwardsUpdates ? undefined : "window-aggregate-final-emit";
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#streamTime = new ObservedTime(context, `${context.nodeName}-stream-time`);
    this.#updates = new WindowUpdates(context, this.#kept);
    if (this.#kept.forwardsUpdates) return;
    const { sizeMs } = this.#windows;
    const closedBetween = (last: Timestamp, closeTime: Timestamp): ClosedRange | undefined => {
      const to = closeTime - sizeMs - 1;
      return to < 0 ? undefined : { from: Math.max(0, last - sizeMs), to };
    };
    this.#final = new FinalResults(context, { name: this.#kept.store, closedBetween });
  }

  process(record: StreamRecord): void {
    const updates = this.#updates;
    const streamTime = this.#streamTime;
    if (updates === undefined || streamTime === undefined) return;
    if (record.hasNullKey || record.hasNullValue) {
      this.#context?.dropRecord("null key or value in an aggregation of sliding windows");
      return;
    }
    const { timestamp } = record;
    const { sizeMs, graceMs } = this.#windows;
    this.#closeTime = streamTime.observe(timestamp) - graceMs;
    this.#final?.noteClosed(this.#closeTime - sizeMs - 1);
    if (timestamp + sizeMs < this.#closeTime) {
      this.#context?.dropRecord(`sliding windows around ${timestamp} have closed`);
      return;
    }
    if (timestamp < sizeMs) {
      // As in Kafka, no results are emitted then.
      this.#updateEarly(record, updates);
      return;
    }
    this.#updateAll(record, updates);
    this.#final?.emitDue(this.#closeTime, (closed) => updates.emitClosed(closed, record));
  }

  /** All windows that the record is in, and those that it makes. */
  #updateAll(record: StreamRecord, updates: WindowUpdates): void {
    const { timestamp } = record;
    const { sizeMs } = this.#windows;
    const found = latestFirst(updates.store, record, {
      sizeMs,
      update: (window) => this.#update(record, window.start, window, updates),
    });
    if (found === undefined) return;
    const previous = (found.before ?? found.left)?.timestamp;
    if (previous !== undefined && previous + 1 + sizeMs >= timestamp && !found.has(previous + 1))
      this.#update(record, previous + 1, this.#initial(record), updates);
    if (found.left === undefined) {
      const base =
        found.before !== undefined && timestamp - sizeMs <= found.before.timestamp
          ? { ...found.before, timestamp }
          : this.#initial(record);
      this.#update(record, timestamp - sizeMs, base, updates);
    }
    this.#addRight(record, found, updates);
  }

  /** Windows would begin before 1970: the first one, from 0, is for all records in its time. */
  #updateEarly(record: StreamRecord, updates: WindowUpdates): void {
    const { timestamp } = record;
    const found = startingEarly(updates.store, record, (window) =>
      this.#update(record, window.start, window, updates),
    );
    const { combined } = found;
    this.#addRight(record, found, updates);
    const previous = combined?.timestamp ?? timestamp;
    if (previous < timestamp && !found.has(previous + 1))
      this.#update(record, previous + 1, this.#initial(record), updates);
    this.#update(record, 0, combined ?? this.#initial(record), updates);
  }

  /** The window that begins behind the record has what others have found there. */
  #addRight(
    record: StreamRecord,
    { right, has }: { readonly right: FoundWindow | undefined; has(start: Timestamp): boolean },
    updates: WindowUpdates,
  ): void {
    const start = record.timestamp + 1;
    if (right === undefined || right.timestamp < start || has(start)) return;
    const { copy: newValue, timestamp } = right;
    const window = { start, end: start + this.#windows.sizeMs };
    updates.put(record, window, { newValue, oldValue: null, timestamp });
  }

  #initial({ timestamp }: StreamRecord): Base {
    return { value: this.#fold.initial(), timestamp };
  }

  #update(record: StreamRecord, start: Timestamp, base: Base, updates: WindowUpdates): void {
    const window = { start, end: start + this.#windows.sizeMs };
    if (window.end < this.#closeTime) {
      this.#context?.dropRecord(`window [${start}, ${window.end}] has closed`);
      return;
    }
    const { value } = base;
    const newValue = this.#fold.next(value, record);
    const oldValue = updates.forwardsOldValues
      ? this.#replaced(record, start, base, updates)
      : null;
    const timestamp =
      value === null ? record.timestamp : Math.max(record.timestamp, base.timestamp);
    updates.put(record, window, { newValue, oldValue, timestamp });
    this.#final?.noteWritten(start, newValue);
  }

  /** What was before: a copy, where the aggregator may have changed it since. */
  #replaced({ key }: StreamRecord, own: Timestamp, base: Base, { store }: WindowUpdates): unknown {
    if (this.#kept.hasExactOldValues === true) return store.fetch(key, own)?.value ?? null;
    const { value, start } = base;
    if (typeof value !== "object" || value === null) return value;
    return start === undefined ? this.#fold.initial() : (store.fetch(key, start)?.value ?? null);
  }
}
