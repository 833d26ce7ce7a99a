import type { Headers, Timestamp } from "@millrace/model";
import type { Timer } from "@millrace/platform";

import type { RecordMetadata } from "../../../processor/processor.ts";
import type { RecordInfo } from "../../../processor/record-info.ts";
import type { WaitingRecord } from "./waiting-record.ts";

/** What a callback that is awaited is told of its call. It holds as long as somebody keeps it. */
export interface AsyncContext extends RecordInfo {
  /** Aborted when the timeout passes, or the task is closed: hand it on to whatever waits. */
  readonly signal: AbortSignal;
  /** 1 the first time. After a crash, or where another instance takes over, it begins anew. */
  readonly attempt: number;
}

export type Outcome =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown };

/** One attempt, as the callback sees it. The signal is made only if it is asked for. */
export class CallAttempt implements AsyncContext {
  readonly attempt: number;
  readonly #record: WaitingRecord;
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;

  constructor(record: WaitingRecord, attempt: number) {
    this.#record = record;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get timestamp(): Timestamp {
    return this.#record.timestamp;
  }

  get headers(): Headers {
    return this.#record.headers;
  }

  get metadata(): RecordMetadata | undefined {
    const { topic, partition, offset } = this.#record;
    return topic === null ? undefined : { topic, partition, offset };
  }

  abort(reason: unknown): void {
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** A record on its way through an operator that awaits: all its attempts. */
export class Call {
  readonly sequence: number;
  readonly record: WaitingRecord;
  /** Calls of one lane give their results in order; undefined: it is in none. */
  readonly lane: string | undefined;
  readonly sizeBytes: number;
  /** Attempts that were begun. */
  attemptCount = 0;
  /** The attempt under way. */
  attempt: CallAttempt | undefined;
  /** Of the timeout, or of the wait for the next attempt. */
  timer: Timer | undefined;
  outcome: Outcome | undefined;

  constructor(
    sequence: number,
    record: WaitingRecord,
    about: { readonly lane: string | undefined; readonly sizeBytes: number },
  ) {
    this.sequence = sequence;
    this.record = record;
    this.lane = about.lane;
    this.sizeBytes = about.sizeBytes;
  }
}
