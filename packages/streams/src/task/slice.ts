import type { Clock } from "@millrace/platform";

/** Records taken between two looks at the clock while they are fast. */
const fastRecords = 4;
/** Beyond this for a group of them, records are not fast: a look costs 1 % of it. */
const fastMsMax = 0.016;

/**
 * A stretch of time without giving way. It is over within one record of its length; within four where they took
 * some microseconds until then: the clock is read after each record but the fast ones, for which a reading would
 * be felt.
 */
export class Slice {
  /** As of the last look at the clock. */
  isOver = false;
  /** When it began, on both clocks. */
  beganMs = 0;
  beganWallMs = 0;
  readonly #clock: Clock;
  readonly #lengthMs: number;
  #endMs = 0;
  #lookedMs = 0;
  #untilLook = 0;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  begin(): void {
    this.#lookedMs = this.beganMs = this.#clock.monotonicMs();
    this.beganWallMs = this.#clock.wallMs();
    this.#endMs = this.#lookedMs + this.#lengthMs;
    this.#untilLook = 1;
    this.isOver = false;
  }

  /** @returns `isOver` */
  afterRecord(): boolean {
    this.#untilLook -= 1;
    if (this.#untilLook > 0) return false;
    const nowMs = this.#clock.monotonicMs();
    this.#untilLook = nowMs - this.#lookedMs < fastMsMax ? fastRecords : 1;
    this.#lookedMs = nowMs;
    this.isOver = nowMs >= this.#endMs;
    return this.isOver;
  }
}
