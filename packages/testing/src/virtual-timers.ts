import type { Timer, Timers } from "@millrace/platform";

interface Waiting {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Timers by a clock that stands still until somebody moves it. */
export class VirtualTimers implements Pick<Timers, "after"> {
  readonly #now: () => number;
  readonly #waiting = new Set<Waiting>();

  constructor(now: () => number) {
    this.#now = now;
  }

  after(delayMs: number, callback: () => void): Timer {
    const waiting = { dueMs: this.#now() + delayMs, callback };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  /** Calls those that are due, in the order of their times. */
  run(): void {
    const due = [...this.#waiting].filter(({ dueMs }) => dueMs <= this.#now());
    due.sort((left, right) => left.dueMs - right.dueMs);
    // One may have cancelled another.
    for (const waiting of due) if (this.#waiting.delete(waiting)) waiting.callback();
  }
}
