import type { Timestamp } from "@millrace/model";

import type { ProcessorContext } from "../../processor/processor.ts";
import { EmitTurns } from "../emit-turns.ts";

/** Which windows have closed since results were last emitted: by their starts, sessions by their ends. */
export interface ClosedRange {
  readonly from: Timestamp;
  readonly to: Timestamp;
}

export interface FinalResultsOptions {
  /** Where the time up to which windows were emitted is committed, beside offsets. */
  readonly name: string;
  /** The windows that have closed; undefined: none. `last` is -1 at first. */
  readonly closedBetween: (last: Timestamp, closeTime: Timestamp) => ClosedRange | undefined;
}

/** Emits the windows of a range; gives the newest that there was, by its start or its end as the range is; -1: none. */
export type EmitClosed = (closed: ClosedRange) => Timestamp;

/**
 * When the results of closed windows are emitted (Kafka: `emitStrategy(onWindowClose)`): after a record, where closing
 * time has moved on, and at most once in `emitInterval` of wall clock. The closing time is committed with the offsets, so
 * that no window is emitted again after a restart.
 *
 * As in Kafka, a window that the store does not keep any more when its turn comes is lost: that is told.
 */
export class FinalResults {
  readonly #context: ProcessorContext;
  readonly #options: FinalResultsOptions;
  readonly #turns: EmitTurns;
  #lastCloseTime: Timestamp;
  /** The newest that was written: start of a window, end of a session. */
  #newest: Timestamp = -1;
  /** The newest that has closed and was not emitted. */
  #waiting: Timestamp = -1;

  constructor(context: ProcessorContext, options: FinalResultsOptions) {
    this.#context = context;
    this.#options = options;
    this.#turns = new EmitTurns(context.taskScope.emitIntervalMs);
    this.#lastCloseTime = context.taskScope.committedNumbers.take(options.name);
  }

  /** Notes what is written, by the start of a window, the end of a session; null deletes, and leaves nothing to emit. */
  noteWritten(time: Timestamp, value: unknown): void {
    if (value !== null) this.#newest = Math.max(this.#newest, time);
    else if (time === this.#newest) this.#newest = -1;
  }

  /** Before a record is taken in that moves time on to where windows up to then, with it, have closed. */
  noteClosed(until: Timestamp): void {
    if (this.#newest <= until) this.#waiting = this.#newest;
  }

  /** Calls back with the windows that are due. */
  emitDue(closeTime: Timestamp, emit: EmitClosed): void {
    if (!this.#turns.take(this.#context.currentSystemTimeMs())) return;
    if (this.#lastCloseTime !== -1 && this.#lastCloseTime >= closeTime) return;
    const closed = this.#options.closedBetween(this.#lastCloseTime, closeTime);
    if (closed === undefined) return;
    const newest = emit(closed);
    const isLost = this.#waiting >= closed.from && this.#waiting <= closed.to;
    if (isLost && newest < this.#waiting) this.#tellLost();
    this.#waiting = -1;
    this.#lastCloseTime = closeTime;
    this.#context.taskScope.committedNumbers.set(this.#options.name, closeTime);
  }

  #tellLost(): void {
    this.#context.taskScope.tellLost(
      `results of windows that have closed were not in store ${this.#options.name} any more when they were to be emitted; ` +
        "give its table a retention longer than time may jump from one record to the next",
    );
  }
}
