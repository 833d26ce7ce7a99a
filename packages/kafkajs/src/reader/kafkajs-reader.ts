import { ClusterError, type BatchReader, type BatchReaderOptions } from "@millrace/cluster";
import {
  topicPartitionName,
  type Offset,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";

import { endWithin, openLink, type KafkajsContext } from "../kafkajs-context.ts";
import type { KafkajsLink } from "../link/kafkajs-link.ts";
import { DecodedBatch } from "./decoded-batch.ts";
import { endOf, visibleMessages, type FetchedPartition } from "./fetched.ts";
import { Fetcher } from "./fetcher.ts";
import { readPartition, type ReadPartition } from "./read-partition.ts";

/** After a failure that may pass. */
const pauseMs = 100;
/** In place of a leader, for those who have none yet. */
const noLeader = -1;

interface Arrived {
  readonly place: ReadPartition;
  readonly batch: DecodedBatch;
}

/**
 * Assigned partitions by kafkajs's `Broker.fetch`: one request at a time for each leader, begun by a poll, so that at
 * most one answer of each waits to be polled.
 */
export class KafkajsReader implements BatchReader {
  readonly #context: KafkajsContext;
  readonly #options: BatchReaderOptions;
  readonly #link: KafkajsLink;
  readonly #fetcher: Fetcher;
  readonly #onClosed: () => void;
  readonly #partitions = new Map<string, ReadPartition>();
  /** By leader; rejects never. */
  readonly #fetches = new Map<number, Promise<void>>();
  #arrived: Arrived[] = [];
  #heldBytes = 0;
  #unsupported: ClusterError | undefined;
  #wake: () => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(context: KafkajsContext, options: BatchReaderOptions, onClosed: () => void) {
    this.#context = context;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#link = openLink(context, options);
    this.#fetcher = new Fetcher({
      link: this.#link,
      options,
      onFetched: (place, fetched) => this.#arrive(place, fetched),
      onUnsupported: (error) => {
        this.#unsupported = error;
      },
    });
  }

  assign(partitions: readonly (TopicPartition & { readonly offset: Offset })[]): void {
    for (const given of partitions) {
      const name = topicPartitionName(given.topic, given.partition);
      const before = this.#partitions.get(name);
      const place = readPartition(given, this.#options.partitionBytesMax ?? 1024 * 1024);
      place.isPaused = before?.isPaused ?? false;
      place.leader = before?.leader;
      this.#partitions.set(name, place);
    }
    this.#forgetOthers();
    this.#wake();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions)
      this.#partitions.delete(topicPartitionName(topic, partition));
    this.#forgetOthers();
  }

  pause(partition: TopicPartition): void {
    const place = this.#place(partition);
    if (place !== undefined) place.isPaused = true;
  }

  resume(partition: TopicPartition): void {
    const place = this.#place(partition);
    if (place !== undefined) place.isPaused = false;
    this.#wake();
  }

  async poll({
    signal,
    waitMsMax,
  }: {
    readonly signal?: AbortSignal;
    readonly waitMsMax: number;
  }): Promise<readonly RecordBatchView[]> {
    if (this.#closing !== undefined) throw closed();
    const { clock } = this.#context.platform;
    const untilMs = clock.monotonicMs() + waitMsMax;
    for (;;) {
      this.#throwFailure();
      this.#beginFetches();
      const batches = this.#take();
      const leftMs = untilMs - clock.monotonicMs();
      const isOver = leftMs <= 0 || signal?.aborted === true || this.#closing !== undefined;
      if (batches.length > 0 || isOver) return batches;
      await this.#changed(leftMs, signal);
    }
  }

  position(partition: TopicPartition): Offset | undefined {
    return this.#place(partition)?.position;
  }

  endOffset(partition: TopicPartition): Offset | undefined {
    return this.#place(partition)?.endOffset;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#partitions.clear();
    this.#forgetOthers();
    this.#wake();
    const ends = [...this.#fetches.values(), this.#link.close()];
    await endWithin(this.#context, this.#context.closeTimeoutMs, Promise.all(ends));
    this.#onClosed();
  }

  #place({ topic, partition }: TopicPartition): ReadPartition | undefined {
    return this.#partitions.get(topicPartitionName(topic, partition));
  }

  #isAssigned(place: ReadPartition): boolean {
    return this.#place(place) === place;
  }

  #forgetOthers(): void {
    const [kept, dropped] = [true, false].map((isKept) =>
      this.#arrived.filter(({ place }) => this.#isAssigned(place) === isKept),
    );
    this.#arrived = kept;
    for (const { batch } of dropped) batch.release();
  }

  #throwFailure(): void {
    if (this.#unsupported !== undefined) throw this.#unsupported;
    const waiting = new Set(this.#arrived.map(({ place }) => place));
    for (const place of this.#partitions.values())
      if (place.failure !== undefined && !waiting.has(place)) throw place.failure;
  }

  /** What has come; what holds no record moves the position alone. */
  #take(): readonly RecordBatchView[] {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const { place, batch } of arrived) place.position = batch.nextOffset;
    for (const place of this.#partitions.values())
      if (place.failure === undefined) place.position = place.fetchOffset;
    const batches = arrived.map(({ batch }) => batch);
    for (const batch of batches) if (batch.remaining === 0) batch.release();
    return batches.filter(({ remaining }) => remaining > 0);
  }

  #arrive(place: ReadPartition, fetched: FetchedPartition): void {
    if (!this.#isAssigned(place)) return;
    const batch = new DecodedBatch(place, {
      messages: visibleMessages(fetched, place.fetchOffset),
      nextOffset: Math.max(place.fetchOffset, endOf(fetched) ?? 0),
      onReleased: (sizeBytes) => {
        this.#heldBytes -= sizeBytes;
        this.#wake();
      },
    });
    this.#heldBytes += batch.sizeBytes;
    this.#arrived.push({ place, batch });
  }

  #beginFetches(): void {
    if (this.#heldBytes >= (this.#options.bufferBytesMax ?? 64 * 1024 * 1024)) return;
    const wanted = [...this.#partitions.values()].filter(
      ({ isPaused, failure }) => !isPaused && failure === undefined,
    );
    for (const [leader, places] of Map.groupBy(wanted, (place) => place.leader ?? noLeader)) {
      if (this.#fetches.has(leader) || this.#closing !== undefined) continue;
      const alone = places.find(({ isAlone }) => isAlone);
      const together = alone === undefined ? places : [alone];
      this.#fetches.set(leader, this.#fetch(leader, together));
    }
  }

  /** Never rejects: what may pass is tried again with a later poll. */
  async #fetch(leader: number, places: readonly ReadPartition[]): Promise<void> {
    try {
      if (leader === noLeader) await this.#fetcher.findLeaders(places);
      else await this.#fetcher.fetch(leader, places);
      const isWaiting = leader === noLeader && places.some((place) => place.leader === undefined);
      if (isWaiting) await this.#pause();
    } catch (error) {
      this.#context.kafka.logger().debug(`[Millrace] a fetch failed: ${String(error)}`);
      await this.#pause();
    } finally {
      this.#fetches.delete(leader);
      this.#wake();
    }
  }

  async #pause(): Promise<void> {
    if (this.#closing === undefined) await this.#context.platform.timers.sleep(pauseMs);
  }

  /** Until something has come, or may be fetched. */
  #changed(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.platform.timers.after(waitMs, () => done());
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", done);
        this.#wake = () => {};
        resolve();
      };
      signal?.addEventListener("abort", done, { once: true });
      this.#wake = done;
    });
  }
}

function closed(): ClusterError {
  return new ClusterError("CLUSTER_CLOSED", "the reader is closed; open another one");
}
