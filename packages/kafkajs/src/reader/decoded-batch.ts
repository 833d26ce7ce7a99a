import { noHeaders, type Headers, type Offset, type RecordBatchView } from "@millrace/model";
import type { TopicPartition } from "@millrace/model";

import { headersOf, type FetchedMessage } from "./fetched.ts";

/** What a record weighs beside its bytes: an object of kafkajs, with its batch's. */
const recordOverheadBytes = 100;

export interface DecodedRange {
  readonly messages: readonly FetchedMessage[];
  readonly nextOffset: Offset;
  /** Called once, with `sizeBytes`. */
  readonly onReleased: (sizeBytes: number) => void;
}

/** The records of one fetch of a partition, which kafkajs has decoded: several batches of the log may be in it. */
export class DecodedBatch implements RecordBatchView {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: Offset;
  readonly sizeBytes: number;
  readonly #onReleased: (sizeBytes: number) => void;
  #messages: readonly FetchedMessage[];
  #index = -1;
  #headers: Headers | undefined;

  constructor({ topic, partition }: TopicPartition, range: DecodedRange) {
    this.topic = topic;
    this.partition = partition;
    this.nextOffset = range.nextOffset;
    this.#messages = range.messages;
    this.#onReleased = range.onReleased;
    let sizeBytes = 0;
    for (const { key, value } of range.messages)
      sizeBytes += recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
    this.sizeBytes = sizeBytes;
  }

  get remaining(): number {
    return Math.max(0, this.#messages.length - 1 - this.#index);
  }

  next(): boolean {
    this.#headers = undefined;
    if (this.#index + 1 >= this.#messages.length) return false;
    this.#index++;
    return true;
  }

  get offset(): Offset {
    return Number(this.#current?.offset ?? this.nextOffset);
  }

  get timestamp(): number {
    return Number(this.#current?.timestamp ?? -1);
  }

  get key(): Uint8Array | null {
    return this.#current?.key ?? null;
  }

  get value(): Uint8Array | null {
    return this.#current?.value ?? null;
  }

  get headers(): Headers {
    const current = this.#current;
    if (current === undefined) return noHeaders;
    return (this.#headers ??= headersOf(current));
  }

  release(): void {
    if (this.#isReleased) return;
    this.#messages = [];
    this.#isReleased = true;
    this.#onReleased(this.sizeBytes);
  }

  #isReleased = false;

  get #current(): FetchedMessage | undefined {
    return this.#messages[this.#index];
  }
}
