import { BaseError } from "@millrace/model";

/**
 * Thrown by `serialize` and `deserialize` of a serde that must first fetch something, such as a schema met for the first
 * time. Whoever called waits until `ready` settles, one way or the other, and calls again: with the same bytes, or the
 * same value. What cannot be had is thrown by that second call, as any other error.
 *
 * @example throw new SerdePendingError(`schema 7 of ${url}`, this.#fetch(7));
 */
export class SerdePendingError extends BaseError<"SERDE_PENDING"> {
  /** Settles when it is time to call again. A rejection tells nobody anything. */
  readonly ready: Promise<void>;

  /** @param what it waits for, for messages: `schema 7 of http://localhost:8081` */
  constructor(what: string, ready: Promise<unknown>) {
    super("SERDE_PENDING", `waits for ${what}`, { retriable: true });
    this.ready = ready.then(
      () => {},
      () => {},
    );
  }
}
