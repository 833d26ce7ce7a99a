import {
  ClusterError,
  PartitionError,
  type BatchReader,
  type GroupMembership,
  type GroupMetadata,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import type { Offset, RecordBatchView, TopicPartition } from "@millrace/model";
import type { ClientContext } from "../client-context.ts";
import { isRetriable } from "../connection/retrying.ts";
import { signalAfter } from "../signal-after.ts";
import { AutoCommit } from "./auto-commit.ts";
import { BatchesAtHand, isSame, nameOf } from "./batches-at-hand.ts";
import { ConsumedOffsets } from "./consumed-offsets.ts";
import type { ConsumerSettings } from "./consumer-options.ts";
import { ConsumerPositions, type Position } from "./consumer-positions.ts";
import type { ConsumerRecord, RecordDecoder } from "./record-decoder.ts";
import { TopicWatch } from "./topic-watch.ts";

export interface ConsumerParts<Key, Value> {
  readonly context: ClientContext;
  readonly reader: BatchReader;
  /** Undefined without a group. */
  readonly membership: GroupMembership | undefined;
  readonly decoder: RecordDecoder<Key, Value>;
  readonly options: ConsumerSettings;
  readonly onClosed: () => void;
}

/** Longest wait for records before heartbeats' news and commits are looked at. */
const pollWaitMs = 500;
/** How long the last commit may take. */
const closeTimeoutMs = 5000;

/**
 * Records of topics as an async iterable (Kafka: `KafkaConsumer`). A record counts as processed when the next
 * one is asked for; what is processed is committed from time to time, before a rebalance, and on close: at
 * least once. `commit` and `offsets` count the record at hand as well. A loop that is left can be entered again,
 * and goes on with the next record; one loop at a time. Topics that are not there are waited for.
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
  readonly #atHand: BatchesAtHand<Key, Value>;
  readonly #positions: ConsumerPositions;
  readonly #watch: TopicWatch;
  readonly #offsets = new ConsumedOffsets();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;
  #wake = new AbortController();
  #assigned: readonly TopicPartition[] = [];
  /** True: partitions are to be assigned, at first or since some have come; a group says it by itself. */
  #needsPartitions = true;
  /** Positions of partitions that were sought before they were assigned. */
  readonly #sought = new Map<string, Offset>();
  readonly #autoCommit: AutoCommit;
  /** True: the group was rebalanced while a transaction had records whose offsets it was not told. */
  #isFenced = false;
  /** True while a loop reads, or its body works on a record. */
  #isInUse = false;

  constructor(parts: ConsumerParts<Key, Value>) {
    const { context, membership, options } = parts;
    this.#parts = parts;
    this.#atHand = new BatchesAtHand(parts.decoder);
    this.#positions = new ConsumerPositions(context, options);
    this.#watch = new TopicWatch(context, options.topics, () => {
      if (membership === undefined && !this.#needsPartitions) this.#lookForMore();
    });
    membership?.onChange(() => this.#wake.abort());
    this.#autoCommit = new AutoCommit({
      context,
      intervalMs: options.autoCommitInterval,
      processed: () => (membership?.isMember === true ? this.#processed() : []),
      commit: (offsets, signal) => this.commit(offsets, signal),
      closing: this.#closing.signal,
    });
  }

  /** The partitions that this consumer reads at the moment. */
  get assignment(): readonly TopicPartition[] {
    return this.#assigned;
  }

  /**
   * The member of the latest rebalance: for `Producer.sendOffsets`, beside `offsets()`, which refuses what was read
   * before it.
   *
   * @throws ClusterError `GROUP_REFUSED` without a group
   */
  get groupMetadata(): GroupMetadata {
    return this.#group().groupMetadata;
  }

  /**
   * What is not committed yet, the record at hand included: for `Producer.sendOffsets`; turn
   * `autoCommitInterval` off (0) then. Ask once in each transaction, when its last record is at hand: what was given
   * by then counts as part of it.
   *
   * @throws ClusterError `COMMIT_FENCED`, once: the group was rebalanced since records were given that no `offsets()`
   * told. Let the transaction abort, and do not `seek`: reading goes on from what is committed, so that they come
   * again, here or at another member.
   */
  offsets(): readonly OffsetAndMetadata[] {
    if (this.#isFenced) throw this.#fence();
    const offsets = this.#uncommitted();
    this.#offsets.tellAll(offsets);
    return offsets;
  }

  /**
   * Commits what is processed and the record at hand, or the offsets given. What is below counts as processed: no
   * automatic commit takes it back.
   *
   * @throws ClusterError (as a rejection) `COMMIT_FENCED`: the group has given the partitions to others
   */
  async commit(
    offsets: readonly OffsetAndMetadata[] = this.#uncommitted(),
    signal?: AbortSignal,
  ): Promise<void> {
    const group = this.#group();
    // At once: a seek that comes before the answer is not to be undone.
    for (const one of offsets) this.#offsets.advance(one, one.offset);
    await group.commit(offsets, signal);
    this.#offsets.committed(offsets);
  }

  /**
   * The next record of the partition comes from this offset, at once or as soon as the partition is assigned; if the
   * group gives the partition to another member meanwhile, that one's work counts, and the log says so.
   */
  seek(partition: TopicPartition, offset: Offset): void {
    if (this.#assigned.some((one) => isSame(one, partition)))
      this.#moveTo({ ...partition, offset });
    else this.#sought.set(nameOf(partition), offset);
  }

  /** Holds a partition back, at once or as soon as it is assigned. */
  pause(partition: TopicPartition): void {
    this.#atHand.pause(partition);
    this.#parts.reader.pause(partition);
  }

  resume(partition: TopicPartition): void {
    this.#atHand.resume(partition);
    this.#parts.reader.resume(partition);
    this.#wake.abort();
  }

  /** @throws ClusterError `CONSUMER_IN_USE`: another loop reads, or works on a record that this one would take for done */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<Key, Value>, void, undefined> {
    if (this.#isInUse) throw inUse();
    this.#isInUse = true;
    try {
      while (!this.#closing.signal.aborted) {
        const record = this.#nextRecord();
        if (record === undefined) await this.#turn();
        else yield record;
      }
    } finally {
      this.#isInUse = false;
    }
  }

  /** Commits what is processed, leaves the group, and ends the iteration. Twice is fine. */
  close(options: { readonly keepSeat?: boolean } = {}): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(options: { readonly keepSeat?: boolean }): Promise<void> {
    const { context, reader, membership, onClosed } = this.#parts;
    const timeout = signalAfter(context.platform, closeTimeoutMs, slowClose);
    this.#closing.abort(new ClusterError("CLUSTER_CLOSED", "the consumer is closed"));
    this.#wake.abort();
    this.#watch.close();
    await this.#autoCommit.finish(timeout.signal);
    timeout.cancel();
    this.#atHand.drop(() => true);
    await Promise.all([reader.close(), membership?.close(options)]);
    this.#positions.close();
    onClosed();
  }

  /** The next record that is there; undefined: something must be waited for. */
  #nextRecord(): ConsumerRecord<Key, Value> | undefined {
    this.#atHand.settle(this.#markGiven);
    this.#autoCommit.check();
    return this.#needsSeat() ? undefined : this.#atHand.next(this.#markDone);
  }

  readonly #markDone = (partition: TopicPartition, nextOffset: Offset): void => {
    this.#offsets.advance(partition, nextOffset);
  };

  readonly #markGiven = (partition: TopicPartition, nextOffset: Offset): void => {
    this.#offsets.give(partition, nextOffset);
  };

  /** Joins, reads, waits: whatever is to be done until there are records again. */
  async #turn(): Promise<void> {
    const { context, reader, membership } = this.#parts;
    try {
      if (membership?.failure !== undefined) throw membership.failure;
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      if (this.#needsSeat()) await this.#takeSeat();
      this.#atHand.add(await this.#poll(reader));
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // Brokers that were there come back; those that never were have the wrong address.
      if (!isRetriable(error) || !context.metadata.hasAnswered) throw error;
      const { logger, timers } = context.platform;
      logger.log("warn", "client.consumer-waits", { cause: String(error) });
      await timers.sleep(context.options.retryBackoffMsMax, this.#closing.signal).catch(() => {});
    }
  }

  async #poll(reader: BatchReader): Promise<readonly RecordBatchView[]> {
    const signal = this.#closing.signal;
    if (signal.aborted) return [];
    try {
      return await reader.poll({ signal: this.#wake.signal, waitMsMax: pollWaitMs });
    } catch (error) {
      const position = await this.#positions.after(error, signal);
      if (position !== undefined) this.#moveTo(position);
      else if (error instanceof PartitionError) this.#forget(error);
      return [];
    }
  }

  #needsSeat(): boolean {
    return this.#needsPartitions || this.#parts.membership?.needsJoin === true;
  }

  #lookForMore(): void {
    if (this.#watch.beyond(this.#assigned).length === 0) return;
    this.#needsPartitions = true;
    this.#wake.abort();
  }

  async #takeSeat(): Promise<void> {
    const { membership } = this.#parts;
    const signal = this.#closing.signal;
    await this.#watch.look(signal);
    if (membership === undefined) {
      const added = this.#watch.beyond(this.#assigned);
      this.#begin(added, [], await this.#beginnings(added));
    } else {
      await this.#join(membership, signal);
    }
    this.#needsPartitions = false;
  }

  /** Gives up what it had, after a commit, and takes what the group gives. */
  async #join(membership: GroupMembership, signal: AbortSignal): Promise<void> {
    const { reader } = this.#parts;
    await this.#autoCommit.finish(signal);
    this.#atHand.drop(() => true);
    reader.unassign(this.#assigned);
    this.#assigned = [];
    this.#isFenced ||= this.#offsets.untold().length > 0;
    this.#offsets.clear();
    // Whatever fails from here on: there is nothing to read before it is done again.
    this.#needsPartitions = true;
    const { partitions } = await membership.join(signal);
    this.#forgetSought(partitions);
    const committed = await membership.committed(partitions, signal);
    const known = new Set(committed.map(nameOf));
    const fresh = partitions.filter((one) => !known.has(nameOf(one)));
    this.#begin(partitions, committed, await this.#beginnings(fresh));
    this.#autoCommit.start();
  }

  /** What others have been given is theirs: a position that is kept until they leave would do their work again. */
  #forgetSought(own: readonly TopicPartition[]): void {
    for (const one of this.#watch.beyond(own)) {
      const offset = this.#sought.get(nameOf(one));
      if (!this.#sought.delete(nameOf(one))) continue;
      const advice =
        "another member of the group has the partition, and reads on where the group was";
      this.#parts.context.platform.logger.log("warn", "client.seek-forgotten", {
        ...one,
        offset,
        advice,
      });
    }
  }

  #beginnings(fresh: readonly TopicPartition[]): Promise<readonly Position[]> {
    const unsought = fresh.filter((one) => !this.#sought.has(nameOf(one)));
    return this.#positions.beginnings(unsought, this.#closing.signal);
  }

  #begin(
    partitions: readonly TopicPartition[],
    committed: readonly Position[],
    beginnings: readonly Position[],
  ): void {
    const { reader } = this.#parts;
    const starts = new Map([...beginnings, ...committed].map((one) => [nameOf(one), one.offset]));
    const known = new Map(committed.map((one) => [nameOf(one), one.offset]));
    const positions = partitions.flatMap((one): Position[] => {
      const name = nameOf(one);
      const offset = this.#sought.get(name) ?? starts.get(name);
      this.#sought.delete(name);
      if (offset === undefined) return [];
      this.#offsets.begin(one, { position: offset, committed: known.get(name) ?? -1 });
      return [{ topic: one.topic, partition: one.partition, offset }];
    });
    this.#assigned = [...this.#assigned, ...partitions];
    reader.assign(positions);
    for (const one of positions) if (this.#atHand.isPaused(one)) reader.pause(one);
  }

  #moveTo(position: Position): void {
    // It may have been given up while its offset was looked for.
    if (!this.#assigned.some((one) => isSame(one, position))) return;
    this.#atHand.drop((one) => isSame(one, position));
    this.#offsets.move(position, position.offset);
    this.#parts.reader.assign([position]);
  }

  /** The partition is gone; should it come again it is another one. */
  #forget(partition: TopicPartition): void {
    this.#atHand.drop((one) => isSame(one, partition));
    this.#assigned = this.#assigned.filter((one) => !isSame(one, partition));
    this.#offsets.forget(partition);
    this.#parts.reader.unassign([partition]);
    if (this.#parts.membership === undefined) this.#lookForMore();
  }

  /** Goes back behind the rebalance: the records that came since are of a transaction that is to be aborted, too. */
  #fence(): ClusterError {
    this.#isFenced = false;
    this.#atHand.settle(this.#markGiven);
    for (const start of this.#offsets.untold()) this.#moveTo(start);
    return new ClusterError(
      "COMMIT_FENCED",
      "the group was rebalanced since records were read whose offsets are not committed; abort the transaction, and " +
        "do not seek: reading goes on from what is committed",
      { retriable: true },
    );
  }

  /** What is processed and not committed yet, with the record at hand. */
  #uncommitted(): readonly OffsetAndMetadata[] {
    const processed = this.#processed();
    const { record } = this.#atHand;
    if (record === undefined) return processed;
    const { topic, partition } = record;
    // Behind the last record that has come there may be ends of transactions, which are done as well.
    const offset = this.#atHand.hasMoreOf(record)
      ? record.offset + 1
      : Math.max(record.offset + 1, this.#parts.reader.position(record) ?? 0);
    return [...processed.filter((one) => !isSame(one, record)), { topic, partition, offset }];
  }

  /** What is processed and not committed yet, without the record at hand. */
  #processed(): readonly OffsetAndMetadata[] {
    const { reader } = this.#parts;
    const busy = this.#atHand.names();
    for (const one of this.#assigned)
      if (!busy.has(nameOf(one))) this.#offsets.advance(one, reader.position(one) ?? -1);
    return this.#offsets.uncommitted();
  }

  #group(): GroupMembership {
    const { membership } = this.#parts;
    if (membership !== undefined) return membership;
    throw new ClusterError("GROUP_REFUSED", "this consumer has no group; give it a groupId");
  }
}

function inUse(): ClusterError {
  return new ClusterError(
    "CONSUMER_IN_USE",
    "another loop reads this consumer; leave that one first, or open a consumer for each: those of one group share the partitions",
  );
}

function slowClose(): ClusterError {
  return new ClusterError(
    "REQUEST_TIMED_OUT",
    "the last commit took too long; what it held comes again",
  );
}
