import type { BatchReader, BatchReaderOptions } from "@millrace/cluster";
import {
  topicPartitionName,
  type Offset,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";
import type { Timer } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import { type FetchResponse } from "@millrace/protocol/definitions";

import { pollOptions, positions, topicPartition, topicPartitions } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { BackgroundWork } from "../connection/background-work.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { closedError } from "../connection/reconnecting-link.ts";
import { isRetriable } from "../connection/retrying.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { BrokerFetcher } from "./broker-fetcher.ts";
import type { FetchTarget } from "./fetch-session.ts";
import { queueFetched } from "./fetched-batches.ts";
import { HeldBytes } from "./held-bytes.ts";
import { findOutOfRange, goneOf, refusedFor, sayWaiting } from "./partition-failures.ts";
import { planFetches, type FetchBounds } from "./plan-fetches.ts";

type PartitionData = FetchResponse["responses"][number]["partitions"][number];

/**
 * Reads assigned partitions from all brokers that lead them. Fetching goes on by itself while there is room:
 * the next batches come while the last ones are processed.
 *
 * CLIENT-3: bytes that are held, fetched or unpacked, stay below the bound plus one response per broker and one
 * share per partition: a partition of which nothing is held is fetched even so, lest it starve while others wait for it.
 */
export class ClusterBatchReader implements BatchReader {
  readonly #context: ClientContext;
  readonly #isCommitted: boolean;
  readonly #bounds: FetchBounds;
  readonly #waitMsMax: number;
  readonly #partitions = new Map<string, AssignedPartition>();
  readonly #fetchers = new Map<number, BrokerFetcher>();
  readonly #unlisten: () => void;
  readonly #onClosed: () => void;
  readonly #held = new HeldBytes();
  /** For questions that must not wait behind a fetch. */
  readonly #questions: BrokerLane;
  readonly #background = new BackgroundWork();
  readonly #closing = new AbortController();
  #lane: BrokerLane;
  #retry: Timer | undefined;
  #waiting: (() => void) | undefined;

  constructor(
    context: ClientContext,
    options: BatchReaderOptions,
    onClosed: () => void = () => {},
  ) {
    this.#context = context;
    this.#onClosed = onClosed;
    this.#isCommitted = options.isolation === "read_committed";
    const { bufferBytesMax = 64 * 2 ** 20, partitionBytesMax = 2 ** 20 } = options;
    this.#bounds = { bufferBytesMax, partitionBytesMax };
    this.#waitMsMax = options.fetchWaitMsMax ?? 500;
    this.#lane = context.openLane();
    this.#questions = context.openLane();
    this.#unlisten = context.metadata.onChange(() => this.#metadataChanged());
  }

  assign(partitions: readonly (TopicPartition & { readonly offset: Offset })[]): void {
    checkArguments("reader.assign", { partitions: [positions, partitions] });
    for (const position of partitions) {
      const { topic, partition } = position;
      const name = topicPartitionName(topic, partition);
      const before = this.#partitions.get(name);
      before?.retire();
      const assigned = new AssignedPartition(position, this.#held);
      assigned.isPaused = before?.isPaused ?? false;
      assigned.topicId = this.#context.metadata.topic(topic)?.topicId;
      this.#partitions.set(name, assigned);
    }
    this.#context.metadata.track(partitions.map(({ topic }) => topic));
    this.#restartFetchers();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    checkArguments("reader.unassign", { partitions: [topicPartitions, partitions] });
    for (const { topic, partition } of partitions) {
      const name = topicPartitionName(topic, partition);
      this.#partitions.get(name)?.retire();
      this.#partitions.delete(name);
    }
  }

  pause(partition: TopicPartition): void {
    checkArguments("reader.pause", { partition: [topicPartition, partition] });
    const found = this.#find("pause", partition);
    if (found !== undefined) found.isPaused = true;
  }

  resume(partition: TopicPartition): void {
    checkArguments("reader.resume", { partition: [topicPartition, partition] });
    const found = this.#find("resume", partition);
    if (found === undefined || !found.isPaused) return;
    found.isPaused = false;
    if (found.fetched.length > 0) this.#wake();
    this.#fetchAll();
  }

  async poll(options: {
    readonly signal?: AbortSignal;
    readonly waitMsMax: number;
  }): Promise<readonly RecordBatchView[]> {
    checkArguments("reader.poll", { options: [pollOptions, options] });
    const { signal, waitMsMax } = options;
    const ready = this.take();
    if (ready.length > 0 || waitMsMax <= 0 || signal?.aborted === true) return ready;
    await this.arrival(waitMsMax, signal);
    return this.take();
  }

  /** What `poll` would give now. Positions may move between a poll and its answer, but not within this. */
  take(): readonly RecordBatchView[] {
    for (const { failure, fetched } of this.#partitions.values())
      if (failure !== undefined && fetched.length === 0) throw failure;
    const batches: RecordBatchView[] = [];
    for (const partition of this.#partitions.values()) {
      if (partition.isPaused) continue;
      for (const batch of partition.fetched.splice(0)) batches.push(batch);
      partition.position = partition.fetchOffset;
    }
    return batches;
  }

  /** Waits for something to be taken. One wait at a time. */
  arrival(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", finish);
        this.#waiting = undefined;
        resolve();
      };
      const timer = this.#context.platform.timers.after(waitMs, finish);
      signal?.addEventListener("abort", finish, { once: true });
      this.#waiting = finish;
    });
  }

  position(partition: TopicPartition): Offset | undefined {
    return this.#find("position", partition)?.position;
  }

  endOffset(partition: TopicPartition): Offset | undefined {
    return this.#find("endOffset", partition)?.endOffset;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closedError());
    this.#unlisten();
    this.#retry?.cancel();
    for (const fetcher of this.#fetchers.values()) fetcher.abandon();
    for (const partition of this.#partitions.values()) partition.retire();
    this.#partitions.clear();
    this.#lane.close();
    this.#questions.close();
    this.#wake();
    await this.#background.ended();
    this.#onClosed();
  }

  #find(method: string, place: TopicPartition): AssignedPartition | undefined {
    // Tasks ask for each record: what is one shows at a glance.
    if (typeof place?.topic !== "string" || typeof place.partition !== "number")
      checkArguments(`reader.${method}`, { partition: [topicPartition, place] });
    return this.#partitions.get(topicPartitionName(place.topic, place.partition));
  }

  #wake(): void {
    this.#waiting?.();
  }

  /** A topic may be gone, or be another one by now. */
  #metadataChanged(): void {
    const { metadata, platform } = this.#context;
    const now = platform.clock.monotonicMs();
    const topics = new Set<string>();
    for (const assigned of this.#partitions.values()) {
      topics.add(assigned.topic);
      const topic = metadata.topic(assigned.topic);
      const isKnown = topic !== undefined && assigned.partition < topic.partitions.length;
      assigned.unknown.note(!isKnown, now);
      const isLed = metadata.leaderId(assigned.topic, assigned.partition) !== undefined;
      assigned.leaderless.note(isKnown && !isLed, now);
      if (assigned.failure !== undefined) continue;
      assigned.failure = goneOf(assigned, {
        topicId: topic?.topicId,
        error: metadata.topicError(assigned.topic),
        nowMs: now,
      });
      if (assigned.failure !== undefined) this.#wake();
    }
    metadata.track(topics);
    sayWaiting(this.#partitions.values(), platform);
    this.#fetchAll();
  }

  /** New positions must not wait for the end of a long poll: they get connections that are free. */
  #restartFetchers(): void {
    const isBusy = [...this.#fetchers.values()].some(({ isFetching }) => isFetching);
    if (isBusy) {
      for (const fetcher of this.#fetchers.values()) fetcher.abandon();
      this.#fetchers.clear();
      this.#lane.close();
      this.#lane = this.#context.openLane();
    }
    this.#fetchAll();
  }

  /** Asks every broker that leads something that may be fetched now. */
  #fetchAll(): void {
    if (this.#closing.signal.aborted) return;
    const { metadata, platform } = this.#context;
    const { plans, isLeaderMissing } = planFetches(this.#partitions.values(), metadata, {
      nowMs: platform.clock.monotonicMs(),
      heldBytes: this.#held.sizeBytes,
      bounds: this.#bounds,
    });
    for (const [nodeId, plan] of plans) this.#fetcher(nodeId).fetch(plan);
    if (isLeaderMissing) metadata.requestRefresh();
  }

  #fetcher(nodeId: number): BrokerFetcher {
    let fetcher = this.#fetchers.get(nodeId);
    if (fetcher === undefined) {
      fetcher = new BrokerFetcher({
        nodeId,
        isCommitted: this.#isCommitted,
        waitMsMax: this.#waitMsMax,
        lane: this.#lane,
        onPartition: (target, data) => this.#take(target, data),
        onFailure: (error, targets) => this.#failed(error, targets),
        onIdle: () => this.#fetchAll(),
        background: this.#background,
      });
      this.#fetchers.set(nodeId, fetcher);
    }
    return fetcher;
  }

  #take({ assigned }: FetchTarget, data: PartitionData): void {
    if (data.errorCode !== 0) {
      this.#refused(assigned, KafkaError.of(data.errorCode));
      return;
    }
    if (data.divergingEpoch.epoch >= 0) {
      this.#lost(assigned, data.divergingEpoch.endOffset);
      return;
    }
    assigned.endOffset = this.#isCommitted ? data.lastStableOffset : data.highWatermark;
    const before = assigned.fetchOffset;
    queueFetched(assigned, data, {
      isCommitted: this.#isCommitted,
      codecs: this.#context.options.codecs,
      checkCrcs: this.#context.options.checkCrcs,
      onFreed: this.#freed,
    });
    if (assigned.fetchOffset !== before) this.#wake();
  }

  readonly #freed = (): void => {
    // Where all brokers are being asked there is nothing to do until one has answered.
    for (const { isFetching } of this.#fetchers.values()) if (!isFetching) return this.#fetchAll();
  };

  #refused(assigned: AssignedPartition, error: KafkaError): void {
    if (error.code === "OFFSET_OUT_OF_RANGE") this.#lost(assigned, undefined);
    else if (error.retriable && error.code !== "CORRUPT_MESSAGE") this.#fetchLater([assigned]);
    else {
      // A damaged log stays damaged: asking again would only hide it.
      assigned.failure = refusedFor(assigned, error);
      this.#wake();
    }
  }

  /** Its next offset is not there: asks in the background what is, to tell it with that. */
  #lost(assigned: AssignedPartition, divergentOffset: Offset | undefined): void {
    if (assigned.isLost) return;
    assigned.isLost = true;
    this.#background.begin(this.#tellLost(assigned, divergentOffset));
  }

  /** Never rejects. */
  async #tellLost(assigned: AssignedPartition, divergentOffset: Offset | undefined): Promise<void> {
    try {
      const found = await findOutOfRange(this.#context, this.#questions, {
        assigned,
        divergentOffset,
        isolation: this.#isCommitted ? "read_committed" : "read_uncommitted",
        signal: this.#closing.signal,
      });
      assigned.failure = found;
    } catch (error) {
      if (isRetriable(error)) this.#fetchLater([assigned]);
      else assigned.failure = error as Error;
    }
    assigned.isLost = false;
    this.#wake();
  }

  #failed(error: unknown, targets: readonly FetchTarget[]): void {
    if (isRetriable(error)) {
      this.#fetchLater(targets.map(({ assigned }) => assigned));
      return;
    }
    for (const { assigned } of targets) assigned.failure = error as Error;
    this.#wake();
  }

  /** Asks who leads now, and fetches again after a pause. */
  #fetchLater(waiting: readonly AssignedPartition[]): void {
    const { metadata, platform, options } = this.#context;
    const { retryBackoffMs } = options;
    const notBeforeMs = platform.clock.monotonicMs() + retryBackoffMs;
    for (const assigned of waiting) assigned.notBeforeMs = notBeforeMs;
    metadata.requestRefresh();
    this.#scheduleRetry();
  }

  /** At the end of the earliest pause. */
  #scheduleRetry(): void {
    const { clock, timers } = this.#context.platform;
    const now = clock.monotonicMs();
    let earliestMs = Infinity;
    for (const { notBeforeMs } of this.#partitions.values())
      if (notBeforeMs > now && notBeforeMs < earliestMs) earliestMs = notBeforeMs;
    if (earliestMs === Infinity || this.#closing.signal.aborted) return;
    this.#retry ??= timers.after(earliestMs - now, () => {
      this.#retry = undefined;
      this.#fetchAll();
      this.#scheduleRetry();
    });
  }
}
