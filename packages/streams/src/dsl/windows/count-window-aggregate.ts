import type { Counted } from "@millrace/serde";
import type { KeyValueStore } from "@millrace/state";

import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import { StreamRecord } from "../../processor/stream-record.ts";
import { openTableStore, type TableStore } from "../../processor/table-store.ts";
import { Fold, type FoldCallbacks } from "../fold.ts";
import type { CountWindows } from "./count-windows.ts";

export interface CountWindowStores {
  /** Aggregates by key and index: those of the windows that are open, and of the one that closed last. */
  readonly aggregates: string;
  /** How many records of a key have come. */
  readonly counts: string;
  readonly sendsOldValues: boolean;
  /** False: results leave when their window is full. */
  readonly forwardsUpdates: boolean;
}

/** Folds each record into the windows of its key that are not full. */
export class CountWindowAggregateProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #windows: CountWindows;
  readonly #fold: Fold;
  readonly #kept: CountWindowStores;
  #context: ProcessorContext | undefined;
  #aggregates: TableStore<Counted<unknown>, unknown> | undefined;
  #counts: KeyValueStore<unknown, number> | undefined;

  constructor(windows: CountWindows, callbacks: FoldCallbacks, kept: CountWindowStores) {
    this.#windows = windows;
    this.#fold = new Fold(callbacks);
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#aggregates = openTableStore(context, this.#kept.aggregates);
    this.#counts = context.store<KeyValueStore<unknown, number>>(this.#kept.counts);
  }

  process(record: StreamRecord): void {
    const counts = this.#counts;
    if (counts === undefined) return;
    if (record.hasNullKey || record.hasNullValue) {
      this.#context?.dropRecord("null key or value in an aggregation of windows");
      return;
    }
    const { size, advance } = this.#windows;
    const count = counts.get(record.key) ?? 0;
    const first = Math.max(0, Math.ceil((count - size + 1) / advance));
    const last = Math.floor(count / advance);
    for (let index = first; index <= last; index += 1)
      this.#update(record, index, count === index * advance + size - 1);
    counts.put(record.key, count + 1);
  }

  #update(record: StreamRecord, index: number, isFull: boolean): void {
    const aggregates = this.#aggregates;
    if (aggregates === undefined) return;
    const key = { key: record.key, index };
    const old = aggregates.readForUpdate(key, null);
    const timestamp =
      old === null ? record.timestamp : Math.max(record.timestamp, aggregates.timestampOfRead);
    const newValue = this.#fold.next(old, record);
    const { sendsOldValues, forwardsUpdates } = this.#kept;
    // A callback may have changed what was read.
    const oldValue = sendsOldValues && forwardsUpdates ? this.#again(key, old) : undefined;
    aggregates.writeUpdated(newValue, timestamp);
    if (forwardsUpdates || isFull) {
      const change = { newValue, oldValue, timestamp };
      this.#context?.forward(StreamRecord.ofChange(key, change, record.headers));
    }
    if (isFull && index > 0) aggregates.put({ key: record.key, index: index - 1 }, null, timestamp);
  }

  #again(key: Counted<unknown>, old: unknown): unknown {
    return typeof old === "object" && old !== null
      ? (this.#aggregates?.readForUpdate(key, null) ?? null)
      : old;
  }
}
