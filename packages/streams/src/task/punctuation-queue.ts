import type { Timestamp } from "@millrace/model";

import type { Punctuator } from "../processor/punctuation.ts";
import { TimeHeap } from "./time-heap.ts";

/** A timer of a node (Kafka: `PunctuationSchedule`). */
export interface Punctuation {
  readonly node: string;
  readonly punctuate: Punctuator;
  readonly intervalMs: number;
  /** True: its first call is for a time that was named, and has not come yet. */
  isAwaitingStart: boolean;
  /** When it is due next. */
  dueTime: Timestamp;
  isCancelled: boolean;
}

/** The timers that go by one clock, in the order in which they are due (Kafka: `PunctuationQueue`). */
export class PunctuationQueue {
  readonly #heap = new TimeHeap<Punctuation>();

  /** When the next one is due, or was before it was cancelled; Infinity: none is there. */
  get nextTime(): Timestamp {
    return this.#heap.firstTime;
  }

  add(punctuation: Punctuation): void {
    this.#heap.offer(punctuation, punctuation.dueTime);
  }

  /**
   * Calls those that are due, each once for all times that it has missed, and puts them back at their next time,
   * unless they were cancelled meanwhile. Those that a call adds have their turn too, if they are due.
   *
   * @param isOver asked after each call: true leaves the others for the next time
   * @returns how many were called
   */
  run(
    now: Timestamp,
    call: (punctuation: Punctuation, now: Timestamp) => void,
    isOver: (() => boolean) | undefined,
  ): number {
    const heap = this.#heap;
    let count = 0;
    while (heap.firstTime <= now) {
      const punctuation = heap.poll();
      if (punctuation === undefined || punctuation.isCancelled) continue;
      call(punctuation, now);
      count += 1;
      if (!punctuation.isCancelled) {
        punctuation.isAwaitingStart = false;
        punctuation.dueTime = nextOnGrid(punctuation, now);
        this.add(punctuation);
      }
      if (isOver?.() === true) break;
    }
    return count;
  }

  /** The clock has gone back: who goes by intervals waits for one at most, and keeps to its grid. */
  turnBack(now: Timestamp): void {
    const turned: Punctuation[] = [];
    for (let one = this.#heap.poll(); one !== undefined; one = this.#heap.poll()) turned.push(one);
    for (const punctuation of turned) {
      const { dueTime, intervalMs, isAwaitingStart } = punctuation;
      const ahead = isAwaitingStart ? 0 : Math.ceil((dueTime - now) / intervalMs) - 1;
      punctuation.dueTime -= Math.max(0, ahead) * intervalMs;
      this.add(punctuation);
    }
  }

  clear(): void {
    this.#heap.clear();
  }
}

/** The first time after `now` that is a whole number of intervals from where the timer was due. */
export function nextOnGrid(
  { dueTime, intervalMs }: Pick<Punctuation, "dueTime" | "intervalMs">,
  now: Timestamp,
): Timestamp {
  const missed = Math.max(0, Math.floor((now - dueTime) / intervalMs));
  return dueTime + (missed + 1) * intervalMs;
}
