import { UnreadableBatchError } from "@millrace/cluster";
import {
  BaseError,
  noHeaders,
  topicPartitionName,
  type Headers,
  type Offset,
  type RecordBatchView,
  type Timestamp,
  type TopicPartition,
  messageOf,
} from "@millrace/model";
import type { Logger } from "@millrace/platform";
import {
  deserializeWith,
  placeOf,
  SerdeContractError,
  SerdePendingError,
  SerdeTimeoutError,
  type Serde,
  type SerdePart,
  type SerdeWait,
} from "@millrace/serde";

/** One record (Kafka: `ConsumerRecord`). Its bytes are the receiver's own. */
export interface ConsumerRecord<Key = Uint8Array, Value = Uint8Array> extends TopicPartition {
  readonly offset: Offset;
  readonly timestamp: Timestamp;
  readonly key: Key | null;
  /** Null: the key was deleted. */
  readonly value: Value | null;
  /** In order; names may repeat. */
  readonly headers: Headers;
}

/**
 * What to do with a record that a serde cannot read, or with the rest of a batch that cannot be read. The function is
 * given the record in bytes; of a batch, all of it as the value.
 */
export type DeserializationPolicy =
  | "fail"
  | "skip"
  | ((
      error: RecordDeserializationError | UnreadableBatchError,
      record: ConsumerRecord,
    ) => "fail" | "skip");

/** A consumed record that a serde cannot read (Kafka: `RecordDeserializationException`); the cause is what the serde said. */
export class RecordDeserializationError extends BaseError<"DESERIALIZATION_FAILED"> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly part: "key" | "value";

  constructor(
    { topic, partition, offset }: TopicPartition & { readonly offset: Offset },
    part: "key" | "value",
    cause: unknown,
  ) {
    const reason = messageOf(cause);
    super(
      "DESERIALIZATION_FAILED",
      `the ${part} of ${topicPartitionName(topic, partition)} at offset ${offset} cannot be read: ${reason} ` +
        `To go on behind it call consumer.seek({ topic: ${JSON.stringify(topic)}, partition: ${partition} }, ${offset + 1}), ` +
        "or set onDeserializationError.",
      { cause },
    );
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.part = part;
  }
}

export interface DecoderOptions<Key, Value> {
  readonly key?: Serde<Key> | undefined;
  readonly value?: Serde<Value> | undefined;
  readonly onDeserializationError?: DeserializationPolicy | undefined;
}

/** Turns the records of batches into values. */
export class RecordDecoder<Key, Value> {
  readonly #key: Serde<Key> | undefined;
  readonly #value: Serde<Value> | undefined;
  readonly #policy: DeserializationPolicy;
  readonly #logger: Logger;

  constructor(logger: Logger, options: DecoderOptions<Key, Value>) {
    this.#key = options.key;
    this.#value = options.value;
    this.#policy = options.onDeserializationError ?? "fail";
    this.#logger = logger;
  }

  /**
   * The record at which a batch stands; undefined: it is left out.
   *
   * @param wait so far, for what a serde must first fetch
   * @throws RecordDeserializationError, SerdeContractError, SerdePendingError, SerdeTimeoutError; an AggregateError of
   *   the first and what `onDeserializationError` threw
   */
  decode(batch: RecordBatchView, wait?: SerdeWait): ConsumerRecord<Key, Value> | undefined {
    const { topic, partition, offset, timestamp } = batch;
    let part: SerdePart = "key";
    try {
      const key = read(this.#key, "key", batch);
      part = "value";
      const value = read(this.#value, "value", batch);
      return { topic, partition, offset, timestamp, key, value, headers: headersOf(batch) };
    } catch (cause) {
      // No other record would fare better: to skip is to skip them all.
      if (cause instanceof SerdeContractError) throw cause;
      if (cause instanceof SerdePendingError) {
        if (wait?.isTooLong !== true) throw cause;
        const { what, source } = cause;
        // An outage is no record's fault: no policy is asked.
        if (source !== undefined)
          throw new SerdeTimeoutError({ what, source, waitedMs: wait.waitedMs });
      }
      const error = new RecordDeserializationError(batch, part, cause);
      if (!this.#isSkipped(error, () => rawRecord(batch))) throw error;
      this.#logger.log("warn", "client.record-skipped", {
        topic,
        partition,
        offset,
        cause: error.message,
      });
      return undefined;
    }
  }

  /** True for the error of a batch whose rest is to be left out. */
  leavesOut(error: unknown): boolean {
    if (!(error instanceof UnreadableBatchError)) return false;
    if (!this.#isSkipped(error, () => rawBatch(error))) return false;
    const { topic, partition, offset, nextOffset, message: cause } = error;
    this.#logger.log("warn", "client.batch-skipped", {
      topic,
      partition,
      offset,
      nextOffset,
      cause,
    });
    return true;
  }

  #isSkipped(
    error: RecordDeserializationError | UnreadableBatchError,
    record: () => ConsumerRecord,
  ): boolean {
    const policy = this.#policy;
    if (typeof policy === "string") return policy === "skip";
    try {
      return policy(error, record()) === "skip";
    } catch (thrown) {
      const what = `onDeserializationError failed: ${messageOf(thrown)}`;
      const message = `${what}; it was asked about this: ${error.message}`;
      throw new AggregateError([error, thrown], message, { cause: thrown });
    }
  }
}

/** Copies: the batch is given back long before the receiver is done with them. */
function rawRecord(batch: RecordBatchView): ConsumerRecord {
  const { topic, partition, offset, timestamp, key, value } = batch;
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: key?.slice() ?? null,
    value: value?.slice() ?? null,
    headers: headersOf(batch),
  };
}

function rawBatch({ topic, partition, offset, bytes }: UnreadableBatchError): ConsumerRecord {
  return { topic, partition, offset, timestamp: -1, key: null, value: bytes, headers: noHeaders };
}

function headersOf({ headers }: RecordBatchView): Headers {
  return headers.map(([name, bytes]) => [name, bytes?.slice() ?? null] as const);
}

function read<T>(serde: Serde<T> | undefined, part: SerdePart, batch: RecordBatchView): T | null {
  const bytes = batch[part];
  if (bytes === null) return null;
  if (serde !== undefined)
    return deserializeWith(serde, bytes, batch.topic, placeOf(part, batch.headers));
  return bytes.slice() as T & Uint8Array; // without a serde T is Uint8Array
}
