import { TestDriverError } from "./test-driver-error.ts";

/** How many records a call of the driver may make its topology write. */
export class RecordBound {
  readonly #recordsMax: number;
  #count = 0;
  /** Kept: a policy of the topology may have gone on. */
  excess: TestDriverError | undefined;

  constructor(recordsMax: number) {
    this.#recordsMax = recordsMax;
  }

  /** Before a call. */
  begin(): void {
    this.#count = 0;
  }

  /** @throws TestDriverError `TOO_MANY_RECORDS` */
  add(topic: string): void {
    this.#count += 1;
    if (this.#count <= this.#recordsMax) return;
    throw (this.excess ??= new TestDriverError(
      "TOO_MANY_RECORDS",
      `one call has made the topology write more than ${this.#recordsMax} records, the last ones to ${topic}; a topology that feeds itself does not end. recordsPerCallMax allows more`,
    ));
  }
}
