import type { Headers, Timestamp } from "@millrace/model";

import { StreamsError } from "../error/streams-error.ts";
import type { ProcessorContext, RecordMetadata } from "./processor.ts";
import type { StreamRecord } from "./stream-record.ts";

/** What a callback may ask of the record beside its value and key. The object is used again: it holds during the call. */
export interface RecordInfo {
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  /** Where the record came from; undefined where a timer made it. */
  readonly metadata: RecordMetadata | undefined;
}

/** The one `RecordInfo` of an operator in a task. */
export class CallbackRecord implements RecordInfo {
  readonly #context: ProcessorContext;
  #record: StreamRecord | undefined;

  constructor(context: ProcessorContext) {
    this.#context = context;
  }

  /** The record that the next call is about. */
  of(record: StreamRecord): this {
    this.#record = record;
    return this;
  }

  /** No call is under way: whoever kept the object is told. */
  over(): void {
    this.#record = undefined;
  }

  get timestamp(): Timestamp {
    return this.#current().timestamp;
  }

  get headers(): Headers {
    return this.#current().headers;
  }

  get metadata(): RecordMetadata | undefined {
    this.#current();
    return this.#context.recordMetadata;
  }

  #current(): StreamRecord {
    if (this.#record !== undefined) return this.#record;
    throw new StreamsError(
      "RECORD_IS_OVER",
      "the third argument of a callback holds during its call; take from it what is needed later",
      { node: this.#context.nodeName },
    );
  }
}
