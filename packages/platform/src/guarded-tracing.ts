import type { Headers } from "@millrace/model";

import type { Logger } from "./logger.ts";
import type { LoopTracing, TracedRecord, TracedWork } from "./tracing.ts";

/** Has the work go on where a tracer throws, as if it had not been called; that is told once. */
export class GuardedTracing implements LoopTracing {
  readonly #loop: LoopTracing;
  readonly #logger: Logger;
  #isTold = false;

  constructor(loop: LoopTracing, logger: Logger) {
    this.#loop = loop;
    this.#logger = logger;
  }

  begin(work: TracedWork): void {
    try {
      this.#loop.begin(work);
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  /** What the work itself throws is thrown on; it is done once, whatever the tracer does. */
  within<Result>(work: () => Result): Result {
    const outcome: { done?: { readonly result: Result }; failed?: { readonly error: unknown } } =
      {};
    try {
      this.#loop.within(() => {
        try {
          outcome.done = { result: work() };
        } catch (error) {
          outcome.failed = { error };
        }
      });
    } catch (thrown) {
      this.#tell(thrown);
    }
    if (outcome.failed !== undefined) throw outcome.failed.error;
    return outcome.done === undefined ? work() : outcome.done.result;
  }

  end(failure?: { readonly error: unknown }): void {
    try {
      this.#loop.end(failure);
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  taken(record: TracedRecord): void {
    try {
      this.#loop.taken(record);
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  sent(topic: string, headers: Headers): Headers {
    try {
      return this.#loop.sent(topic, headers);
    } catch (thrown) {
      this.#tell(thrown);
      return headers;
    }
  }

  #tell(cause: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#logger.log("warn", "platform.tracing-failed", { cause });
  }
}
