import type { Platform } from "@millrace/platform";

const firstPauseMs = 100;
const pauseMsMax = 5000;

/**
 * How long a loop goes without success before what keeps it back ends the application (Kafka:
 * `task.timeout.ms`). The first attempt comes at once, further ones after pauses that double, so that a
 * broker which comes back is not met by a storm.
 */
export class RecoveryBudget {
  readonly #platform: Platform;
  readonly #timeoutMs: number;
  #failures = 0;
  #firstMs = 0;

  constructor(platform: Platform, timeoutMs: number) {
    this.#platform = platform;
    this.#timeoutMs = timeoutMs;
  }

  /** True: something failed, and nothing has succeeded since. */
  get isUsed(): boolean {
    return this.#failures > 0;
  }

  /** Something was committed, or there is nothing left to do. */
  reset(): void {
    this.#failures = 0;
  }

  /** Waits until the next attempt. Rejects with the error once the time is over, or the signal's reason. */
  async pause(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, timers, random } = this.#platform;
    const nowMs = clock.monotonicMs();
    if (this.#failures === 0) this.#firstMs = nowMs;
    if (nowMs - this.#firstMs > this.#timeoutMs) throw error;
    const failures = this.#failures++;
    if (failures === 0) return;
    const pauseMs = Math.min(pauseMsMax, firstPauseMs * 2 ** Math.min(failures - 1, 10));
    const jitterMs = random.below(Math.ceil(pauseMs / 4));
    await timers.sleep(pauseMs - jitterMs, signal);
  }
}
