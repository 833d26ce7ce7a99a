import type { Platform } from "@millrace/platform";

/** What is answered in one turn of the event loop, at most. */
const answersMax = 100;
const turnMsMax = 5;

/**
 * An answer from memory takes no turn of the event loop: whoever asks again and again would keep the tasks, and the
 * server, from theirs.
 */
export class AnsweringTurns {
  readonly #platform: Pick<Platform, "clock" | "timers">;
  /** Resolves once the next turn has begun; undefined: nothing was answered in this one. */
  #nextTurn: Promise<void> | undefined;
  #sinceMs = 0;
  #answers = 0;

  constructor(platform: Pick<Platform, "clock" | "timers">) {
    this.#platform = platform;
  }

  /** Before an answer, or a page of one. Undefined: this turn has not had its share; else to be awaited. */
  next(): Promise<void> | undefined {
    const { clock, timers } = this.#platform;
    if (this.#nextTurn === undefined) {
      this.#answers = 0;
      this.#sinceMs = clock.monotonicMs();
      this.#nextTurn = timers.yield().then(() => {
        this.#nextTurn = undefined;
      });
    } else if (this.#answers >= answersMax || clock.monotonicMs() - this.#sinceMs > turnMsMax)
      return this.#nextTurn.then(() => this.next());
    this.#answers += 1;
    return undefined;
  }
}
