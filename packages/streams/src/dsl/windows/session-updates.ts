import { noHeaders, type Timestamp, type Window, type Windowed } from "@millrace/model";
import type { CachedSessionStore } from "@millrace/state";

import type { ProcessorContext } from "../../processor/processor.ts";
import { StreamRecord } from "../../processor/stream-record.ts";
import type { ClosedRange } from "./final-results.ts";
import type { WindowUpdatesOptions } from "./window-updates.ts";

export interface FoundSession {
  readonly window: Window;
  readonly value: unknown;
}

/** As `WindowUpdates`, for a table of sessions: its time is the end of the session, and its records have no headers. */
export class SessionUpdates {
  readonly #store: CachedSessionStore<unknown, unknown>;
  readonly #context: ProcessorContext;
  readonly #options: WindowUpdatesOptions;
  /** True: updates leave with the flush of the cache, or when their window closes. */
  readonly #isSilent: boolean;

  constructor(context: ProcessorContext, options: WindowUpdatesOptions) {
    this.#context = context;
    this.#options = options;
    this.#store = context.store<CachedSessionStore<unknown, unknown>>(options.store);
    this.#isSilent = !options.forwardsUpdates || this.#listen();
  }

  /** The sessions that a record joins, in the order of their ends. */
  find({ key, timestamp }: StreamRecord, gapMs: number): readonly FoundSession[] {
    const earliestEnd = Math.max(0, timestamp - gapMs);
    const found: FoundSession[] = [];
    for (const row of this.#store.findSessions(key, {
      earliestEnd,
      latestStart: timestamp + gapMs,
    }))
      found.push({ window: row.key.window, value: row.value });
    return found;
  }

  /** Of a session that became part of another. */
  remove({ key }: StreamRecord, { window, value }: FoundSession): void {
    const session = { key, window };
    const oldValue =
      this.#options.sendsOldValues && !this.#isSilent ? this.#again(session, value) : null;
    this.#store.remove(session);
    this.#forward(session, null, oldValue);
  }

  put({ key }: StreamRecord, window: Window, value: unknown): void {
    this.#store.put({ key, window }, value);
    this.#forward({ key, window }, value, null);
  }

  /** In the order of time. Gives the newest end; -1: there was none. */
  emit(closed: ClosedRange, { headers }: StreamRecord): Timestamp {
    let newest = -1;
    for (const { key, value } of this.#store.findEnded(closed)) {
      const change = { newValue: value, oldValue: undefined, timestamp: key.window.end };
      this.#context.forward(StreamRecord.ofChange(key, change, headers));
      newest = Math.max(newest, key.window.end);
    }
    return newest;
  }

  /** What was found, to be forwarded: a copy, where the merger may have changed it since. */
  #again(session: Windowed<unknown>, value: unknown): unknown {
    return typeof value === "object" && value !== null
      ? this.#store.fetchSession(session.key, session.window)
      : value;
  }

  #forward(key: Windowed<unknown>, newValue: unknown, old: unknown): void {
    if (this.#isSilent) return;
    const change = changeOf(key, newValue, this.#options.sendsOldValues ? old : undefined);
    this.#context.forward(StreamRecord.ofChange(key, change, noHeaders));
  }

  #listen(): boolean {
    const { sendsOldValues } = this.#options;
    return this.#store.setFlushListener(
      (key, flushed, old, written) => {
        const { headers } = written;
        const timestamp = key.window.end;
        const oldValue = sendsOldValues ? old : undefined;
        const record = StreamRecord.ofFlushed(key, flushed, { oldValue, timestamp, headers });
        this.#context.forwardIn(written, record);
      },
      { sendsOldValues },
    );
  }
}

interface SessionChange {
  readonly newValue: unknown;
  readonly oldValue: unknown;
  readonly timestamp: Timestamp;
}

function changeOf(
  { window }: Windowed<unknown>,
  newValue: unknown,
  oldValue: unknown,
): SessionChange {
  return { newValue, oldValue, timestamp: window.end };
}
