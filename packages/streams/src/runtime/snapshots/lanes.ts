/** Lets so many in at a time; others wait for their turn, first come, first served, or until they give up. */
export class Lanes {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** @throws the signal's reason: it has given up before its turn; what the work throws */
  async run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.#waiting.delete(begin);
      turn.reject(signal.reason);
    };
    const begin = (): void => {
      this.#waiting.delete(begin);
      signal.removeEventListener("abort", giveUp);
      turn.resolve();
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#waiting.add(begin);
    await turn.promise;
  }
}
