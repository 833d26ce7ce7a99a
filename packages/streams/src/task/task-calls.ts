import { messageOf } from "@millrace/model";
import { OwnedGauges, type Clock, type Metrics, type Timers } from "@millrace/platform";

import type { WaitBounds } from "@millrace/serde";
import type { RecordInput } from "@millrace/state";

import {
  provideAsyncWork,
  type AsyncWork,
  type AwaitingOperator,
} from "../processor/async-work.ts";
import { defaultSerdeTimeoutMs, type StreamTaskOptions } from "./stream-task-options.ts";
import type { TaskContext } from "./task-context.ts";
import { toldOutage } from "./told-outage.ts";

/** Between two lines of the log about what one operator gives up. */
const logIntervalMs = 60_000;

/** Decides about what fails while a result is delivered, and sends dead letters. */
export interface ResultOwner {
  beginResult(): void;
  /** Comes back to go on; else throws. */
  onResultError(node: string, thrown: unknown): void;
  sendResultLetter(node: string, cause: unknown): void;
}

/** What the operators of a task await. Their results are delivered one by one, in the task's own time. */
export class TaskCalls implements AsyncWork {
  readonly timers: Pick<Timers, "after">;
  readonly wake: () => void;
  readonly waits: Omit<WaitBounds, "wake">;
  readonly hasDeadLetterTopic: boolean;
  readonly #context: TaskContext;
  readonly #owner: ResultOwner;
  readonly #metrics: Metrics;
  readonly #gauges: OwnedGauges;
  readonly #clock: Clock;
  readonly #operators: AwaitingOperator[] = [];
  readonly #givenUp = new Map<string, { unlogged: number; loggedMs: number }>();
  /** Whose turn was the last. */
  #turn = 0;

  constructor(context: TaskContext, owner: ResultOwner, options: StreamTaskOptions) {
    this.timers = options.timers;
    this.wake = options.wake;
    const { clock, timers, config } = options;
    const timeoutMs = config.serdeTimeoutMs ?? defaultSerdeTimeoutMs;
    const onOutage = toldOutage(context.logger);
    this.waits = { clock, timers, timeoutMs, onOutage };
    this.hasDeadLetterTopic = options.config.deadLetterTopic !== undefined;
    this.#context = context;
    this.#owner = owner;
    this.#metrics = options.metrics;
    this.#gauges = new OwnedGauges(options.metrics);
    this.#clock = options.clock;
    provideAsyncWork(context.scope, this);
  }

  register(operator: AwaitingOperator): void {
    this.#operators.push(operator);
    const { node } = operator.calls;
    this.#gauges.gauge("async-waiting-count", () => operator.calls.heldCount, this.#tagsOf(node));
  }

  close(): void {
    this.#gauges.remove();
  }

  get input(): RecordInput | undefined {
    return this.#context.recordContext.input;
  }

  /** True: no more records for now. */
  get areFull(): boolean {
    for (const operator of this.#operators) if (operator.isFull) return true;
    return false;
  }

  get haveResults(): boolean {
    for (const operator of this.#operators) if (operator.hasResults) return true;
    return false;
  }

  get count(): number {
    return this.#operators.reduce((sum, { calls }) => sum + calls.underWayCount, 0);
  }

  /** Delivers one result, if there is any; the operators take turns. */
  deliver(): void {
    const operators = this.#operators;
    for (let count = 0; count < operators.length; count++) {
      this.#turn = (this.#turn + 1) % operators.length;
      const result = operators[this.#turn].takeResult();
      if (result === undefined) continue;
      const { recordContext } = this.#context;
      recordContext.copyFrom(result.record);
      this.#context.beginTurn(result.node, true);
      this.#owner.beginResult();
      try {
        result.deliver();
      } catch (thrown) {
        const { input } = recordContext;
        recordContext.copyFrom(result.record);
        recordContext.input = input;
        this.#owner.onResultError(result.node, thrown);
      }
      this.#context.endTurn();
      return;
    }
  }

  save(): void {
    for (const operator of this.#operators) operator.save();
  }

  onRetry(node: string): void {
    this.#counter("async-retries-total", node).add(1);
  }

  onGivenUp(node: string, cause: unknown): void {
    const { dropped, logger, input } = this.#context;
    dropped.counter.add(1);
    this.#counter("async-given-up-total", node).add(1);
    const nowMs = this.#clock.monotonicMs();
    const told = this.#givenUp.get(node) ?? { unlogged: 0, loggedMs: -Infinity };
    this.#givenUp.set(node, told);
    told.unlogged += 1;
    if (nowMs - told.loggedMs < logIntervalMs) return;
    logger.log("warn", "streams.async-given-up", {
      node,
      records: told.unlogged,
      ...input,
      reason: messageOf(cause),
    });
    told.unlogged = 0;
    told.loggedMs = nowMs;
  }

  sendDeadLetter(node: string, cause: unknown): void {
    this.#owner.sendResultLetter(node, cause);
  }

  #counter(name: string, node: string) {
    return this.#metrics.counter(name, this.#tagsOf(node));
  }

  #tagsOf(node: string) {
    return { "task-id": this.#context.taskName, "processor-node-id": node };
  }
}
