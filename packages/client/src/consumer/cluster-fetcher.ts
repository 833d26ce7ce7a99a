import type { BatchReaderOptions } from "@millrace/cluster";
import {
  topicPartitionName,
  type Offset,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";
import type { FetchResponse } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import { BackgroundWork } from "../connection/background-work.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { closedError } from "../connection/reconnecting-link.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { BrokerFetcher } from "./broker-fetcher.ts";
import type { Position } from "./consumer-positions.ts";
import { FetchFailures } from "./fetch-failures.ts";
import { endSessions } from "./end-sessions.ts";
import { FetchSession, type FetchTarget } from "./fetch-session.ts";
import { queueFetched } from "./fetched-batches.ts";
import { HeldBytes } from "./held-bytes.ts";
import { goneOf, sayWaiting } from "./partition-failures.ts";
import { planFetches, type FetchBounds } from "./plan-fetches.ts";

type PartitionData = FetchResponse["responses"][number]["partitions"][number];

/**
 * Fetches assigned partitions from all brokers that lead them, by itself while there is room: the next batches come
 * while the last ones are processed.
 *
 * CLIENT-3: bytes that are held, fetched or unpacked, stay below the bound plus one response per broker and one
 * share per partition: a partition of which nothing is held is fetched even so, lest it starve while others wait for it.
 */
export class ClusterFetcher {
  readonly #context: ClientContext;
  readonly #isCommitted: boolean;
  readonly #bounds: FetchBounds;
  readonly #waitMsMax: number;
  readonly #partitions = new Map<string, AssignedPartition>();
  readonly #fetchers = new Map<number, BrokerFetcher>();
  /** By broker. */
  readonly #sessions = new Map<number, FetchSession>();
  readonly #unlisten: () => void;
  readonly #held = new HeldBytes();
  readonly #background = new BackgroundWork();
  readonly #closing = new AbortController();
  readonly #failures: FetchFailures;
  #lane: BrokerLane;
  #waiting: (() => void) | undefined;

  constructor(context: ClientContext, options: BatchReaderOptions) {
    this.#context = context;
    this.#isCommitted = options.isolation === "read_committed";
    const { bufferBytesMax = 64 * 2 ** 20, partitionBytesMax = 2 ** 20 } = options;
    this.#bounds = { bufferBytesMax, partitionBytesMax };
    this.#waitMsMax = options.fetchWaitMsMax ?? 500;
    this.#lane = context.openLane();
    this.#failures = new FetchFailures({
      context,
      isolation: options.isolation,
      partitions: () => this.#partitions.values(),
      background: this.#background,
      closing: this.#closing.signal,
      onTold: () => this.#wake(),
      onRetry: () => this.#fetchAll(),
    });
    this.#unlisten = context.metadata.onChange(() => this.#metadataChanged());
  }

  assign(partitions: readonly Position[]): void {
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
    for (const { topic, partition } of partitions) {
      const name = topicPartitionName(topic, partition);
      this.#partitions.get(name)?.retire();
      this.#partitions.delete(name);
    }
  }

  pause(partition: TopicPartition): void {
    const found = this.#find(partition);
    if (found !== undefined) found.isPaused = true;
  }

  resume(partition: TopicPartition): void {
    const found = this.#find(partition);
    if (found === undefined || !found.isPaused) return;
    found.isPaused = false;
    if (found.fetched.length > 0) this.#wake();
    this.#fetchAll();
  }

  /** What has come, at once: positions may move while an answer is on its way. */
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
    return this.#find(partition)?.position;
  }

  endOffset(partition: TopicPartition): Offset | undefined {
    return this.#find(partition)?.endOffset;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closedError());
    this.#unlisten();
    for (const fetcher of this.#fetchers.values()) fetcher.abandon();
    for (const partition of this.#partitions.values()) partition.retire();
    this.#partitions.clear();
    this.#failures.close();
    this.#wake();
    const ending = endSessions(this.#sessions, this.#lane, this.#context);
    this.#lane.close();
    await ending;
    await this.#background.ended();
  }

  #find({ topic, partition }: TopicPartition): AssignedPartition | undefined {
    return this.#partitions.get(topicPartitionName(topic, partition));
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
      for (const session of this.#sessions.values()) session.reset();
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
      const session = this.#sessions.get(nodeId) ?? new FetchSession();
      this.#sessions.set(nodeId, session);
      fetcher = new BrokerFetcher({
        nodeId,
        isCommitted: this.#isCommitted,
        waitMsMax: this.#waitMsMax,
        session,
        lane: this.#lane,
        onPartition: (target, data) => this.#take(target, data),
        onFailure: (error, targets) =>
          this.#failures.failed(
            error,
            targets.map(({ assigned }) => assigned),
          ),
        onIdle: () => this.#fetchAll(),
        background: this.#background,
      });
      this.#fetchers.set(nodeId, fetcher);
    }
    return fetcher;
  }

  #take({ assigned }: FetchTarget, data: PartitionData): void {
    if (data.errorCode !== 0) {
      this.#failures.refused(assigned, data.errorCode);
      return;
    }
    if (data.divergingEpoch.epoch >= 0) {
      this.#failures.lost(assigned, data.divergingEpoch.endOffset);
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
}
