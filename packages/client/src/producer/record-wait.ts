import { ClusterError } from "@millrace/cluster";
import { whyOf, type SerdeSource } from "@millrace/serde";
import { writerClosed } from "./batch-writer.ts";

/** What is waited for, and who gives it. */
export interface Awaited {
  readonly what: string;
  readonly source: SerdeSource | undefined;
}

/** The wait of one record for its serdes: its producer ends it when it is closed. */
export class RecordWait {
  readonly #ending = new AbortController();
  #isEnding: boolean;
  #awaited: Awaited = { what: "its serdes", source: undefined };

  /** @param isEnding true: the producer is being closed, so that nothing is waited for that does not answer */
  constructor(isEnding: boolean) {
    this.#isEnding = isEnding;
  }

  get awaited(): Awaited {
    return this.#awaited;
  }

  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  begin(awaited: Awaited): void {
    this.#awaited = awaited;
    if (this.#isEnding) this.endInVain();
  }

  /** Ends where what it waits for is known not to answer. */
  endInVain(): void {
    this.#isEnding = true;
    if (this.#awaited.source?.failure !== undefined) this.#ending.abort(writerClosed());
  }

  closedMeanwhile(): ClusterError {
    const { what, source } = this.#awaited;
    return new ClusterError(
      "WRITER_CLOSED",
      `the producer was closed while a record waited for ${what}${whyOf(source)}`,
    );
  }
}
