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

  /** Before an answer, or a page of one: waits for the next turn where this one has had its share. */
  async next(): Promise<void> {
    const { clock, timers } = this.#platform;
    while (this.#nextTurn !== undefined) {
      const isOver = this.#answers >= answersMax || clock.monotonicMs() - this.#sinceMs > turnMsMax;
      if (!isOver) break;
      await this.#nextTurn;
    }
    if (this.#nextTurn === undefined) {
      this.#answers = 0;
      this.#sinceMs = clock.monotonicMs();
      this.#nextTurn = timers.yield().then(() => {
        this.#nextTurn = undefined;
      });
    }
    this.#answers += 1;
  }
}
