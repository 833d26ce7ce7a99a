/** Scans of several pages that are open at a time. */
export const openScansMax = 16;

/**
 * What is written is kept for each cursor that is open: many scans at once would keep the tasks from theirs. So few are
 * open at a time, and others wait until one is over, in the order in which they came.
 */
export class ScanSlots {
  readonly #waiting: (() => void)[] = [];
  #takenCount = 0;

  /** Undefined: it is taken; else once that resolves. To be given back. */
  take(): Promise<void> | undefined {
    if (this.#takenCount === openScansMax)
      return new Promise((resolve) => void this.#waiting.push(resolve));
    this.#takenCount += 1;
    return undefined;
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#takenCount -= 1;
    else next();
  }
}
