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

/**
 * When the results of closed windows are emitted (Kafka: `emitStrategy(onWindowClose)`): after a record, where closing
 * time has moved on, and at most once in `emitInterval` of wall clock. The closing time is committed with the offsets, so
 * that no window is emitted again after a restart.
 */
export class FinalResults {
  readonly #context: ProcessorContext;
  readonly #options: FinalResultsOptions;
  readonly #turns: EmitTurns;
  #lastCloseTime: Timestamp;

  constructor(context: ProcessorContext, options: FinalResultsOptions) {
    this.#context = context;
    this.#options = options;
    this.#turns = new EmitTurns(context.taskScope.emitIntervalMs);
    this.#lastCloseTime = context.taskScope.committedNumbers.get(options.name) ?? -1;
  }

  /** Calls back with the windows that are due. */
  emitDue(closeTime: Timestamp, emit: (closed: ClosedRange) => void): void {
    if (!this.#turns.take(this.#context.currentSystemTimeMs())) return;
    if (this.#lastCloseTime !== -1 && this.#lastCloseTime >= closeTime) return;
    const closed = this.#options.closedBetween(this.#lastCloseTime, closeTime);
    if (closed === undefined) return;
    emit(closed);
    this.#lastCloseTime = closeTime;
    this.#context.taskScope.committedNumbers.set(this.#options.name, closeTime);
  }
}
