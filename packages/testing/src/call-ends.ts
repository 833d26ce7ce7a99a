/** Who waits for a call of an operator to end. */
export class CallEnds {
  readonly #waiting = new Set<() => void>();

  readonly wake = (): void => {
    for (const resume of this.#waiting) resume();
  };

  /** Resolves with the next end, or once the signal aborts. */
  async next(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const resume = (): void => {
        this.#waiting.delete(resume);
        signal?.removeEventListener("abort", resume);
        resolve();
      };
      this.#waiting.add(resume);
      signal?.addEventListener("abort", resume);
    });
  }
}
