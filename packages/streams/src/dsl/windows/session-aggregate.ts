import type { Timestamp, Window } from "@millrace/model";

import { requireValue } from "../../processor/callback-result.ts";
import { ObservedTime } from "../../processor/observed-time.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { Fold } from "../fold.ts";
import { FinalResults, type ClosedRange } from "./final-results.ts";
import type { SessionWindows } from "./session-windows.ts";
import { SessionUpdates, type FoundSession } from "./session-updates.ts";
import type { WindowFold, WindowUpdatesOptions } from "./window-updates.ts";

/** Kafka: `KStreamSessionWindowAggregate`. */
export class SessionAggregateProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #windows: SessionWindows;
  readonly #callbacks: WindowFold;
  readonly #fold: Fold;
  readonly #kept: WindowUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: SessionUpdates | undefined;
  #final: FinalResults | undefined;
  #streamTime: ObservedTime | undefined;

  constructor(windows: SessionWindows, callbacks: WindowFold, kept: WindowUpdatesOptions) {
    this.#windows = windows;
    this.#callbacks = callbacks;
    this.#fold = new Fold(callbacks);
    this.#kept = kept;
  }

  get forwardsAs(): Processor["forwardsAs"] {
    return this.#kept.forwardsUpdates ? undefined : "window-aggregate-final-emit";
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#streamTime = new ObservedTime(context, `${context.nodeName}-stream-time`);
    this.#updates = new SessionUpdates(context, this.#kept);
    if (this.#kept.forwardsUpdates) return;
    this.#final = new FinalResults(context, { name: this.#kept.store, closedBetween: closedEnds });
  }

  process(record: StreamRecord): void {
    const updates = this.#updates;
    const streamTime = this.#streamTime;
    if (updates === undefined || streamTime === undefined) return;
    if (record.hasNullKey) {
      this.#context?.dropRecord("null key in an aggregation of sessions");
      return;
    }
    const { gapMs, graceMs } = this.#windows;
    const closeTime = streamTime.observe(record.timestamp) - graceMs - gapMs;
    this.#final?.noteClosed(closeTime - 1);
    const found = updates.find(record, gapMs);
    const initial = this.#fold.initial();
    const window = around(record.timestamp, found);
    if (window.end < closeTime)
      this.#context?.dropRecord(`session [${window.start}, ${window.end}] has closed`);
    else this.#update(record, window, { found, initial }, updates);
    this.#final?.emitDue(closeTime, (closed) => updates.emit(closed, record));
  }

  /** The record comes last, behind all that was merged. */
  #update(
    record: StreamRecord,
    window: Window,
    { found, initial }: { readonly found: readonly FoundSession[]; readonly initial: unknown },
    updates: SessionUpdates,
  ): void {
    let aggregate = initial;
    for (const { value } of found) aggregate = this.#merged(aggregate, value, record.key);
    if (window.start !== window.end)
      for (const one of found) {
        updates.remove(record, one);
        this.#final?.noteWritten(one.window.end, null);
      }
    const value = this.#next(aggregate, record);
    updates.put(record, window, value);
    this.#final?.noteWritten(window.end, value);
  }

  /** Null where a merger gave it: there is no second initial aggregate. */
  #next(aggregate: unknown, { key, value }: StreamRecord): unknown {
    const { aggregator, init, operator } = this.#callbacks;
    if (aggregate === null && init === undefined) return value ?? null;
    return requireValue(aggregator(aggregate, value ?? null, key), operator);
  }

  #merged(left: unknown, right: unknown, key: unknown): unknown {
    const { operator, init, merger } = this.#callbacks;
    if (left === null && init === undefined) return right;
    return requireValue(merger?.(left, right, key), `${operator}'s merger`);
  }
}

function around(timestamp: Timestamp, found: readonly FoundSession[]): Window {
  let start = timestamp;
  let end = timestamp;
  for (const { window } of found) {
    start = Math.min(start, window.start);
    end = Math.max(end, window.end);
  }
  return { start, end };
}

/** By their ends, which are inclusive. */
function closedEnds(last: Timestamp, closeTime: Timestamp): ClosedRange | undefined {
  const to = closeTime - 1;
  const from = Math.max(0, last);
  return to >= from ? { from, to } : undefined;
}
