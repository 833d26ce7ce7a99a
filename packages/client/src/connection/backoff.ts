import type { Random } from "@millrace/platform";

/** Share of a delay by which it is spread both ways, so that clients do not come in step (Kafka: 0.2). */
const jitter = 0.2;

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Delays that double from one failure to the next, with jitter (Kafka: `ExponentialBackoff`). */
export class Backoff {
  readonly #random: Random;
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(random: Random, options: BackoffOptions) {
    this.#random = random;
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The delay after one more failure, in milliseconds. */
  next(): number {
    const { firstMs, maxMs } = this.#options;
    // Beyond 2^20 the maximum has long been reached.
    const delay = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures++, 20));
    return delay * (1 - jitter + (2 * jitter * this.#random.nextUint32()) / 2 ** 32);
  }

  reset(): void {
    this.#failures = 0;
  }
}
