/** Work that goes on by itself. Whoever has it begun waits for its end when he closes. */
export class BackgroundWork {
  readonly #running = new Set<Promise<void>>();

  /** @param work never rejects: nobody would hear of it */
  begin(work: Promise<void>): void {
    const own: Promise<void> = work.finally(() => this.#running.delete(own));
    this.#running.add(own);
  }

  /** Resolves once nothing is under way. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
