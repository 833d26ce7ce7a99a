import type {
  BatchWriterOptions,
  ClusterError,
  GroupMetadata,
  OffsetAndMetadata,
} from "@millrace/cluster";
import {
  encodeUtf8,
  noHeaders,
  partitionForKey,
  type Headers,
  type Offset,
  type Timestamp,
  type TopicPartition,
} from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { KafkaBatchWriter } from "./batch-writer.ts";
import type { PartitionAppender } from "./partition-appender.ts";

/** As for `openWriter`; with a `transactionalId` records are sent within `transaction` alone. */
export type ProducerOptions = BatchWriterOptions;

/** What is sent (Kafka: `ProducerRecord`). Texts become UTF-8. */
export interface ProducerRecord {
  readonly topic: string;
  readonly key?: Uint8Array | string | null;
  /** Null deletes the key from a compacted topic. */
  readonly value: Uint8Array | string | null;
  readonly headers?: Readonly<Record<string, Uint8Array | string | null>>;
  /** Default: by the key, as Kafka's own clients do; without one, any, batch by batch. */
  readonly partition?: number;
  /** Default: now. */
  readonly timestamp?: Timestamp;
}

/** Where a record went (Kafka: `RecordMetadata`). */
export interface RecordMetadata extends TopicPartition {
  /** -1 where the broker did not tell, as after some retries. */
  readonly offset: Offset;
}

/**
 * Sends records one by one, a promise each (Kafka: `KafkaProducer`). Records of one partition keep the order
 * of their calls, whether or not the promises are awaited in between; await `send` from time to time, since
 * that is where a full buffer makes itself felt.
 *
 * @example
 * await using producer = client.producer();
 * const { partition, offset } = await producer.send({ topic: "orders", key: "ada", value: "3 books" });
 *
 * @example All or nothing
 * await using producer = client.producer({ transactionalId: "billing-1" });
 * await producer.transaction(async () => {
 *   await producer.send({ topic: "invoices", value: "…" });
 *   await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
 * });
 */
export class Producer implements AsyncDisposable {
  readonly #platform: Platform;
  readonly #writer: KafkaBatchWriter;
  readonly #isTransactional: boolean;
  /** Sends that could not be done at once, in order. */
  #waiting: Promise<unknown> = Promise.resolve();
  #waitingCount = 0;
  /** Where records without a key of a topic go, until their batch is full. */
  readonly #sticky = new Map<string, PartitionAppender>();
  #initialized: Promise<void> | undefined;

  constructor(platform: Platform, writer: KafkaBatchWriter, options: ProducerOptions) {
    this.#platform = platform;
    this.#writer = writer;
    this.#isTransactional = options.transactionalId !== undefined;
  }

  /**
   * Resolves once all replicas in sync have the record.
   *
   * @throws ClusterError (as a rejection) `TOPIC_NOT_FOUND`, `RECORD_TOO_LARGE`, `NOT_AUTHORIZED`,
   * `REQUEST_TIMED_OUT` after `deliveryTimeoutMs`, `WRITER_CLOSED`; in a transaction `TRANSACTION_ABORTED`,
   * `WRITER_FENCED`
   */
  send(record: ProducerRecord): Promise<RecordMetadata> {
    const isReady = this.#writer.partitionCount(record.topic) !== undefined;
    if (this.#waitingCount === 0 && isReady && this.#writer.hasRoom) return this.#append(record);
    this.#waitingCount++;
    const ready = this.#waiting.then(() => this.#prepare(record.topic));
    const appended = ready.then(() => ({ sent: this.#append(record) }));
    this.#waiting = appended.catch(() => {}).finally(() => this.#waitingCount--);
    return appended.then(({ sent }) => sent);
  }

  /** Resolves once all that was sent is acknowledged; what failed has told its own promise. */
  async flush(signal?: AbortSignal): Promise<void> {
    await this.#waiting;
    await this.#writer.flush(signal);
  }

  /**
   * Runs work within a transaction: committed when it resolves, aborted when it rejects. Readers of
   * committed records see all of it or nothing. One at a time.
   *
   * @throws ClusterError (as a rejection) `WRITER_FENCED`: another producer has the id; what the work throws
   */
  async transaction<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#initialized ??= this.#writer.initialize(signal).catch((error: ClusterError) => {
      this.#initialized = undefined;
      throw error;
    });
    await this.#initialized;
    this.#writer.begin();
    try {
      const result = await work();
      await this.#waiting;
      await this.#writer.commit(signal);
      return result;
    } catch (error) {
      // What ended the work is what the caller must hear; an abort that fails is told by the next transaction.
      await this.#writer.abort(signal).catch((failure: unknown) => {
        this.#platform.logger.log("warn", "transaction-abort-failed", { cause: String(failure) });
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
    await this.#writer.sendOffsets(offsets, group, signal);
  }

  /** Sends what waits, or aborts the transaction that is open; waits at most `timeoutMs`. Twice is fine. */
  async close(timeoutMs?: number): Promise<void> {
    if (!this.#isTransactional) await this.#waiting;
    await this.#writer.close(timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #prepare(topic: string): Promise<void> {
    if (this.#writer.partitionCount(topic) === undefined) await this.#writer.prepare([topic]);
    if (!this.#writer.hasRoom) await this.#writer.drained().catch(() => {}); // told by the record's own batch
  }

  async #append(record: ProducerRecord): Promise<RecordMetadata> {
    const { topic } = record;
    const key = bytesOf(record.key ?? null);
    const appender = this.#appenderOf(record, key);
    const timestamp = record.timestamp ?? this.#platform.clock.wallMs();
    appender.append(timestamp, key, bytesOf(record.value), headersOf(record.headers));
    const last = appender.lastAppended;
    const offsetOf = await last?.batch.completion;
    const offset = offsetOf?.(last?.index ?? 0) ?? -1;
    return {
      topic,
      partition: appender.partition,
      offset: typeof offset === "number" ? offset : await offset,
    };
  }

  #appenderOf({ topic, partition }: ProducerRecord, key: Uint8Array | null): PartitionAppender {
    if (partition !== undefined) return this.#writer.partition(topic, partition);
    const partitionCount = this.#writer.partitionCount(topic) ?? 1;
    if (key !== null) return this.#writer.partition(topic, partitionForKey(key, partitionCount));
    const sticky = this.#sticky.get(topic);
    if (sticky?.batches.open !== undefined) return sticky;
    const any = this.#platform.random.below(partitionCount);
    const appender = this.#writer.partition(topic, any);
    this.#sticky.set(topic, appender);
    return appender;
  }
}

function bytesOf(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === "string" ? encodeUtf8(value) : value;
}

function headersOf(headers: ProducerRecord["headers"]): Headers {
  if (headers === undefined) return noHeaders;
  return Object.entries(headers).map(([name, value]) => [name, bytesOf(value)] as const);
}
