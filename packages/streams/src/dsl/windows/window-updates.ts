import type { Timestamp, Window, Windowed } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { UpdatableWindowStore } from "@millrace/state";

import type { ProcessorContext } from "../../processor/processor.ts";
import { StreamRecord } from "../../processor/stream-record.ts";
import type { ClosedRange } from "./final-results.ts";
import type { Fold, FoldCallbacks, Merger } from "../fold.ts";

/** How values come into the aggregates of windows. */
export interface WindowFold extends FoldCallbacks {
  /** Of sessions. */
  readonly merger?: Merger<unknown, unknown> | undefined;
}

export interface WindowUpdatesOptions {
  readonly store: string;
  /** Of the records that come in: their bytes are used where it read them. */
  readonly keySerde: Serde<unknown>;
  readonly sendsOldValues: boolean;
  /** Nothing is replaced by a window's first aggregate; default: the initial one is, as in Kafka. */
  readonly hasExactOldValues?: boolean;
  /** False: results leave by `emit` alone, when their window closes. */
  readonly forwardsUpdates: boolean;
}

/** As `TableUpdates`, for a table of windows. */
export class WindowUpdates {
  readonly store: UpdatableWindowStore<unknown, unknown>;
  readonly #context: ProcessorContext;
  readonly #options: WindowUpdatesOptions;
  /** True: updates are forwarded by the flush of the cache. */
  readonly #isCached: boolean;

  constructor(context: ProcessorContext, options: WindowUpdatesOptions) {
    this.#context = context;
    this.#options = options;
    this.store = context.store<UpdatableWindowStore<unknown, unknown>>(options.store);
    this.#isCached = options.forwardsUpdates && this.#listen();
  }

  /** The aggregate of the record's key in the window that starts then, or null: the caller's own. */
  read(record: StreamRecord, start: Timestamp): unknown {
    const bytes = record.keyBytesAsRead(this.#options.keySerde);
    return this.store.readForUpdate(record.key, bytes, start);
  }

  get timestampOfRead(): Timestamp {
    return this.store.timestampOfRead;
  }

  /** True: `write` forwards the old value that it is given. */
  get forwardsOldValues(): boolean {
    const { sendsOldValues, forwardsUpdates } = this.#options;
    return sendsOldValues && forwardsUpdates && !this.#isCached;
  }

  /** Writes the window that was read last, and forwards, now or with the flush. */
  write(record: StreamRecord, window: Window, change: WindowChange): void {
    const { newValue, timestamp } = change;
    this.store.writeUpdated(newValue, timestamp);
    this.#forward(record, window, change);
  }

  /** Takes the record into the aggregate of a window, and gives that. */
  fold(record: StreamRecord, window: Window, fold: Fold): unknown {
    const { start } = window;
    const old = this.read(record, start);
    const timestamp =
      old === null ? record.timestamp : Math.max(record.timestamp, this.timestampOfRead);
    const newValue = fold.next(old, record);
    const oldValue = this.forwardsOldValues ? this.#replaced(old, record, { start, fold }) : null;
    this.write(record, window, { newValue, oldValue, timestamp });
    return newValue;
  }

  /** As in Kafka, what the first aggregate of a window replaces is the initial one, unless that is not wanted. */
  #replaced(
    old: unknown,
    record: StreamRecord,
    { start, fold }: { readonly start: Timestamp; readonly fold: Fold },
  ): unknown {
    if (old === null) return this.#options.hasExactOldValues === true ? null : fold.initial();
    // A callback may have changed it since.
    return typeof old === "object" ? this.read(record, start) : old;
  }

  /** As `write`, for a window that was not read. */
  put(record: StreamRecord, window: Window, change: WindowChange): void {
    const { newValue: value, timestamp } = change;
    this.store.put(record.key, value === null ? null : { value, timestamp }, window.start);
    this.#forward(record, window, change);
  }

  #forward(record: StreamRecord, window: Window, change: WindowChange): void {
    if (this.#isCached || !this.#options.forwardsUpdates) return;
    const oldValue = this.#options.sendsOldValues ? change.oldValue : undefined;
    this.emit({ key: record.key, window }, { ...change, oldValue }, record);
  }

  /** The windows of all keys that have closed leave, by time, then key. Gives the newest start; -1: there was none. */
  emitClosed(
    closed: ClosedRange,
    record: StreamRecord,
    isClosed: (key: Windowed<unknown>) => boolean = () => true,
  ): Timestamp {
    let newest = -1;
    for (const { key, value } of this.store.fetchAll(closed)) {
      if (!isClosed(key)) continue;
      const { value: newValue, timestamp } = value;
      this.emit(key, { newValue, oldValue: undefined, timestamp }, record);
      newest = Math.max(newest, key.window.start);
    }
    return newest;
  }

  emit(key: Windowed<unknown>, change: WindowChange, { headers }: StreamRecord): void {
    this.#context.forward(StreamRecord.ofChange(key, change, headers));
  }

  #listen(): boolean {
    const { sendsOldValues } = this.#options;
    return this.store.setFlushListener(
      (key, flushed, old, written) => {
        const { headers, valueTimestamp: timestamp } = written;
        const oldValue = sendsOldValues ? old : undefined;
        const record = StreamRecord.ofFlushed(key, flushed, { oldValue, timestamp, headers });
        this.#context.forwardIn(written, record);
      },
      { sendsOldValues },
    );
  }
}

export interface WindowChange {
  readonly newValue: unknown;
  readonly oldValue: unknown;
  readonly timestamp: Timestamp;
}
