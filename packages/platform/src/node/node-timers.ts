import type { Timer, Timers } from "../platform.ts";
import { sleepByTimer } from "../sleep-by-timer.ts";

/** What `setTimeout` can take; it would fire at once beyond it. */
const timeoutMsMax = 2 ** 31 - 1;

/** One whole turn of the event loop: all microtasks and the callbacks that are due have run. */
export function drainTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const nodeTimers: Timers = {
  after(delayMs: number, callback: () => void): Timer {
    if (!(delayMs > 0)) {
      const immediate = setImmediate(callback);
      return { cancel: () => clearImmediate(immediate) };
    }
    return new LongTimer(delayMs, callback);
  },
  sleep: (delayMs, signal) => sleepByTimer(nodeTimers, delayMs, signal),
  yield: drainTurn,
};

/** Of any length, and never early (Node rounds its loop time, and may fire a millisecond before). */
class LongTimer implements Timer {
  readonly #dueMs: number;
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#dueMs = performance.now() + delayMs;
    this.#callback = callback;
    this.#arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #arm(delayMs: number): void {
    this.#timeout = setTimeout(
      () => {
        const leftMs = this.#dueMs - performance.now();
        if (leftMs > 0) this.#arm(leftMs);
        else this.#callback();
      },
      Math.min(Math.ceil(delayMs), timeoutMsMax),
    );
  }
}
