/** What is on its way, so that who closes may wait for it: kafkajs connects again for whoever still asks. */
export class InFlight {
  readonly #works = new Set<Promise<unknown>>();

  /** Gives the work as it is. */
  add<T>(work: Promise<T>): Promise<T> {
    this.#works.add(work);
    const done = (): void => void this.#works.delete(work);
    work.then(done, done);
    return work;
  }

  /** Disconnects, waits for what was on its way, and disconnects what that may have connected again. */
  async end(disconnect: () => Promise<unknown>): Promise<void> {
    await disconnect();
    if (this.#works.size === 0) return;
    await Promise.allSettled(this.#works);
    await disconnect();
  }
}
