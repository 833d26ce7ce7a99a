/** Work that could not be done at once: of one topic in the order of the calls, topics beside each other. */
export class TopicTurns {
  /** The last of each topic that waits; settles without a word of how. */
  readonly #last = new Map<string, Promise<void>>();

  /** True: work of the topic waits, so that what comes now must wait behind it. */
  has(topic: string): boolean {
    return this.#last.size > 0 && this.#last.has(topic);
  }

  /** Does the work once all of its topic before it is over, and gives what comes of it. */
  take<T>(topic: string, work: () => Promise<T>): Promise<T> {
    const outcome = (this.#last.get(topic) ?? Promise.resolve()).then(work);
    const over: Promise<void> = outcome.then(
      () => this.#forget(topic, over),
      () => this.#forget(topic, over),
    );
    this.#last.set(topic, over);
    return outcome;
  }

  /** Resolves once all is over that waits now, one way or the other. */
  async over(): Promise<void> {
    await Promise.all(this.#last.values());
  }

  #forget(topic: string, over: Promise<void>): void {
    if (this.#last.get(topic) === over) this.#last.delete(topic);
  }
}
