import { abortable } from "@millrace/platform";

/** Scans of several pages that are open at a time. */
export const openScansMax = 16;

/**
 * What is written is kept for each cursor that is open: many scans at once would keep the tasks from theirs. So few are
 * open at a time, and others wait until one is over, in the order in which they came.
 */
export class ScanSlots {
  readonly #waiting = new Set<() => void>();
  #takenCount = 0;

  /** True: one was free, and is to be given back. */
  take(): boolean {
    if (this.#takenCount === openScansMax) return false;
    this.#takenCount += 1;
    return true;
  }

  /** Takes the next one that is given back, where none is free. */
  async wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await abortable(promise, signal);
    } catch (error) {
      const isHanded = !this.#waiting.delete(resolve);
      if (isHanded) this.giveBack();
      throw error;
    }
  }

  giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#takenCount -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
