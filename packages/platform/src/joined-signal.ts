/**
 * A signal that aborts with the first of several, until it is disposed of: then it listens to none of them any more, and
 * aborts no more. Dispose of it once the work is over that it was for.
 *
 * In place of `AbortSignal.any`, which leaves something at a signal that lives on (decision 119).
 *
 * @param sources undefined: there is none
 * @example
 * using ends = new JoinedSignal(signal, late.signal);
 * await work(ends.signal);
 */
export class JoinedSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #abort = (): void => {
    const first = this.#sources.find(({ aborted }) => aborted);
    this[Symbol.dispose]();
    this.#controller.abort(first?.reason);
  };

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    this.#sources = sources.filter((source) => source !== undefined);
    if (this.#sources.some(({ aborted }) => aborted)) this.#abort();
    else for (const source of this.#sources) source.addEventListener("abort", this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Twice is fine. */
  [Symbol.dispose](): void {
    for (const source of this.#sources) source.removeEventListener("abort", this.#abort);
  }
}
