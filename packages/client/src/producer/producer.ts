import { ClusterError, type GroupMetadata, type OffsetAndMetadata } from "@millrace/cluster";
import { partitionForKey, type Offset, type TopicPartition } from "@millrace/model";
import { abortable, type Platform } from "@millrace/platform";
import {
  groupMetadata,
  milliseconds,
  offsetsToCommit,
  work as workKind,
} from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import { signalAfter } from "../signal-after.ts";
import { closeTimeoutMsDefault, writerClosed, type KafkaBatchWriter } from "./batch-writer.ts";
import {
  copyOf,
  noSuchPartition,
  topicOf,
  type EncodedRecord,
  type PlainField,
  type ProducerRecord,
} from "./encode-record.ts";
import type { RecordEncoder } from "./record-encoder.ts";
import type { PartitionAppender } from "./partition-appender.ts";
import { TopicTurns } from "./topic-turns.ts";

/** Where a record went (Kafka: `RecordMetadata`). */
export interface RecordMetadata extends TopicPartition {
  /** -1 where the broker did not tell, as after some retries. */
  readonly offset: Offset;
}

/**
 * Sends records one by one, a promise each (Kafka: `KafkaProducer`). Records of one partition keep the order
 * of their calls, whether or not the promises are awaited in between; await `send` from time to time, since
 * that is where a full buffer makes itself felt. Each record has its own outcome, whatever became of those
 * that were sent with it. A record whose serde must first fetch something, such as a schema, waits for it, and those
 * of its topic that come behind it; it is read then, so do not change it before its promise has settled.
 *
 * @example
 * await using producer = client.producer({ key: string(), value: json(Order) });
 * const { partition, offset } = await producer.send({ topic: "orders", key: "ada", value: { total: 12 } });
 *
 * @example Text and bytes need no serdes
 * await using producer = client.producer();
 * await producer.send({ topic: "orders", key: "ada", value: "3 books", headers: [["trace", "a1"]] });
 *
 * @example All or nothing; after `COMMIT_FENCED` the records come again by themselves
 * await using producer = client.producer({ transactionalId: "billing-1" });
 * await producer.transaction(async () => {
 *   await producer.send({ topic: "invoices", value: "…" });
 *   await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
 * });
 */
export class Producer<Key = PlainField, Value = PlainField> implements AsyncDisposable {
  readonly #platform: Platform;
  readonly #writer: KafkaBatchWriter;
  readonly #isTransactional: boolean;
  readonly #encoder: RecordEncoder;
  /** Sends that could not be done at once. */
  readonly #waiting = new TopicTurns();
  /** Where records without a key of a topic go, until their batch is full. */
  readonly #sticky = new Map<string, PartitionAppender>();
  #initialized: Promise<void> | undefined;
  /** The transaction that is open. */
  #open: object | undefined;
  readonly #closing = new AbortController();

  constructor(
    platform: Platform,
    writer: KafkaBatchWriter,
    {
      encoder,
      isTransactional,
    }: { readonly encoder: RecordEncoder; readonly isTransactional: boolean },
  ) {
    this.#platform = platform;
    this.#writer = writer;
    this.#encoder = encoder;
    this.#isTransactional = isTransactional;
  }

  /**
   * Resolves once all replicas in sync have the record.
   *
   * @throws (as a rejection) ClusterError `RECORD_INVALID`, `RECORD_TOO_LARGE`, `TOPIC_NOT_FOUND`,
   * `INVALID_TOPIC`, `NOT_AUTHORIZED`, `WRITE_REFUSED` with the broker's reason, `REQUEST_TIMED_OUT` after
   * `deliveryTimeout`, `WRITER_CLOSED`; in a transaction `TRANSACTION_ABORTED`, `WRITER_FENCED`; SerdeError
   * `SERIALIZATION_FAILED`; SerdeTimeoutError `SERDE_TIMED_OUT`
   */
  send(record: ProducerRecord<Key, Value>): Promise<RecordMetadata> {
    const { nowMs } = this.#encoder;
    let encoded: EncodedRecord | undefined;
    try {
      encoded = this.#encoder.encode(record, nowMs);
    } catch (error) {
      return Promise.reject(error); // no record: a transaction goes on without it, as in Kafka
    }
    if (encoded === undefined) {
      const { signal } = this.#closing;
      const times = { nowMs, sinceMs: this.#platform.clock.monotonicMs() };
      const encode = () => this.#encoder.encodeLater(record, times, signal);
      return this.#sendLater(topicOf(record), encode);
    }
    const { topic } = encoded;
    const isNow = !this.#waiting.has(topic) && this.#isReadyFor(encoded) && this.#writer.hasRoom;
    if (!isNow) {
      const copy = Promise.resolve(copyOf(encoded));
      return this.#sendLater(topic, () => copy);
    }
    try {
      return this.#told(outcomeOf(this.#append(encoded)));
    } catch (error) {
      const outcome = Promise.reject<RecordMetadata>(error);
      this.#refused(outcome, error, this.#open);
      return outcome;
    }
  }

  /** Resolves once all that was sent is acknowledged; what failed has told its own promise. */
  async flush(signal?: AbortSignal): Promise<void> {
    checkArguments("producer.flush", {}, signal);
    await abortable(this.#waiting.over(), signal);
    await this.#writer.flush(signal);
  }

  /**
   * Runs work within a transaction: committed when it resolves, aborted when it rejects. Readers of
   * committed records see all of it or nothing. One at a time. A record that is refused or not answered fails it, and is
   * told here, whether or not anybody awaits it; what is no record (`RECORD_INVALID` of a value, `SERIALIZATION_FAILED`)
   * is its own promise's alone. A consumer whose offsets were part of one that is
   * aborted has read on: `seek` it back, so that its records come again; after `COMMIT_FENCED` do not, it goes on from
   * what is committed.
   *
   * @throws ClusterError (as a rejection) `WRITER_FENCED`: another producer has the id; what the work throws
   */
  async transaction<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    checkArguments("producer.transaction", { work: [workKind, work] }, signal);
    this.#initialized ??= this.#writer.initialize(signal).catch((error: ClusterError) => {
      this.#initialized = undefined;
      throw error;
    });
    await this.#initialized;
    this.#writer.begin();
    this.#open = {};
    try {
      const result = await work();
      await abortable(this.#waiting.over(), signal);
      await this.#writer.commit(signal);
      this.#open = undefined;
      return result;
    } catch (error) {
      this.#open = undefined;
      // What ended the work is what the caller must hear; an abort that fails is told by the next transaction.
      await this.#writer.abort(signal).catch((failure: unknown) => {
        this.#platform.logger.log("warn", "client.transaction-abort-failed", {
          cause: String(failure),
        });
      });
      throw error;
    }
  }

  /** Makes offsets of a consumer part of the transaction, fenced by its group (KIP-447). */
  async sendOffsets(
    offsets: readonly OffsetAndMetadata[],
    group: GroupMetadata,
    signal?: AbortSignal,
  ): Promise<void> {
    checkArguments(
      "producer.sendOffsets",
      { offsets: [offsetsToCommit, offsets], group: [groupMetadata, group] },
      signal,
    );
    await this.#writer.sendOffsets(offsets, group, signal);
  }

  /**
   * Sends what waits, or aborts the transaction that is open; waits at most `timeoutMs`, and for no serde whose registry
   * does not answer. Twice is fine.
   */
  async close(timeoutMs = closeTimeoutMsDefault): Promise<void> {
    checkArguments("producer.close", { timeoutMs: [milliseconds, timeoutMs] });
    const { clock } = this.#platform;
    const endMs = clock.monotonicMs() + timeoutMs;
    if (!this.#isTransactional) {
      const { signal, cancel } = signalAfter(this.#platform, timeoutMs, writerClosed);
      const over = new AbortController();
      const ending = this.#encoder.endInVain(over.signal);
      await abortable(this.#waiting.over(), signal).catch(() => {}); // what still waits is told below
      over.abort();
      await ending;
      cancel();
    }
    this.#closing.abort(writerClosed());
    await this.#waiting.over();
    await this.#writer.close(Math.max(0, endMs - clock.monotonicMs()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #sendLater(topic: string, encode: () => Promise<EncodedRecord>): Promise<RecordMetadata> {
    const own = this.#open;
    let isRecord = false;
    const appended = this.#waiting.take(topic, async () => {
      const record = await encode();
      isRecord = true;
      await this.#prepare(record);
      if (own !== this.#open) throw isOver(record);
      // An object: the wait for the answer is not part of the wait for its turn.
      return { sent: this.#told(outcomeOf(this.#append(record))) };
    });
    const outcome = appended.then(({ sent }) => sent);
    appended.then(
      () => void this.#told(outcome),
      (error: unknown) => {
        if (isRecord) this.#refused(outcome, error, own);
      },
    );
    return outcome;
  }

  /** What fails once it was appended fails its transaction too, which tells it: nobody need await it there. */
  #told(outcome: Promise<RecordMetadata>): Promise<RecordMetadata> {
    if (this.#isTransactional) outcome.catch(() => {});
    return outcome;
  }

  /** The same of what cannot be appended: its transaction is not to be committed without it. */
  #refused(outcome: Promise<RecordMetadata>, error: unknown, own: object | undefined): void {
    if (own === undefined) return;
    outcome.catch(() => {});
    if (own === this.#open) this.#writer.failTransaction(error);
  }

  #isReadyFor({ topic, partition = 0 }: EncodedRecord): boolean {
    const partitionCount = this.#writer.partitionCount(topic);
    return partitionCount !== undefined && partition < partitionCount;
  }

  async #prepare(record: EncodedRecord): Promise<void> {
    const { topic } = record;
    const { signal } = this.#closing;
    await this.#writer.know([topic], signal);
    // It may have grown.
    if (!this.#isReadyFor(record)) await this.#writer.refresh([topic], signal);
    if (!this.#writer.hasRoom) await this.#writer.drained(signal).catch(() => {}); // told by the record's own batch
  }

  #append(record: EncodedRecord): Appended {
    const { topic, timestamp, key, value, headers } = record;
    const appender = this.#appenderOf(record);
    appender.append(timestamp, key, value, headers);
    return { topic, partition: appender.partition, last: appender.lastAppended };
  }

  #appenderOf({ topic, partition, key }: EncodedRecord): PartitionAppender {
    const partitionCount = this.#writer.partitionCount(topic) ?? 1;
    if (partition !== undefined) {
      if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount)
        throw noSuchPartition({ topic, partition }, partitionCount);
      return this.#writer.partition(topic, partition);
    }
    if (key !== null) return this.#writer.partition(topic, partitionForKey(key, partitionCount));
    const sticky = this.#sticky.get(topic);
    if (sticky?.batches.open !== undefined) return sticky;
    const any = this.#platform.random.below(partitionCount);
    const appender = this.#writer.partition(topic, any);
    this.#sticky.set(topic, appender);
    return appender;
  }
}

function isOver({ topic }: EncodedRecord): ClusterError {
  return new ClusterError(
    "TRANSACTION_ABORTED",
    `a record for ${topic} was not written: the transaction in which it was sent is over, or there was none`,
    { retriable: true },
  );
}

/** A record in its batch. */
interface Appended extends TopicPartition {
  readonly last: PartitionAppender["lastAppended"];
}

async function outcomeOf({ topic, partition, last }: Appended): Promise<RecordMetadata> {
  const offsetOf = await last?.batch.completion;
  const offset = offsetOf?.(last?.index ?? 0) ?? -1;
  return { topic, partition, offset: typeof offset === "number" ? offset : await offset };
}
