import type { Platform } from "@millrace/platform";

/** What is answered in one turn of the event loop, at most. */
const answersMax = 100;
const turnMsMax = 5;

/**
 * An answer from memory takes no turn of the event loop: whoever asks again and again would keep the tasks, and the
 * server, from theirs. Those who wait go on in the order in which they came, and a turn wakes no more than it answers.
 */
export class AnsweringTurns {
  readonly #platform: Pick<Platform, "clock" | "timers">;
  readonly #waiting = new Set<() => void>();
  /** True: something was answered in this turn. */
  #hasBegun = false;
  #sinceMs = 0;
  #answers = 0;

  constructor(platform: Pick<Platform, "clock" | "timers">) {
    this.#platform = platform;
  }

  /**
   * Before an answer, or a page of one. Undefined: it is to be read at once, so that whoever comes next finds how long that
   * took; else to be awaited.
   */
  next(): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.#take()) return undefined;
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** True: this turn has taken its time. */
  get isOver(): boolean {
    return this.#platform.clock.monotonicMs() - this.#sinceMs > turnMsMax;
  }

  /** False: this turn has had its share. */
  #take(): boolean {
    if (!this.#hasBegun) this.#begin();
    else if (this.#answers >= answersMax || this.isOver) return false;
    this.#answers += 1;
    return true;
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#answers = 0;
    this.#sinceMs = this.#platform.clock.monotonicMs();
    void this.#platform.timers.yield().then(() => {
      this.#hasBegun = false;
      return this.#wake();
    });
  }

  /** One after the other: each has answered before it is looked at how long this turn takes. */
  async #wake(): Promise<void> {
    for (const resume of this.#waiting) {
      if (!this.#take()) return;
      this.#waiting.delete(resume);
      resume();
      await undefined;
    }
  }
}
