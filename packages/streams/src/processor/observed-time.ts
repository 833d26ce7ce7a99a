import type { Timestamp } from "@millrace/model";

import type { ProcessorContext } from "./processor.ts";

/**
 * The stream time of one operator: the highest of the records that it has seen. It is committed beside the offsets, so
 * that what is late does not depend on restarts. (Operators of Kafka's begin anew, as there.)
 */
export class ObservedTime {
  readonly #numbers: Map<string, number>;
  readonly #name: string;
  #now: Timestamp;

  /** @param name of the operator's store: no other operator has it */
  constructor({ taskScope }: ProcessorContext, name: string) {
    this.#numbers = taskScope.committedNumbers;
    this.#name = name;
    this.#now = this.#numbers.get(name) ?? -1;
  }

  /** -1 before the first record. */
  get now(): Timestamp {
    return this.#now;
  }

  /** Gives the time as of this record. */
  observe(timestamp: Timestamp): Timestamp {
    if (timestamp > this.#now) {
      this.#now = timestamp;
      this.#numbers.set(this.#name, timestamp);
    }
    return this.#now;
  }
}
