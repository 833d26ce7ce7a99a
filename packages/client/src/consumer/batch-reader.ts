import { ClusterError, type BatchReader, type BatchReaderOptions } from "@millrace/cluster";
import {
  topicPartitionName,
  type Offset,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";
import type { Timer } from "@millrace/platform";
import { KafkaError, RecordBatchReader, type FetchResponse } from "@millrace/protocol";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { BrokerFetcher, type PartitionAnswer } from "./broker-fetcher.ts";
import { FetchPartition } from "./fetch-partition.ts";
import type { WantedPartition } from "./fetch-session.ts";
import { findBatches } from "./fetched-data.ts";

/** Most that one answer may bring, as far as the broker can choose (Kafka: `fetch.max.bytes`). */
const fetchBytesMax = 50 * 1024 * 1024;
/** Longest hold of a fetch that leaves out partitions whose buffers are full: they may be empty in a moment. */
const crowdedWaitMsMax = 20;
/** How long a partition may be unknown, as after its making or a change of brokers, before it counts as gone. */
const unknownMsMax = 10_000;

/**
 * The port's reader over Kafka's protocol (Kafka: the fetcher of `KafkaConsumer`). While `poll`'s batches
 * are processed the next ones are fetched. CLIENT-6: `poll` gives a partition's records in order, none
 * twice, none left out, from the offset that was assigned.
 */
export class KafkaBatchReader implements BatchReader {
  readonly #context: ClientContext;
  readonly #options: Required<BatchReaderOptions>;
  readonly #lane: BrokerLane;
  readonly #partitions = new Map<string, FetchPartition>();
  readonly #fetchers = new Map<number, BrokerFetcher>();
  readonly #unlisten: () => void;
  readonly #onClosed: () => void;
  #dataBytes = 0;
  #wake: (() => void) | undefined;
  #retryTimer: Timer | undefined;
  #retryTimerMs = Infinity;
  #isClosed = false;

  constructor(context: ClientContext, options: BatchReaderOptions, onClosed: () => void) {
    this.#context = context;
    this.#options = {
      isolation: options.isolation,
      bufferBytesMax: options.bufferBytesMax ?? 64 * 1024 * 1024,
      partitionBytesMax: options.partitionBytesMax ?? 1024 * 1024,
      fetchWaitMsMax: options.fetchWaitMsMax ?? 500,
    };
    this.#lane = context.openLane();
    this.#unlisten = context.metadata.onChange(() => this.#metadataChanged());
    this.#onClosed = onClosed;
  }

  assign(partitions: readonly (TopicPartition & { readonly offset: Offset })[]): void {
    this.#throwIfClosed();
    const { metadata } = this.#context;
    for (const { topic, partition, offset } of partitions) {
      const name = topicPartitionName(topic, partition);
      const before = this.#partitions.get(name);
      if (before !== undefined) this.#forget(before);
      const fetch = new FetchPartition({ topic, partition }, offset);
      fetch.isPaused = before?.isPaused ?? false;
      fetch.topicId = before?.topicId ?? metadata.topic(topic)?.topicId;
      this.#partitions.set(name, fetch);
    }
    metadata.track(partitions.map(({ topic }) => topic));
    if (partitions.some(({ topic }) => metadata.topic(topic) === undefined))
      metadata.requestRefresh();
    this.#interrupt(partitions);
    this.#pump();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const fetch = this.#find(partition);
      if (fetch !== undefined) this.#forget(fetch);
    }
  }

  pause(partition: TopicPartition): void {
    const fetch = this.#find(partition);
    if (fetch !== undefined) fetch.isPaused = true;
  }

  resume(partition: TopicPartition): void {
    const fetch = this.#find(partition);
    if (fetch === undefined || !fetch.isPaused) return;
    fetch.isPaused = false;
    if (fetch.data.length > 0) this.#wake?.();
    this.#pump();
  }

  async poll({
    signal,
    waitMsMax,
  }: {
    readonly signal?: AbortSignal;
    readonly waitMsMax: number;
  }): Promise<readonly RecordBatchView[]> {
    this.#throwIfClosed();
    this.#context.metadata.refreshIfOld();
    this.#pump();
    if (waitMsMax > 0 && signal?.aborted !== true && !this.#hasSomething())
      await this.#untilSomething(waitMsMax, signal);
    this.#throwIfClosed();
    this.#throwFailure();
    const views = this.#takeViews();
    // The next ones are on their way while these are processed.
    this.#pump();
    return views;
  }

  position(partition: TopicPartition): Offset | undefined {
    return this.#find(partition)?.position;
  }

  endOffset(partition: TopicPartition): Offset | undefined {
    return this.#find(partition)?.endOffset;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unlisten();
    this.#retryTimer?.cancel();
    this.#partitions.clear();
    this.#lane.close();
    this.#wake?.();
    this.#onClosed();
  }

  #find({ topic, partition }: TopicPartition): FetchPartition | undefined {
    return this.#partitions.get(topicPartitionName(topic, partition));
  }

  #forget(fetch: FetchPartition): void {
    this.#dataBytes -= fetch.dataBytes;
    this.#partitions.delete(fetch.name);
  }

  #isWanted(fetch: FetchPartition): boolean {
    return this.#partitions.get(fetch.name) === fetch;
  }

  #hasSomething(): boolean {
    for (const { data, isPaused, failure } of this.#partitions.values())
      if (failure !== undefined || (data.length > 0 && !isPaused)) return true;
    return false;
  }

  async #untilSomething(waitMsMax: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = this.#context.platform.timers.after(waitMsMax, resolve);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    try {
      await promise;
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", () => resolve());
      this.#wake = undefined;
    }
  }

  #throwFailure(): void {
    for (const fetch of this.#partitions.values()) {
      const { failure } = fetch;
      // What came before it is given first.
      if (failure === undefined || (fetch.data.length > 0 && !fetch.isPaused)) continue;
      fetch.failure = undefined;
      throw failure;
    }
  }

  /** What one fetch brought, of each partition: decompressed only now. */
  #takeViews(): readonly RecordBatchView[] {
    const views: RecordBatchView[] = [];
    for (const fetch of this.#partitions.values()) {
      if (fetch.isPaused) continue;
      const before = fetch.dataBytes;
      const data = fetch.take();
      if (data === undefined) continue;
      this.#dataBytes -= before - fetch.dataBytes;
      const { topic, partition } = fetch;
      const { bytes, fromOffset } = data;
      const { codecs } = this.#context.options;
      for (const position of data.positions)
        views.push(
          new RecordBatchReader({ topic, partition, bytes, position, fromOffset, codecs }),
        );
    }
    return views;
  }

  /** Asks every broker that is idle for all that may be asked of it. */
  #pump(): void {
    if (this.#isClosed) return;
    const byLeader = new Map<number, { wanted: WantedPartition[]; isCrowded: boolean }>();
    const { metadata, platform } = this.#context;
    const now = platform.clock.monotonicMs();
    for (const fetch of this.#partitions.values()) {
      if (fetch.isResting) continue;
      if (fetch.notBeforeMs > now) {
        this.#retryAt(fetch.notBeforeMs);
        continue;
      }
      const leaderId = metadata.leaderId(fetch.topic, fetch.partition);
      if (leaderId === undefined) {
        this.#unknown(fetch, now);
        continue;
      }
      let node = byLeader.get(leaderId);
      if (node === undefined) byLeader.set(leaderId, (node = { wanted: [], isCrowded: false }));
      if (fetch.dataBytes >= this.#options.partitionBytesMax) node.isCrowded = true;
      else node.wanted.push(this.#wantedOf(fetch));
    }
    for (const [nodeId, { wanted, isCrowded }] of byLeader)
      if (wanted.length > 0) this.#fetch(nodeId, wanted, isCrowded);
  }

  #wantedOf(fetch: FetchPartition): WantedPartition {
    const { metadata } = this.#context;
    fetch.topicId ??= metadata.topic(fetch.topic)?.topicId;
    return { fetch, leaderEpoch: metadata.leaderEpoch(fetch.topic, fetch.partition) };
  }

  #fetch(nodeId: number, wanted: readonly WantedPartition[], isCrowded: boolean): void {
    const { isolation, bufferBytesMax, partitionBytesMax, fetchWaitMsMax } = this.#options;
    const fetcher = this.#fetcherOf(nodeId);
    if (fetcher.isBusy) return;
    let room = bufferBytesMax - this.#dataBytes;
    for (const { reservedBytes } of this.#fetchers.values()) room -= reservedBytes;
    if (room <= 0) return;
    fetcher.send(wanted, {
      isolation,
      partitionBytesMax,
      maxBytes: Math.min(room, fetchBytesMax),
      maxWaitMs: isCrowded ? Math.min(crowdedWaitMsMax, fetchWaitMsMax) : fetchWaitMsMax,
    });
  }

  #fetcherOf(nodeId: number): BrokerFetcher {
    let fetcher = this.#fetchers.get(nodeId);
    if (fetcher === undefined) {
      fetcher = new BrokerFetcher({
        context: this.#context,
        lane: this.#lane,
        nodeId,
        onAnswer: (answers, response) => this.#answered(answers, response),
        onFailure: (error, partitions) => this.#failed(error, partitions),
      });
      this.#fetchers.set(nodeId, fetcher);
    }
    return fetcher;
  }

  /** A fetch that waits for records of other partitions must not hold up those that are new. */
  #interrupt(partitions: readonly TopicPartition[]): void {
    const { metadata } = this.#context;
    const leaders = new Set(
      partitions.map(({ topic, partition }) => metadata.leaderId(topic, partition)),
    );
    for (const leaderId of leaders)
      if (leaderId !== undefined) this.#fetchers.get(leaderId)?.abandon();
  }

  #answered(answers: readonly PartitionAnswer[], response: FetchResponse): void {
    if (this.#isClosed) return;
    for (const { nodeId, host, port } of response.nodeEndpoints)
      this.#context.metadata.learnBroker(nodeId, { host, port });
    for (const answer of answers) {
      const { fetch, fetchOffset } = answer;
      if (this.#isWanted(fetch) && fetch.fetchOffset === fetchOffset) this.#take(answer);
    }
    if (this.#hasSomething()) this.#wake?.();
    this.#pump();
  }

  #take({ fetch, row }: PartitionAnswer): void {
    const isCommittedOnly = this.#options.isolation === "read_committed";
    if (row.errorCode !== 0) {
      this.#refused(fetch, KafkaError.of(row.errorCode), row.currentLeader);
      return;
    }
    if (row.divergingEpoch.epoch >= 0) {
      this.#giveUp(fetch, lostTail(fetch, row.divergingEpoch.endOffset));
      return;
    }
    fetch.endOffset = isCommittedOnly ? row.lastStableOffset : row.highWatermark;
    if (row.records === null || row.records.length === 0) return;
    const before = fetch.dataBytes;
    try {
      fetch.add(
        findBatches({
          bytes: row.records,
          fromOffset: fetch.fetchOffset,
          lastEpoch: fetch.lastFetchedEpoch,
          aborted: row.abortedTransactions,
          isCommittedOnly,
          checkCrcs: this.#context.options.checkCrcs,
        }),
      );
    } catch (error) {
      this.#giveUp(fetch, clusterErrorOf(`a fetch of ${fetch.name}`, error));
    }
    this.#dataBytes += fetch.dataBytes - before;
  }

  #refused(
    fetch: FetchPartition,
    error: KafkaError,
    currentLeader: { readonly leaderId: number; readonly leaderEpoch: number },
  ): void {
    const { metadata, platform } = this.#context;
    const now = platform.clock.monotonicMs();
    if (error.code === "OFFSET_OUT_OF_RANGE") {
      this.#giveUp(fetch, outOfRange(fetch, error));
      return;
    }
    if (error.code === "UNKNOWN_TOPIC_OR_PARTITION" || error.code === "UNKNOWN_TOPIC_ID") {
      this.#unknown(fetch, now);
      return;
    }
    if (!error.retriable) {
      this.#giveUp(fetch, clusterErrorOf(`reading ${fetch.name}`, error));
      return;
    }
    if (!metadata.learnLeader(fetch, currentLeader)) {
      this.#backOff(fetch, now);
      metadata.requestRefresh();
    }
  }

  #failed(error: unknown, partitions: readonly FetchPartition[]): void {
    const { metadata, platform, closing } = this.#context;
    if (this.#isClosed || closing.aborted) return;
    const isSessionError = error instanceof KafkaError && error.code.includes("FETCH_SESSION");
    if (!isSessionError) {
      const now = platform.clock.monotonicMs();
      const isFinal = error instanceof ClusterError && !error.retriable;
      for (const fetch of partitions) {
        if (isFinal) this.#giveUp(fetch, error);
        else this.#backOff(fetch, now);
      }
      metadata.requestRefresh();
    }
    this.#pump();
  }

  /** The cluster does not know it, or nobody leads it. */
  #unknown(fetch: FetchPartition, now: number): void {
    const { metadata } = this.#context;
    const topic = metadata.topic(fetch.topic);
    fetch.unknownSinceMs ??= now;
    const isAnother =
      topic?.topicId !== undefined &&
      fetch.topicId !== undefined &&
      topic.topicId !== fetch.topicId;
    const isMissing = topic === undefined || fetch.partition >= topic.partitions.length;
    const error = metadata.topicError(fetch.topic);
    if (isAnother) this.#giveUp(fetch, anotherTopic(fetch));
    else if (error !== undefined && !error.retriable)
      this.#giveUp(fetch, clusterErrorOf(`reading ${fetch.name}`, error));
    else if (isMissing && now - fetch.unknownSinceMs >= unknownMsMax)
      this.#giveUp(fetch, goneTopic(fetch));
    else {
      this.#backOff(fetch, now);
      metadata.requestRefresh();
    }
  }

  #giveUp(fetch: FetchPartition, failure: Error): void {
    fetch.failure = failure;
    fetch.isResting = true;
    this.#wake?.();
  }

  #backOff(fetch: FetchPartition, now: number): void {
    const { retryBackoffMs, retryBackoffMsMax } = this.#context.options;
    const delayMs = Math.min(retryBackoffMsMax, retryBackoffMs * 2 ** Math.min(fetch.failures, 10));
    fetch.failures++;
    fetch.notBeforeMs = now + delayMs;
    this.#retryAt(fetch.notBeforeMs);
  }

  #metadataChanged(): void {
    const { metadata } = this.#context;
    for (const fetch of this.#partitions.values()) {
      const topicId = metadata.topic(fetch.topic)?.topicId;
      if (fetch.isResting || topicId === undefined || fetch.topicId === undefined) continue;
      if (topicId !== fetch.topicId) this.#giveUp(fetch, anotherTopic(fetch));
    }
    this.#pump();
  }

  #retryAt(timeMs: number): void {
    if (timeMs >= this.#retryTimerMs || this.#isClosed) return;
    const { clock, timers } = this.#context.platform;
    this.#retryTimer?.cancel();
    this.#retryTimerMs = timeMs;
    this.#retryTimer = timers.after(Math.max(0, timeMs - clock.monotonicMs()), () => {
      this.#retryTimerMs = Infinity;
      this.#pump();
    });
  }

  #throwIfClosed(): void {
    if (this.#isClosed) throw new ClusterError("CLUSTER_CLOSED", "the reader is closed");
  }
}

function outOfRange({ name, fetchOffset }: FetchPartition, cause: KafkaError): ClusterError {
  return new ClusterError(
    "OFFSET_OUT_OF_RANGE",
    `offset ${fetchOffset} of ${name} is not there (deleted by retention, or never written); ` +
      "assign it again at an offset from admin.listOffsets",
    { cause },
  );
}

function lostTail({ name, fetchOffset }: FetchPartition, endOffset: Offset): ClusterError {
  return new ClusterError(
    "OFFSET_OUT_OF_RANGE",
    `${name} lost its records from offset ${endOffset} on, which were read up to ${fetchOffset}: ` +
      "a new leader did not have them; decide where to go on, and assign it again",
  );
}

function anotherTopic({ name }: FetchPartition): ClusterError {
  return new ClusterError(
    "TOPIC_NOT_FOUND",
    `the topic of ${name} was deleted and made anew; its old offsets mean nothing: assign it again`,
  );
}

function goneTopic({ name }: FetchPartition): ClusterError {
  return new ClusterError("TOPIC_NOT_FOUND", `there is no partition ${name} any more; was it deleted?`);
}
