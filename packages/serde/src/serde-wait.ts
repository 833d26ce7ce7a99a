import type { SerdePendingError } from "./serde-pending-error.ts";

/** What bounds a wait, and who is told of its end. */
export interface WaitBounds {
  /** A platform's. */
  readonly clock: { monotonicMs(): number };
  readonly timers: { after(delayMs: number, callback: () => void): Cancellable };
  /** Told that there is something to do again. */
  readonly wake: () => void;
  readonly timeoutMs: number;
}

interface Cancellable {
  cancel(): void;
}

/** The wait of one record for what its serde must first fetch. The bound is for the whole of it. */
export class SerdeWait {
  /** True: call the serde again. */
  isOver = false;
  readonly #bounds: WaitBounds;
  readonly #sinceMs: number;
  readonly #timer: Cancellable;
  #isClosed = false;

  constructor(pending: SerdePendingError, bounds: WaitBounds) {
    this.#bounds = bounds;
    this.#sinceMs = bounds.clock.monotonicMs();
    this.#timer = bounds.timers.after(bounds.timeoutMs, () => this.#end());
    this.#await(pending);
  }

  /** True: a serde that is still not ready has failed. */
  get isTooLong(): boolean {
    return this.#bounds.clock.monotonicMs() - this.#sinceMs >= this.#bounds.timeoutMs;
  }

  /** The serde was called again, and waits, perhaps for something else. */
  again(pending: SerdePendingError): void {
    this.isOver = false;
    this.#await(pending);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
  }

  #await({ ready }: SerdePendingError): void {
    void ready.then(() => this.#end());
  }

  #end(): void {
    if (this.#isClosed || this.isOver) return;
    this.isOver = true;
    this.#bounds.wake();
  }
}
