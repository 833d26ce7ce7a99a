import type { Timestamp } from "@millrace/model";

import type { CommittedNumbers } from "./committed-numbers.ts";
import type { ProcessorContext } from "./processor.ts";

/**
 * The stream time of one operator: the highest of the records that it has seen. It is committed beside the offsets, so
 * that what is late does not depend on restarts. (Kafka's begin anew.)
 */
export class ObservedTime {
  readonly #numbers: CommittedNumbers;
  readonly #name: string;

  /** @param name of the operator's store, and nodes that share it share the time, or one of the node's own */
  constructor({ taskScope }: ProcessorContext, name: string) {
    this.#numbers = taskScope.committedNumbers;
    this.#name = name;
    this.#numbers.take(name);
  }

  /** -1 before the first record. */
  get now(): Timestamp {
    return this.#numbers.get(this.#name);
  }

  /** Gives the time as of this record. */
  observe(timestamp: Timestamp): Timestamp {
    const { now } = this;
    if (timestamp <= now) return now;
    this.#numbers.set(this.#name, timestamp);
    return timestamp;
  }
}
