import type { Platform } from "@millrace/platform";

/** Longest that is rested after one slice for the time that it took; on a busy machine a moment's work takes long. */
const restMsMax = 10;
/** Timers know nothing shorter: what was worked adds up to it. */
const sleepMsMin = 1;

/** Between the slices of a compaction others have their turn, and half of the thread's time altogether. */
export class CleanerPace {
  readonly #time: Pick<Platform, "clock" | "timers">;
  readonly #bytesPerSecond: () => number;
  #sliceMs: number;
  #owedMs = 0;

  /** Begins with the first slice. */
  constructor(time: Pick<Platform, "clock" | "timers">, bytesPerSecond: () => number) {
    this.#time = time;
    this.#bytesPerSecond = bytesPerSecond;
    this.#sliceMs = time.clock.monotonicMs();
  }

  /** After a slice, with the bytes that it read and wrote. */
  async rest(bytes: number, signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#time;
    this.#owedMs += Math.min(clock.monotonicMs() - this.#sliceMs, restMsMax);
    const waitMs = Math.max(this.#owedMs, (1000 * bytes) / this.#bytesPerSecond());
    if (waitMs < sleepMsMin) await timers.yield();
    else {
      this.#owedMs = 0;
      await timers.sleep(waitMs, signal);
    }
    this.#sliceMs = clock.monotonicMs();
  }
}
