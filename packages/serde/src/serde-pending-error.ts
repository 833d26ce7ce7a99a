import { BaseError } from "@millrace/model";
import type { SerdeSource } from "./serde.ts";

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
  /** What it waits for. */
  readonly what: string;
  /** That gives it. As long as it does not answer, no record is at fault. */
  readonly source: SerdeSource | undefined;

  /**
   * @param what it waits for, for messages: `schema 7 of http://localhost:8081`
   * @param source undefined: who waits for too long takes the record for one that cannot be read, or written
   */
  constructor(what: string, ready: Promise<unknown>, source?: SerdeSource) {
    super("SERDE_PENDING", `waits for ${what}`, { retriable: true });
    this.what = what;
    this.source = source;
    this.ready = ready.then(
      () => {},
      () => {},
    );
  }
}
