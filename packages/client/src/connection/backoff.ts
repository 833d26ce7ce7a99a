import type { Platform } from "@millrace/platform";

export interface BackoffOptions {
  /** Default 50. */
  readonly firstMs?: number;
  /** Default 1,000. */
  readonly msMax?: number;
}

/** Waits between attempts: twice as long each time, give or take a fifth, up to a bound. */
export class Backoff {
  readonly #platform: Platform;
  readonly #firstMs: number;
  readonly #msMax: number;
  #attempts = 0;

  constructor(platform: Platform, options: BackoffOptions = {}) {
    this.#platform = platform;
    this.#firstMs = options.firstMs ?? 50;
    this.#msMax = options.msMax ?? 1000;
  }

  /** How long the next wait is; counts as an attempt. */
  nextMs(): number {
    const ms = Math.min(this.#msMax, this.#firstMs * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    return Math.round(ms * (0.8 + 0.4 * (this.#platform.random.nextUint32() / 2 ** 32)));
  }

  async wait(signal?: AbortSignal): Promise<void> {
    await this.#platform.timers.sleep(this.nextMs(), signal);
  }

  /** After a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
