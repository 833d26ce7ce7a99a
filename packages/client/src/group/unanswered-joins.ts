import type { Clock } from "@millrace/platform";

/**
 * The JoinGroups that a static member has sent without a member id, and that had no answer. One may reach the group late, on
 * a connection that nobody reads from any more: the group gives the seat to an id of which nobody hears then, and fences the
 * one that it has given since. So each is the reason for one fencing, perhaps, for as long as the group would wait for it.
 */
export class UnansweredJoins {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #rebalanceTimeoutMs: number;
  #count = 0;
  #untilMs = -Infinity;

  constructor(clock: Pick<Clock, "monotonicMs">, rebalanceTimeoutMs = 300_000) {
    this.#clock = clock;
    this.#rebalanceTimeoutMs = rebalanceTimeoutMs;
  }

  sent(): void {
    this.#count++;
    this.#untilMs = this.#clock.monotonicMs() + this.#rebalanceTimeoutMs;
  }

  answered(): void {
    this.#count = Math.max(0, this.#count - 1);
  }

  /** True: one of them may have fenced this member, and is taken for that; else another process has. */
  explainFencing(): boolean {
    if (this.#clock.monotonicMs() >= this.#untilMs) this.#count = 0;
    if (this.#count === 0) return false;
    this.#count--;
    return true;
  }
}
