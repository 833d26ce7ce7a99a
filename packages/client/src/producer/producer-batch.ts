import type { Offset } from "@millrace/model";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import type { PartitionAppender } from "./partition-appender.ts";

/** Who writes (Kafka: `ProducerIdAndEpoch`). Compared by reference: a bump makes a new one. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Offset of the record at an index of a batch. */
export type OffsetOf = (index: number) => Offset;

interface Completion {
  readonly promise: Promise<OffsetOf>;
  readonly resolve: (offsetOf: OffsetOf) => void;
  readonly reject: (error: unknown) => void;
}

export interface ProducerBatchOptions {
  readonly owner: PartitionAppender;
  /** Grows by one from batch to batch of a partition: their order. */
  readonly ordinal: number;
  readonly createdMs: number;
  /** Counts flushes: which of them waits for this batch. */
  readonly flushEpoch: number;
  readonly capacityBytes: number;
}

/** Records of one partition on their way: open, then sealed, then stamped with a sequence and sent. */
export class ProducerBatch {
  readonly owner: PartitionAppender;
  readonly ordinal: number;
  readonly createdMs: number;
  readonly flushEpoch: number;
  readonly builder: RecordBatchBuilder;
  /** Bytes that count against the writer's buffer. */
  sizeBytes = 0;
  recordCount = 0;
  /** What is sent; undefined until it is stamped. */
  bytes: Uint8Array | undefined;
  identity: ProducerIdentity | undefined;
  baseSequence = -1;
  /** How often it was sent. */
  attempts = 0;
  #completion: Completion | undefined;

  constructor({ owner, ordinal, createdMs, flushEpoch, capacityBytes }: ProducerBatchOptions) {
    this.owner = owner;
    this.ordinal = ordinal;
    this.createdMs = createdMs;
    this.flushEpoch = flushEpoch;
    this.builder = new RecordBatchBuilder({ capacityBytes });
  }

  /** Settles with the batch. Made only for those who ask. */
  get completion(): Promise<OffsetOf> {
    this.#completion ??= newCompletion();
    return this.#completion.promise;
  }

  complete(offsetOf: OffsetOf): void {
    this.#completion?.resolve(offsetOf);
  }

  fail(error: unknown): void {
    this.#completion?.reject(error);
  }

  /** Settles as both halves do, once this batch had to be split. */
  completeBy(first: ProducerBatch, second: ProducerBatch): void {
    const completion = this.#completion;
    if (completion === undefined) return;
    const count = first.recordCount;
    Promise.all([first.completion, second.completion]).then(
      ([low, high]) =>
        completion.resolve((index) => (index < count ? low(index) : high(index - count))),
      (error: unknown) => completion.reject(error),
    );
  }
}

function newCompletion(): Completion {
  const completion = Promise.withResolvers<OffsetOf>();
  // Whoever asked has the promise; nobody else must hear of a rejection.
  completion.promise.catch(() => {});
  return completion;
}
