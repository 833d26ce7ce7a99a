import {
  ClusterError,
  type BatchReader,
  type GroupMembership,
  type GroupMetadata,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import {
  topicPartitionName,
  type Offset,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { Admin } from "../admin/admin.ts";
import type { ConsumerSettings } from "./consumer-options.ts";
import type { ConsumerRecord, RecordDecoder } from "./record-decoder.ts";

export interface ConsumerParts<Key, Value> {
  readonly platform: Platform;
  readonly admin: Admin;
  readonly reader: BatchReader;
  /** Undefined without a group. */
  readonly membership: GroupMembership | undefined;
  readonly decoder: RecordDecoder<Key, Value>;
  readonly options: ConsumerSettings;
}

/** Longest wait for records before heartbeats' news and commits are looked at. */
const pollWaitMs = 500;

/**
 * Records of topics as an async iterable (Kafka: `KafkaConsumer`). A record counts as processed when the next
 * one is asked for; what is processed is committed from time to time, before a rebalance, and on close: at
 * least once. A loop that is left can be entered again, and goes on with the next record; one loop at a time.
 *
 * @example
 * await using consumer = client.consumer({
 *   groupId: "billing",
 *   topics: ["orders"],
 *   key: string(),
 *   value: json(Order),
 * });
 * for await (const { key, value } of consumer) if (value !== null) await bill(key, value.total);
 *
 * @example Without serdes keys and values are bytes
 * await using consumer = client.consumer({ groupId: "copier", topics: ["orders"] });
 * for await (const { key, value } of consumer) await producer.send({ topic: "copy", key, value });
 */
export class Consumer<Key = Uint8Array, Value = Uint8Array>
  implements AsyncDisposable, AsyncIterable<ConsumerRecord<Key, Value>>
{
  readonly #parts: ConsumerParts<Key, Value>;
  readonly #closing = new AbortController();
  #wake = new AbortController();
  #assigned: readonly TopicPartition[] = [];
  #hasStarted = false;
  /** Processed and not committed yet, by partition. */
  readonly #processed = new Map<string, OffsetAndMetadata>();
  /** Partitions that were moved while their batches were at hand. */
  readonly #moved = new Set<string>();
  #nextCommitMs = Infinity;

  constructor(parts: ConsumerParts<Key, Value>) {
    this.#parts = parts;
    parts.membership?.onChange(() => this.#wake.abort());
  }

  /** The partitions that this consumer reads at the moment. */
  get assignment(): readonly TopicPartition[] {
    return this.#assigned;
  }

  /** For `Producer.sendOffsets`. @throws ClusterError `GROUP_REFUSED` without a group */
  get groupMetadata(): GroupMetadata {
    return this.#group().groupMetadata;
  }

  /** What is processed and not committed yet, for `Producer.sendOffsets`; turn `autoCommitInterval` off then. */
  offsets(): readonly OffsetAndMetadata[] {
    return [...this.#processed.values()];
  }

  /**
   * Commits what is processed, or the offsets given.
   *
   * @throws ClusterError (as a rejection) `COMMIT_FENCED`: the group has given the partitions to others
   */
  async commit(
    offsets: readonly OffsetAndMetadata[] = this.offsets(),
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#group().commit(offsets, signal);
    for (const one of offsets) {
      const name = nameOf(one);
      if ((this.#processed.get(name)?.offset ?? Infinity) <= one.offset)
        this.#processed.delete(name);
    }
  }

  /** The next record of the partition comes from this offset. */
  seek(partition: TopicPartition, offset: Offset): void {
    this.#moved.add(nameOf(partition));
    this.#processed.delete(nameOf(partition));
    this.#parts.reader.assign([{ ...partition, offset }]);
  }

  /** Holds a partition back; records fetched already may still come. */
  pause(partition: TopicPartition): void {
    this.#parts.reader.pause(partition);
  }

  resume(partition: TopicPartition): void {
    this.#parts.reader.resume(partition);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<Key, Value>, void, undefined> {
    const { reader, membership, platform } = this.#parts;
    while (!this.#closing.signal.aborted) {
      if (membership?.failure !== undefined) throw membership.failure;
      if (membership?.needsJoin === true || !this.#hasStarted) await this.#takeSeat();
      if (this.#closing.signal.aborted) return;
      const batches = await this.#poll(reader);
      this.#moved.clear();
      try {
        for (const batch of batches) yield* this.#records(batch);
      } finally {
        this.#goBack(batches);
        for (const batch of batches) batch.release();
      }
      if (platform.clock.monotonicMs() >= this.#nextCommitMs) await this.#autoCommit();
    }
  }

  /** Commits what is processed, leaves the group, and ends the iteration. Twice is fine. */
  async close(options: { readonly keepSeat?: boolean } = {}): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { reader, membership, platform } = this.#parts;
    this.#closing.abort(new ClusterError("CLUSTER_CLOSED", "the consumer is closed"));
    this.#wake.abort();
    try {
      await this.#autoCommit();
    } catch (error) {
      platform.logger.log("warn", "last-commit-failed", { cause: String(error) });
    }
    await Promise.all([reader.close(), membership?.close(options)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  *#records(batch: RecordBatchView): Generator<ConsumerRecord<Key, Value>, void, undefined> {
    const { topic, partition } = batch;
    const name = nameOf(batch);
    while (!this.#isInterrupted(name) && batch.next()) {
      const { offset } = batch;
      const record = this.#decode(batch);
      if (record !== undefined) yield record;
      if (!this.#moved.has(name))
        this.#processed.set(name, { topic, partition, offset: offset + 1 });
    }
    const isDone = !this.#isInterrupted(name) && this.#processed.has(name);
    if (isDone) this.#processed.set(name, { topic, partition, offset: batch.nextOffset });
  }

  /** What cannot be read is met again, until it is passed by `seek`. */
  #decode(batch: RecordBatchView): ConsumerRecord<Key, Value> | undefined {
    const { topic, partition, offset } = batch;
    try {
      return this.#parts.decoder.decode(batch);
    } catch (error) {
      this.#moved.add(nameOf(batch));
      this.#parts.reader.assign([{ topic, partition, offset }]);
      throw error;
    }
  }

  /** A loop that was left early goes on with the next record when it is entered again. */
  #goBack(batches: readonly RecordBatchView[]): void {
    if (this.#closing.signal.aborted || this.#parts.membership?.needsJoin === true) return;
    const met = new Set<string>();
    for (const batch of batches) {
      const { topic, partition } = batch;
      const name = nameOf(batch);
      if (met.has(name) || this.#moved.has(name) || !batch.next()) continue;
      met.add(name);
      this.#parts.reader.assign([{ topic, partition, offset: batch.offset }]);
    }
  }

  /** What is left of a batch is not this consumer's to give any more. */
  #isInterrupted(name: string): boolean {
    const { membership } = this.#parts;
    return this.#closing.signal.aborted || this.#moved.has(name) || membership?.needsJoin === true;
  }

  async #poll(reader: BatchReader): Promise<readonly RecordBatchView[]> {
    try {
      return await reader.poll({ signal: this.#wake.signal, waitMsMax: pollWaitMs });
    } catch (error) {
      if (this.#closing.signal.aborted) return [];
      if (!(error instanceof ClusterError) || error.code !== "OFFSET_OUT_OF_RANGE") throw error;
      if (this.#parts.options.autoOffsetReset === "none") throw error;
      await this.#resetLost();
      return [];
    }
  }

  /** Gives up what it had, after a commit, and takes what the group gives. */
  async #takeSeat(): Promise<void> {
    const { membership, reader, options, platform } = this.#parts;
    this.#wake = new AbortController();
    if (membership?.isMember === true) await this.#autoCommit();
    reader.unassign(this.#assigned);
    this.#processed.clear();
    const signal = this.#closing.signal;
    this.#assigned =
      membership === undefined
        ? await this.#allPartitions()
        : (await membership.join(signal)).partitions;
    const committed =
      membership === undefined ? [] : await membership.committed(this.#assigned, signal);
    const known = new Set(committed.map(nameOf));
    reader.assign(committed);
    await this.#reset(this.#assigned.filter((one) => !known.has(nameOf(one))));
    const { autoCommitInterval: autoCommitIntervalMs } = options;
    this.#nextCommitMs =
      membership === undefined || autoCommitIntervalMs === 0
        ? Infinity
        : platform.clock.monotonicMs() + autoCommitIntervalMs;
    this.#hasStarted = true;
  }

  async #allPartitions(): Promise<readonly TopicPartition[]> {
    const { admin, options } = this.#parts;
    const described = await admin.describeTopics(options.topics, this.#closing.signal);
    return options.topics.flatMap((topic) => {
      const partitionCount = described.get(topic)?.partitionCount;
      if (partitionCount === undefined)
        throw new ClusterError("TOPIC_NOT_FOUND", `there is no topic ${topic}; create it first`);
      return Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }));
    });
  }

  async #reset(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    const { admin, reader, options } = this.#parts;
    const { autoOffsetReset: at, isolationLevel: isolation } = options;
    if (at === "none") {
      const names = partitions.map(nameOf).join(", ");
      throw new ClusterError(
        "OFFSET_OUT_OF_RANGE",
        `no offset is committed for ${names}; commit one, or set autoOffsetReset`,
      );
    }
    const wanted = partitions.map((one) => ({ ...one, at }));
    const signal = this.#closing.signal;
    reader.assign(await admin.listOffsets(wanted, { isolation, signal }));
  }

  /** Some partitions stand where there is nothing any more, or nothing yet. */
  async #resetLost(): Promise<void> {
    const { admin, reader } = this.#parts;
    const signal = this.#closing.signal;
    const at = (where: "earliest" | "latest") =>
      admin.listOffsets(
        this.#assigned.map((one) => ({ ...one, at: where })),
        { signal },
      );
    const [starts, ends] = await Promise.all([at("earliest"), at("latest")]);
    const lost = this.#assigned.filter((one, index) => {
      const position = reader.position(one) ?? -1;
      return position < starts[index].offset || position > ends[index].offset;
    });
    await this.#reset(lost);
  }

  async #autoCommit(): Promise<void> {
    const { membership, options, platform } = this.#parts;
    const { autoCommitInterval: autoCommitIntervalMs } = options;
    if (membership === undefined || autoCommitIntervalMs === 0) return;
    this.#nextCommitMs = platform.clock.monotonicMs() + autoCommitIntervalMs;
    if (this.#processed.size === 0) return;
    try {
      await this.commit();
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== "COMMIT_FENCED") throw error;
      // The partitions are somebody else's now: that one processes again what was not committed.
      platform.logger.log("warn", "commit-fenced", { cause: error.message });
    }
  }

  #group(): GroupMembership {
    const { membership } = this.#parts;
    if (membership !== undefined) return membership;
    throw new ClusterError("GROUP_REFUSED", "this consumer has no group; give it a groupId");
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
