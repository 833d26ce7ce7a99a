import {
  ClusterError,
  type BatchWriter,
  type BatchWriterOptions,
  type GroupMetadata,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import { abortable } from "@millrace/platform";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { signalAfter } from "../signal-after.ts";
import { Accumulator } from "./accumulator.ts";
import { Idempotence } from "./idempotence.ts";
import { PartitionAppender } from "./partition-appender.ts";
import type { SendGate } from "./send-gate.ts";
import { Sender } from "./sender.ts";
import { Transaction } from "./transaction.ts";
import { abortedWith } from "./write-error.ts";

export const closeTimeoutMsDefault = 30_000;

export interface KafkaBatchWriterOptions extends BatchWriterOptions {
  /** True: without transactions each record's own promise tells what fails, and nothing else does. */
  readonly isToldByRecord?: boolean;
}

/**
 * The port's writer over Kafka's protocol (Kafka: `KafkaProducer`): accumulator, sender, and a gate that
 * is either idempotence or transactions.
 */
export class KafkaBatchWriter implements BatchWriter {
  readonly #context: ClientContext;
  readonly #lane: BrokerLane;
  readonly #accumulator: Accumulator;
  readonly #sender: Sender;
  readonly #transaction: Transaction | undefined;
  readonly #gate: SendGate;
  /** Without transactions: the first error that nobody was told yet. */
  #failure: Error | undefined;
  #isClosed = false;
  #ending: Promise<void> | undefined;
  readonly #onClosed: () => void;
  readonly #prepared = new Set<string>();
  readonly #unlisten: () => void;
  /** By topic and partition: a name of both would be made for each record. */
  readonly #appenders = new Map<string, Map<number, PartitionAppender>>();

  constructor(context: ClientContext, options: KafkaBatchWriterOptions, onClosed: () => void) {
    this.#context = context;
    this.#onClosed = onClosed;
    this.#unlisten = context.metadata.onChange(() => context.metadata.track(this.#prepared));
    const { compression = "none", requestBytesMax = 1024 * 1024 } = options;
    if (compression !== "none" && context.options.codecs === undefined) {
      throw new ClusterError(
        "WRITER_FAILED",
        `compression "${compression}" needs codecs: give connect those of @millrace/protocol/compression`,
      );
    }
    const { transactionalId, deliveryTimeoutMs = 120_000 } = options;
    const lane = context.openLane();
    this.#lane = lane;
    this.#accumulator = new Accumulator({
      platform: context.platform,
      lingerMs: options.lingerMs ?? 5,
      batchBytesMax: Math.min(options.batchBytesMax ?? 64 * 1024, requestBytesMax),
      bufferBytesMax: options.bufferBytesMax ?? 32 * 1024 * 1024,
      recordBytesMax: requestBytesMax,
      onSealed: (appender) => this.#sender.enqueue(appender),
      refuse: () => this.#refuse(),
    });
    const onOpened = () => this.#sender.wake();
    this.#transaction =
      transactionalId === undefined
        ? undefined
        : new Transaction({
            context,
            lane,
            transactionalId,
            transactionTimeoutMs: options.transactionTimeoutMs ?? 60_000,
            onOpened,
            onStateChange: () => this.#changed(),
          });
    const onFailed = (error: Error) => {
      if (options.isToldByRecord !== true) this.#fail(error);
    };
    this.#gate =
      this.#transaction ??
      new Idempotence({
        context,
        lane,
        timeoutMs: deliveryTimeoutMs,
        onOpened,
        onFailed,
        onRefused: (error) => this.#sender.drop(error),
      });
    this.#sender = new Sender({
      context,
      lane,
      accumulator: this.#accumulator,
      gate: this.#gate,
      compression,
      requestBytesMax,
      deliveryTimeoutMs,
      onRefused: options.onRefused,
    });
    this.#changed();
  }

  get hasRoom(): boolean {
    return this.#accumulator.hasRoom;
  }

  /** Bytes appended and not yet acknowledged. */
  get bufferedBytes(): number {
    return this.#accumulator.bufferedBytes;
  }

  async prepare(topics: readonly string[] | "all", signal?: AbortSignal): Promise<void> {
    if (topics === "all") await this.#context.knowAllTopics(signal);
    else {
      await this.know(topics, signal);
      for (const topic of topics) this.#prepared.add(topic);
    }
  }

  /** The same for a moment: a topic that is idle is forgotten. */
  async know(topics: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.#context.knowTopics(topics, { signal });
  }

  /** Asks anew for what may be known and old. */
  async refresh(topics: readonly string[], signal?: AbortSignal): Promise<void> {
    const { metadata } = this.#context;
    await this.#context.retry("metadata", { signal }, () => metadata.refresh(topics));
  }

  partitionCount(topic: string): number | undefined {
    return this.#context.metadata.topic(topic)?.partitions.length;
  }

  partition(topic: string, partition: number): PartitionAppender {
    let own = this.#appenders.get(topic);
    if (own === undefined) this.#appenders.set(topic, (own = new Map()));
    let appender = own.get(partition);
    if (appender === undefined) {
      const batches = this.#accumulator.partition(topic, partition);
      appender = new PartitionAppender(batches, this.#accumulator);
      own.set(partition, appender);
    }
    return appender;
  }

  async drained(signal?: AbortSignal): Promise<void> {
    await abortable(
      this.#accumulator.drained(() => this.#isOver()),
      signal,
    );
    this.#throwIfFailed();
  }

  async flush(
    signal?: AbortSignal,
  ): Promise<readonly (TopicPartition & { readonly endOffset: Offset })[]> {
    await abortable(
      this.#accumulator.flushed(() => this.#isOver()),
      signal,
    );
    this.#throwIfFailed();
    return this.#accumulator.takeWritten();
  }

  async initialize(signal?: AbortSignal): Promise<void> {
    await abortable(this.#transactional().initialize(signal), signal);
  }

  begin(): void {
    this.#throwIfClosed();
    this.#transactional().begin();
    if (!this.#accumulator.isDivided) return;
    this.#accumulator.release();
    this.#sender.wake();
  }

  divide(): void {
    this.#throwIfFailed();
    this.#transactional().requireOpen();
    this.#accumulator.divide();
  }

  async sendOffsets(
    offsets: readonly OffsetAndMetadata[],
    group: GroupMetadata,
    signal?: AbortSignal,
  ): Promise<void> {
    this.#throwIfClosed();
    await this.#transactional().sendOffsets(offsets, group, signal);
  }

  /** A record of the open transaction could not be appended (Kafka: `maybeTransitionToErrorState`). */
  failTransaction(error: unknown): void {
    this.#transaction?.fail(error);
  }

  async commit(signal?: AbortSignal): Promise<void> {
    const transaction = this.#transactional();
    this.#throwIfFailed();
    await abortable(
      this.#accumulator.flushed(() => this.#isOver()),
      signal,
    );
    this.#throwIfFailed();
    await transaction.commit(signal);
  }

  async abort(signal?: AbortSignal): Promise<void> {
    const transaction = this.#transactional();
    if (transaction.isFinished || !transaction.isUnfinished) {
      if (transaction.failure !== undefined) throw transaction.failure;
      return;
    }
    const reason = new ClusterError("TRANSACTION_ABORTED", "the transaction is being aborted");
    transaction.giveUp(reason);
    this.#sender.drop(reason);
    this.#accumulator.release();
    // What is with a broker must come back first, or it could reach the next transaction.
    await abortable(
      this.#accumulator.flushed(() => this.#isClosed),
      signal,
    );
    await transaction.abort(signal);
    this.#accumulator.takeWritten();
  }

  async close(timeoutMs = closeTimeoutMsDefault): Promise<void> {
    if (this.#isClosed) {
      await this.#ending;
      return;
    }
    const { signal, cancel } = signalAfter(this.#context.platform, timeoutMs, writerClosed);
    try {
      if (timeoutMs > 0 && !this.#context.closing.aborted) {
        if (this.#transaction === undefined) await this.flush(signal);
        // A fenced writer has nothing left to end.
        else if (!this.#transaction.isFinished) await this.abort(signal);
      }
    } catch (error) {
      this.#context.platform.logger.log("warn", "client.writer-close-incomplete", {
        cause: String(error),
      });
    } finally {
      cancel();
      this.#ending ??= this.#end();
      await this.#ending;
    }
  }

  async #end(): Promise<void> {
    this.#isClosed = true;
    this.#unlisten();
    this.#changed();
    this.#sender.close(writerClosed());
    this.#accumulator.close();
    this.#accumulator.wakeWaiters();
    this.#lane.close();
    await this.#gate.close();
    this.#onClosed();
  }

  #transactional(): Transaction {
    if (this.#transaction !== undefined) return this.#transaction;
    throw new ClusterError(
      "WRITER_FAILED",
      "this writer has no transactions; open it with a transactionalId",
    );
  }

  #isOver(): boolean {
    return this.#isClosed || this.#currentFailure() !== undefined;
  }

  #currentFailure(): Error | undefined {
    return this.#transaction === undefined ? this.#failure : this.#transaction.failure;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#changed();
  }

  #throwIfClosed(): void {
    if (this.#isClosed) throw writerClosed();
  }

  #throwIfFailed(): void {
    this.#throwIfClosed();
    const failure = this.#currentFailure();
    if (failure === undefined) return;
    this.#failure = undefined;
    this.#changed();
    throw failure;
  }

  /** Called for an append while `isRefusing`. */
  #refuse(): never {
    this.#throwIfFailed();
    throw new ClusterError(
      "WRITER_FAILED",
      "a transactional writer takes records within a transaction alone; begin one first, as Producer.transaction does",
    );
  }

  #changed(): void {
    const accumulator = this.#accumulator;
    const transaction = this.#transaction;
    accumulator.isRefusing =
      this.#isClosed ||
      this.#currentFailure() !== undefined ||
      (transaction !== undefined && !transaction.isOpen && !accumulator.isDivided);
    // What is not sent yet never will be, and whoever waits for it is told so now.
    if (transaction?.failure !== undefined) this.#sender.drop(abortedWith(transaction.failure));
    accumulator.wakeWaiters();
  }
}

export function writerClosed(): ClusterError {
  return new ClusterError("WRITER_CLOSED", "the writer is closed; open another one");
}
