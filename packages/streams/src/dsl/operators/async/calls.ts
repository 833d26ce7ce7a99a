import { isPromise } from "@millrace/model";

import { CallbackError } from "../../../error/callback-error.ts";
import { isProgramMistake } from "../../../error/program-mistake.ts";
import { StreamsError } from "../../../error/streams-error.ts";
import type { AsyncWork, CallCounts } from "../../../processor/async-work.ts";
import { requireSynchronous } from "../../../processor/callback-result.ts";
import { backoffAfter, type CallSettings } from "./call-settings.ts";
import { Call, CallAttempt, type AsyncContext, type Outcome } from "./call.ts";
import { sizeOf, type WaitingRecord } from "./waiting-record.ts";

/** Records that may be held for each call that may be under way: so that calls go on while their task commits. */
const heldPerCall = 4;
/** Bytes that may be held, roughly. */
const heldBytesMax = 16 * 1024 * 1024;

/** Tells all bytes apart. */
const latin1 = new TextDecoder("latin1");

export interface CallsOptions {
  /** Such as `mapValuesAsync`. */
  readonly operator: string;
  readonly node: string;
  readonly settings: CallSettings;
  readonly work: AsyncWork;
  /** True: the next call of a lane begins after the result of the one before it was taken. */
  readonly isSerial: boolean;
  /** Calls the user's function. */
  readonly invoke: (record: WaitingRecord, context: AsyncContext) => unknown;
}

/**
 * The calls of one operator in one task: which are under way, which wait for their turn, and whose results may leave.
 * Calls begin and end whenever the engine likes; what they hold is touched by the task alone.
 *
 * ```
 *  add ──> waiting ──> under way ──> ended ──> ready ──takeReady──>
 *                       ▲      │        (once it is the first of its lane)
 *                       └ back-off
 * ```
 */
export class Calls implements CallCounts {
  readonly #options: CallsOptions;
  /** Those that may begin, oldest first. */
  readonly #waiting: Call[] = [];
  /** Those whose back-off is over. */
  readonly #again: Call[] = [];
  readonly #ready: Call[] = [];
  readonly #lanes = new Map<string, Call[]>();
  readonly #held = new Set<Call>();
  #heldBytes = 0;
  #underWayCount = 0;
  #isClosed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    const { concurrency } = this.#options.settings;
    return this.#held.size >= heldPerCall * concurrency || this.#heldBytes >= heldBytesMax;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  get node(): string {
    return this.#options.node;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  get underWayCount(): number {
    return this.#underWayCount;
  }

  add(sequence: number, record: WaitingRecord): Call {
    const call = new Call(sequence, record, {
      lane: this.#laneOf(record),
      sizeBytes: sizeOf(record),
    });
    this.#held.add(call);
    this.#heldBytes += call.sizeBytes;
    const lane = this.#enter(call);
    if (!this.#options.isSerial || lane === undefined || lane.length === 1)
      this.#waiting.push(call);
    this.#begin();
    return call;
  }

  /** The next call whose result may leave; it is forgotten here. */
  takeReady(): Call | undefined {
    const call = this.#ready.shift();
    if (call === undefined) return undefined;
    this.#held.delete(call);
    this.#heldBytes -= call.sizeBytes;
    const next = this.#leave(call);
    if (next?.outcome !== undefined) this.#ready.push(next);
    else if (next !== undefined && this.#options.isSerial) {
      this.#waiting.push(next);
      this.#begin();
    }
    return call;
  }

  /** Aborts what is under way, and waits for nothing. */
  close(reason: StreamsError): void {
    this.#isClosed = true;
    for (const call of this.#held) {
      const { attempt } = call;
      call.timer?.cancel();
      call.attempt = undefined;
      attempt?.abort(reason);
    }
    this.#held.clear();
    this.#ready.length = this.#waiting.length = this.#again.length = this.#underWayCount = 0;
  }

  #laneOf({ key }: WaitingRecord): string | undefined {
    const { order } = this.#options.settings;
    if (order === "none") return undefined;
    return order === "partition" || key === null ? "" : `key ${latin1.decode(key)}`;
  }

  #enter(call: Call): readonly Call[] | undefined {
    if (call.lane === undefined) return undefined;
    const lane = this.#lanes.get(call.lane) ?? [];
    if (lane.push(call) === 1) this.#lanes.set(call.lane, lane);
    return lane;
  }

  /** @returns the one behind it, which is the first of its lane now */
  #leave({ lane }: Call): Call | undefined {
    if (lane === undefined) return undefined;
    const calls = this.#lanes.get(lane);
    calls?.shift();
    if (calls?.length === 0) this.#lanes.delete(lane);
    return calls?.[0];
  }

  #begin(): void {
    const { concurrency } = this.#options.settings;
    while (!this.#isClosed && this.#underWayCount < concurrency) {
      const call = this.#again.shift() ?? this.#waiting.shift();
      if (call === undefined) return;
      this.#attempt(call);
    }
  }

  #attempt(call: Call): void {
    const { settings, work } = this.#options;
    const { timeoutMs } = settings;
    call.attemptCount += 1;
    const attempt = new CallAttempt(call.record, call.attemptCount);
    call.attempt = attempt;
    this.#underWayCount += 1;
    if (timeoutMs !== undefined)
      call.timer = work.timers.after(timeoutMs, () => {
        const error = this.#timedOut(timeoutMs);
        this.#end(call, attempt, { kind: "error", error });
        attempt.abort(error);
      });
    this.#invoke(call.record, attempt).then(
      (value) => this.#end(call, attempt, { kind: "value", value }),
      (error: unknown) => this.#end(call, attempt, { kind: "error", error }),
    );
  }

  /** What throws before it gives a promise fails as one that rejects. */
  #invoke(record: WaitingRecord, attempt: CallAttempt): PromiseLike<unknown> {
    const { invoke, operator } = this.#options;
    try {
      const given = invoke(record, attempt);
      if (isPromise(given)) return given;
      throw new CallbackError(
        "CALLBACK_GAVE_NO_PROMISE",
        operator,
        `no promise; make it an async function, or use ${operator.replace("Async", "")}, which is synchronous`,
      );
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #end(call: Call, attempt: CallAttempt, outcome: Outcome): void {
    if (call.attempt !== attempt) return; // it has timed out, or the task is closed
    call.attempt = undefined;
    call.timer?.cancel();
    this.#underWayCount -= 1;
    this.#settle(call, outcome);
    this.#begin();
    this.#options.work.wake();
  }

  #settle(call: Call, outcome: Outcome): void {
    const { settings, work, node } = this.#options;
    if (outcome.kind === "error" && call.attemptCount < settings.attempts) {
      const judged = this.#isWorthRetrying(outcome.error);
      if (judged === true) {
        work.onRetry(node);
        call.timer = work.timers.after(backoffAfter(call.attemptCount, settings), () => {
          this.#again.push(call);
          this.#begin();
        });
        return;
      }
      if (judged !== false) {
        this.#finish(call, judged);
        return;
      }
    }
    this.#finish(call, outcome);
  }

  #finish(call: Call, outcome: Outcome): void {
    call.outcome = outcome;
    const isFirst = call.lane === undefined || this.#lanes.get(call.lane)?.[0] === call;
    if (isFirst) this.#ready.push(call);
  }

  /** Or what the judgement itself has thrown. */
  #isWorthRetrying(error: unknown): boolean | Outcome {
    if (isProgramMistake(error)) return false;
    try {
      const { operator, settings } = this.#options;
      return requireSynchronous(settings.when(error), `retry.when of ${operator}`);
    } catch (thrown) {
      return { kind: "error", error: thrown };
    }
  }

  #timedOut(timeoutMs: number): StreamsError {
    const { operator, node } = this.#options;
    return new StreamsError(
      "CALL_TIMED_OUT",
      `a call of ${operator} took longer than its timeout of ${timeoutMs} ms`,
      { node },
    );
  }
}
