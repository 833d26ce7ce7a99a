import { invariant, noHeaders, type Timestamp } from "@millrace/model";
import type { TimedWork } from "@millrace/platform";

import { requireSynchronous } from "../processor/callback-result.ts";
import type { PunctuationRequest, PunctuationType } from "../processor/punctuation.ts";
import { nextOnGrid, PunctuationQueue, type Punctuation } from "./punctuation-queue.ts";
import type { TaskContext } from "./task-context.ts";

/** Decides about what timers throw. */
export interface TimerOwner {
  beginPunctuation(): void;
  /** Comes back to go on; else throws. */
  onPunctuationError(node: string, thrown: unknown): void;
}

/** The timers that the processors of a task have set. They are gone with the task. */
export class TaskTimers {
  readonly #context: TaskContext;
  readonly #owner: TimerOwner;
  readonly #work: TimedWork | undefined;
  readonly #queues = { streamTime: new PunctuationQueue(), wallClockTime: new PunctuationQueue() };
  #lastWallMs: Timestamp = -Infinity;
  #isClosed = false;

  /** @param work undefined: it is not measured */
  constructor(context: TaskContext, owner: TimerOwner, work?: TimedWork) {
    this.#context = context;
    this.#owner = owner;
    this.#work = work;
  }

  /** Disposing the result ends the timer, also from within its own call. */
  schedule(
    node: string,
    { type, intervalMs, startTime, punctuate }: PunctuationRequest,
  ): Disposable {
    const now = this.#now(type);
    const firstTime = startTime ?? (type === "streamTime" ? 0 : now + intervalMs);
    const isPast = startTime !== undefined && startTime < now;
    const punctuation: Punctuation = {
      node,
      punctuate,
      intervalMs,
      isAwaitingStart: startTime !== undefined && !isPast,
      dueTime: isPast ? nextOnGrid({ dueTime: startTime, intervalMs }, now) : firstTime,
      isCancelled: false,
    };
    if (!this.#isClosed) this.#queues[type].add(punctuation);
    return {
      [Symbol.dispose]: () => {
        punctuation.isCancelled = true;
      },
    };
  }

  /** True: `run` has something to do. Before the first record there is no stream time. */
  isDue(type: PunctuationType): boolean {
    const queue = this.#queues[type];
    return queue.nextTime !== Infinity && this.#now(type) >= queue.nextTime;
  }

  /** Calls the timers of a clock that are due; see `PunctuationQueue.run`. */
  run(type: PunctuationType, isOver?: () => boolean): number {
    return this.#queues[type].run(this.#now(type), this.#call, isOver);
  }

  /** Milliseconds until a timer is due, as far as that is known: 0 or less, one is; Infinity, none will be. */
  get untilNextMs(): number {
    if (this.isDue("streamTime")) return 0;
    const { wallClockTime: queue } = this.#queues;
    if (queue.nextTime === Infinity) return Infinity;
    const now = this.#now("wallClockTime");
    return queue.nextTime - now;
  }

  close(): void {
    this.#isClosed = true;
    this.#queues.streamTime.clear();
    this.#queues.wallClockTime.clear();
  }

  #now(type: PunctuationType): Timestamp {
    return type === "streamTime" ? this.#context.streamTime() : this.#wallTime();
  }

  #wallTime(): Timestamp {
    const now = this.#context.wallTime();
    if (now < this.#lastWallMs) this.#queues.wallClockTime.turnBack(now);
    this.#lastWallMs = now;
    return now;
  }

  /** A timer's record is nobody's: it has a time, and neither topic nor headers (Kafka: `StreamTask.punctuate`). */
  readonly #call = ({ node, punctuate }: Punctuation, now: Timestamp): void => {
    invariant(!this.#isClosed, "TASK-8", node);
    const { recordContext } = this.#context;
    recordContext.topic = null;
    recordContext.partition = -1;
    recordContext.offset = -1;
    recordContext.timestamp = now;
    recordContext.headers = noHeaders;
    this.#context.beginTurn(node);
    this.#owner.beginPunctuation();
    const beginMs = this.#work?.begin() ?? 0;
    try {
      requireSynchronous(punctuate(now), "a timer");
    } catch (thrown) {
      this.#owner.onPunctuationError(node, thrown);
    }
    this.#work?.end(beginMs);
    this.#context.endTurn();
  };
}
