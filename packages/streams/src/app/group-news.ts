import type { Timer, Timers } from "@millrace/platform";

/** The first question may reach the group before what it is about: it is asked again, after twice as long each time. */
const firstPauseMs = 10;
/** What comes later than that the heartbeats bring. */
const pauseMsMax = 2560;

/** A member of the group in this process. */
interface Member {
  hearGroup(): void;
}

/**
 * What one loop of a process sets in motion in the group, as by a join, others would hear at their next heartbeats, and each
 * round of a rebalance takes one. They are of one process, and so each tells the others to ask at once.
 */
export class GroupNews {
  readonly #timers: Pick<Timers, "after">;
  readonly #members: () => Iterable<readonly [number: number, member: Member]>;
  readonly #questions = new Map<number, Timer>();

  constructor(
    timers: Pick<Timers, "after">,
    members: () => Iterable<readonly [number: number, member: Member]>,
  ) {
    this.#timers = timers;
    this.#members = members;
  }

  /** By the loop of that number. */
  tell(number: number): void {
    for (const [other] of this.#members())
      if (other !== number) this.#askAfter(firstPauseMs, other);
  }

  close(): void {
    for (const timer of this.#questions.values()) timer.cancel();
    this.#questions.clear();
  }

  #askAfter(pauseMs: number, number: number): void {
    this.#questions.get(number)?.cancel();
    const timer = this.#timers.after(pauseMs, () => {
      this.#questions.delete(number);
      for (const [one, member] of this.#members()) {
        if (one !== number) continue;
        member.hearGroup();
        if (pauseMs < pauseMsMax) this.#askAfter(2 * pauseMs, number);
      }
    });
    this.#questions.set(number, timer);
  }
}
