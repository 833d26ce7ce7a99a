import {
  ClusterError,
  requireCapability,
  type BatchWriter,
  type BatchWriterOptions,
  type ClusterAdmin,
} from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import { abortable, type Timer } from "@millrace/platform";
import kafkajs from "kafkajs";

import { kafkajsCapabilities } from "../kafkajs-capabilities.ts";
import { endWithin, type KafkajsContext } from "../kafkajs-context.ts";
import { Delivery, type PendingBatch } from "./delivery.ts";
import { PendingPartition, type PendingOwner, type PendingRecord } from "./pending-partition.ts";
import { TopicCounts } from "./topic-counts.ts";
import { WriterTransaction } from "./writer-transaction.ts";

const closeTimeoutMsDefault = 30_000;
/** Bytes of one round of sending, over all partitions. */
const roundBytesMax = 8 * 1024 * 1024;

const { CompressionTypes } = kafkajs;
const compressionTypes = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
} as const;

export interface KafkajsWriterParts {
  readonly context: KafkajsContext;
  readonly admin: ClusterAdmin;
  readonly options: BatchWriterOptions;
  readonly onClosed: () => void;
}

/**
 * Records gathered by partition and sent by one kafkajs producer, a round after the other: so each partition keeps its
 * order.
 */
export class KafkajsWriter implements BatchWriter, PendingOwner {
  readonly recordBytesMax: number;
  readonly #context: KafkajsContext;
  readonly #options: BatchWriterOptions;
  readonly #onClosed: () => void;
  readonly #counts: TopicCounts;
  readonly #transaction: WriterTransaction;
  readonly #delivery: Delivery;
  readonly #partitions = new Map<string, Map<number, PendingPartition>>();
  /** Those with records. */
  readonly #waiting = new Set<PendingPartition>();
  #bufferedBytes = 0;
  #failure: Error | undefined;
  #linger: Timer | undefined;
  /** Never rejects. */
  #sending: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #onRoom: (() => void)[] = [];

  constructor({ context, admin, options, onClosed }: KafkajsWriterParts) {
    this.#context = context;
    this.#options = options;
    this.#onClosed = onClosed;
    this.recordBytesMax = options.requestBytesMax ?? 1024 * 1024;
    this.#counts = new TopicCounts(context, admin);
    this.#transaction = new WriterTransaction(context, options);
    const compression = compressionTypes[options.compression ?? "none"];
    this.#delivery = new Delivery({
      send: (topicMessages) => this.#transaction.send({ compression, topicMessages }),
      onRefused: options.onRefused,
      onFailed: (error) => this.#fail(error),
    });
  }

  get hasRoom(): boolean {
    return this.#bufferedBytes < (this.#options.bufferBytesMax ?? 32 * 1024 * 1024);
  }

  prepare(topics: readonly string[] | "all", signal?: AbortSignal): Promise<void> {
    return this.#counts.prepare(topics, signal);
  }

  partitionCount(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  partition(topic: string, partition: number): PendingPartition {
    let own = this.#partitions.get(topic);
    if (own === undefined) this.#partitions.set(topic, (own = new Map()));
    let found = own.get(partition);
    if (found === undefined)
      own.set(partition, (found = new PendingPartition({ topic, partition }, this)));
    return found;
  }

  requireOpen(): void {
    this.#throwFailure();
    this.#transaction.requireOpen();
  }

  appended(partition: PendingPartition, { sizeBytes }: PendingRecord): void {
    this.#waiting.add(partition);
    this.#bufferedBytes += sizeBytes;
    const { lingerMs = 5, batchBytesMax = 64 * 1024 } = this.#options;
    if (this.#bufferedBytes >= batchBytesMax) this.#begin();
    else if (this.#linger === undefined && this.#sending === undefined)
      this.#linger = this.#context.platform.timers.after(lingerMs, () => this.#begin());
  }

  async drained(signal?: AbortSignal): Promise<void> {
    this.#begin();
    while (!this.hasRoom && this.#failure === undefined && this.#sending !== undefined) {
      const room = new Promise<void>((resolve) => this.#onRoom.push(resolve));
      await (signal === undefined ? room : abortable(room, signal));
    }
    this.#throwFailure();
  }

  async flush(
    signal?: AbortSignal,
  ): Promise<readonly (TopicPartition & { readonly endOffset: Offset })[]> {
    for (;;) {
      this.#throwFailure();
      this.#begin();
      if (this.#sending === undefined) return this.#delivery.takeEnds();
      await (signal === undefined ? this.#sending : abortable(this.#sending, signal));
    }
  }

  async initialize(signal?: AbortSignal): Promise<void> {
    await this.#transaction.initialize(signal);
  }

  begin(): void {
    this.#throwFailure();
    this.#transaction.begin();
  }

  divide(): void {
    refuse("divide");
  }

  async sendOffsets(): Promise<void> {
    refuse("sendOffsets");
  }

  async commit(signal?: AbortSignal): Promise<void> {
    await this.flush(signal);
    try {
      await this.#transaction.commit(signal);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  async abort(signal?: AbortSignal): Promise<void> {
    this.#drop();
    if (this.#sending !== undefined)
      await (signal === undefined ? this.#sending : abortable(this.#sending, signal));
    await this.#transaction.abort(signal);
    this.#failure = undefined;
    this.#delivery.takeEnds();
  }

  close(timeoutMs = closeTimeoutMsDefault): Promise<void> {
    return (this.#ending ??= this.#close(timeoutMs));
  }

  async #close(timeoutMs: number): Promise<void> {
    const isQuick = timeoutMs <= 0 || this.#context.closing.aborted;
    const isTransactional = this.#options.transactionalId !== undefined;
    if (!isQuick && this.#failure === undefined)
      await endWithin(this.#context, timeoutMs, isTransactional ? this.abort() : this.flush());
    this.#failure = new ClusterError("WRITER_CLOSED", "the writer is closed; open another one");
    this.#drop();
    this.#tellRoom();
    const ends = Promise.all([this.#counts.close(), this.#transaction.close()]);
    await endWithin(this.#context, this.#context.closeTimeoutMs, ends);
    this.#onClosed();
  }

  #begin(): void {
    this.#linger?.cancel();
    this.#linger = undefined;
    if (this.#sending !== undefined || this.#waiting.size === 0) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
      this.#tellRoom();
    });
  }

  /** Never rejects. Once begun it goes on until nothing waits. */
  async #sendAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batches = this.#takeRound();
      try {
        await this.#delivery.deliver(batches);
      } catch (error) {
        this.#drop();
        this.#fail(this.#transaction.explain(error));
      }
      for (const { records } of batches)
        for (const { sizeBytes } of records) this.#bufferedBytes -= sizeBytes;
      if (this.hasRoom) this.#tellRoom();
    }
  }

  #takeRound(): readonly PendingBatch[] {
    const { batchBytesMax = 64 * 1024 } = this.#options;
    const batches: PendingBatch[] = [];
    let leftBytes = roundBytesMax;
    // A partition has one turn in a round: kafkajs would make one batch of several.
    for (const waiting of Array.from(this.#waiting)) {
      if (leftBytes <= 0) break;
      const records = waiting.take(Math.min(batchBytesMax, this.recordBytesMax));
      for (const { sizeBytes } of records) leftBytes -= sizeBytes;
      batches.push({ topic: waiting.topic, partition: waiting.partition, records });
      // Behind those that had no turn in this round.
      this.#waiting.delete(waiting);
      if (waiting.count > 0) this.#waiting.add(waiting);
    }
    return batches;
  }

  #drop(): void {
    for (const waiting of this.#waiting)
      for (const { sizeBytes } of waiting.drop()) this.#bufferedBytes -= sizeBytes;
    this.#waiting.clear();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#tellRoom();
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    const isTold = this.#options.transactionalId === undefined && this.#ending === undefined;
    if (isTold) this.#failure = undefined;
    throw failure;
  }

  #tellRoom(): void {
    const waiting = this.#onRoom;
    this.#onRoom = [];
    for (const tell of waiting) tell();
  }
}

/** What only a loop with exactly-once uses. */
function refuse(use: string): void {
  requireCapability(kafkajsCapabilities, "fenced-offsets", {
    use,
    instead:
      "Give StreamsApp the cluster's address instead: it has a client of its own, which can.",
  });
}
