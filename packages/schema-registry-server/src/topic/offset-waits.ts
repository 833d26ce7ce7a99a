import type { Offset } from "@millrace/model";

/** Waits until a reader has come to an offset. */
export class OffsetWaits {
  #position: Offset = 0;
  readonly #waiting = new Set<{ readonly offset: Offset; readonly resolve: () => void }>();

  /** All before `position` is read. */
  reached(position: Offset): void {
    this.#position = position;
    for (const one of this.#waiting) {
      if (one.offset > position) continue;
      this.#waiting.delete(one);
      one.resolve();
    }
  }

  /** Resolves once all before `offset` is read; rejects with the signal's reason. */
  async until(offset: Offset, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (offset <= this.#position) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const one = { offset, resolve };
    const abort = (): void => reject(signal.reason);
    this.#waiting.add(one);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(one);
      signal.removeEventListener("abort", abort);
    }
  }
}
