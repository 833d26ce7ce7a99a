import type { Platform, Timer } from "@millrace/platform";

/** Notices that a program has not asked for the next record for too long (Kafka: `max.poll.interval.ms`). */
export class SlowLoop {
  readonly #platform: Platform;
  readonly #limitMs: number;
  readonly #onSlow: () => void;
  /** Undefined: the consumer itself is at work, as when it waits for records. */
  #awaySinceMs: number | undefined;
  /** One for many records: it looks when the limit may be over, at the earliest. */
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(platform: Platform, limitMs: number, onSlow: () => void) {
    this.#platform = platform;
    this.#limitMs = limitMs;
    this.#onSlow = onSlow;
  }

  /** The program works on a record, or has left its loop. */
  leave(): void {
    if (this.#isClosed) return;
    this.#awaySinceMs = this.#platform.clock.monotonicMs();
    this.#timer ??= this.#lookAfter(this.#limitMs);
  }

  /** It asks for a record. */
  comeBack(): void {
    this.#awaySinceMs = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #lookAfter(waitMs: number): Timer {
    return this.#platform.timers.after(waitMs, () => {
      this.#timer = undefined;
      if (this.#awaySinceMs === undefined) return;
      const leftMs = this.#awaySinceMs + this.#limitMs - this.#platform.clock.monotonicMs();
      if (leftMs > 0) this.#timer = this.#lookAfter(leftMs);
      else this.#onSlow();
    });
  }
}
