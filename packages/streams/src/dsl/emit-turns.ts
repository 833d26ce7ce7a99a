import type { Timestamp } from "@millrace/model";

/** When it is somebody's turn to look for what time has closed: once in an interval of the wall clock, which may go back. */
export class EmitTurns {
  readonly #intervalMs: number;
  #nextMs: Timestamp = -Infinity;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** True: it is, and the next one comes an interval later. */
  take(now: Timestamp): boolean {
    const leftMs = this.#nextMs - now;
    if (leftMs > 0 && leftMs <= this.#intervalMs) return false;
    this.#nextMs = now + this.#intervalMs;
    return true;
  }
}
