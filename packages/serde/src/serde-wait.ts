import type { SerdePendingError } from "./serde-pending-error.ts";
import type { AwaitedSerde } from "./serde-timeout-error.ts";

/** What bounds a wait, and who is told of its end. */
export interface WaitBounds {
  /** A platform's. */
  readonly clock: { monotonicMs(): number };
  readonly timers: { after(delayMs: number, callback: () => void): Cancellable };
  /** Told that there is something to do again. */
  readonly wake: () => void;
  readonly timeoutMs: number;
  /**
   * Given: a source that does not answer is waited for as long as it takes, since no record is at fault, and this is
   * told when the time is over, and from then on again and again.
   */
  readonly onOutage?: (awaited: AwaitedSerde) => void;
}

/** Between two times that an outage is told. */
const tellAgainMs = 30_000;

interface Cancellable {
  cancel(): void;
}

/** The wait of one record for what its serde must first fetch. The bound is for the whole of it. */
export class SerdeWait {
  /** True: call the serde again. */
  isOver = false;
  readonly #bounds: WaitBounds;
  readonly #sinceMs: number;
  #timer: Cancellable;
  #pending: SerdePendingError;
  #isClosed = false;

  constructor(pending: SerdePendingError, bounds: WaitBounds) {
    this.#bounds = bounds;
    this.#sinceMs = bounds.clock.monotonicMs();
    this.#pending = pending;
    this.#timer = bounds.timers.after(bounds.timeoutMs, () => this.#late());
    this.#await(pending);
  }

  /** True: a serde that is still not ready has failed. */
  get isTooLong(): boolean {
    return !this.#isOutage && this.waitedMs >= this.#bounds.timeoutMs;
  }

  get waitedMs(): number {
    return this.#bounds.clock.monotonicMs() - this.#sinceMs;
  }

  /** The serde was called again, and waits, perhaps for something else. */
  again(pending: SerdePendingError): void {
    this.isOver = false;
    this.#pending = pending;
    this.#await(pending);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
  }

  get #isOutage(): boolean {
    return this.#bounds.onOutage !== undefined && this.#pending.source !== undefined;
  }

  #late(): void {
    if (!this.#isOutage) {
      this.#end();
      return;
    }
    const { what, source } = this.#pending;
    this.#bounds.onOutage?.({ what, source, waitedMs: this.waitedMs });
    this.#timer = this.#bounds.timers.after(tellAgainMs, () => this.#late());
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
