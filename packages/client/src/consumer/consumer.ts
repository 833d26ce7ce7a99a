import {
  ClusterError,
  PartitionError,
  type GroupMetadata,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import { SerdeTimeoutError, SerdeUses } from "@millrace/serde";
import { closeOptions, nextOffset, offsetsToCommit, topicPartition } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { isRetriable } from "../connection/retrying.ts";
import type { ConsumerMembership } from "../group/consumer-membership.ts";
import { prepareSerdes } from "../prepare-serdes.ts";
import { signalAfter } from "../signal-after.ts";
import { AutoCommit } from "./auto-commit.ts";
import type { ClusterFetcher } from "./cluster-fetcher.ts";
import { ConsumerAssignment } from "./consumer-assignment.ts";
import type { ConsumerSettings } from "./consumer-options.ts";
import { ConsumerPositions } from "./consumer-positions.ts";
import { ConsumerRebalance } from "./consumer-rebalance.ts";
import type { ConsumerRecord, RecordDecoder } from "./record-decoder.ts";
import { SlowLoop } from "./slow-loop.ts";

export interface ConsumerParts<Key, Value> {
  readonly context: ClientContext;
  readonly fetcher: ClusterFetcher;
  /** Undefined without a group. */
  readonly membership: ConsumerMembership | undefined;
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
 * and goes on with the next record; one loop at a time. Where the next record is not asked for within
 * `rebalanceTimeout`, as the loop's body hangs, the partitions go to the other members until it is (Kafka:
 * `max.poll.interval.ms`). Topics that are not there are waited for.
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
  readonly #assignment: ConsumerAssignment<Key, Value>;
  readonly #positions: ConsumerPositions;
  readonly #rebalance: ConsumerRebalance;
  readonly #autoCommit: AutoCommit;
  /** Undefined without a group: there is nobody to take over. */
  readonly #slowLoop: SlowLoop | undefined;
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;
  /** Ends the wait for records. */
  #wake = new AbortController();
  /** True: the serdes have what they need to begin. */
  #isPrepared = false;
  /** True while a loop reads, or its body works on a record. */
  #isInUse = false;

  constructor(parts: ConsumerParts<Key, Value>) {
    const { context, fetcher, membership, decoder, options } = parts;
    this.#parts = parts;
    const { clock, timers } = context.platform;
    this.#assignment = new ConsumerAssignment(fetcher, decoder, {
      clock,
      timers,
      wake: () => this.#wake.abort(),
      timeoutMs: options.serdeTimeout,
    });
    this.#positions = new ConsumerPositions(context, options);
    this.#autoCommit = new AutoCommit({
      context,
      intervalMs: options.autoCommitInterval,
      processed: () => (membership?.isMember === true ? this.#assignment.processed() : []),
      commit: (offsets, signal) => this.commit(offsets, signal),
      closing: this.#closing.signal,
    });
    this.#rebalance = new ConsumerRebalance({
      context,
      topics: options.topics,
      membership,
      assignment: this.#assignment,
      positions: this.#positions,
      autoCommit: this.#autoCommit,
      listener: options.rebalanceListener ?? {},
      onNeeded: () => this.#wake.abort(),
    });
    if (membership === undefined) return;
    this.#slowLoop = new SlowLoop(context.platform, options.rebalanceTimeout, () =>
      this.#rebalance.giveUp(
        "the next record was not asked for within rebalanceTimeout; raise it where a record takes longer",
      ),
    );
  }

  /** The partitions that this consumer reads at the moment. */
  get assignment(): readonly TopicPartition[] {
    return this.#assignment.partitions;
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
    return this.#assignment.tellUncommitted();
  }

  /**
   * Commits what is processed and the record at hand, or the offsets given. What is below counts as processed: no
   * automatic commit takes it back. A member may commit what another one has, as in Kafka.
   *
   * @throws ClusterError (as a rejection) `COMMIT_FENCED`: the group has given the partitions to others, or this
   * consumer is not in it (yet)
   */
  async commit(
    offsets: readonly OffsetAndMetadata[] = this.#assignment.uncommitted(),
    signal?: AbortSignal,
  ): Promise<void> {
    checkArguments("consumer.commit", { offsets: [offsetsToCommit, offsets] }, signal);
    const group = this.#group();
    // At once: a seek that comes before the answer is not to be undone.
    this.#assignment.advance(offsets);
    await group.commit(offsets, signal);
    this.#assignment.committed(offsets);
  }

  /**
   * The next record of the partition comes from this offset, at once or as soon as the partition is assigned; if the
   * group gives the partition to another member meanwhile, that one's work counts, and the log says so.
   * Called from outside of the loop's body, one record of before may be on its way to it.
   *
   * @throws ClusterError `INVALID_ARGUMENT`; PartitionError `PARTITION_NOT_ASSIGNED`: partitions are assigned, and it is not among them; or its topic is
   * not one of the consumer's
   */
  seek(partition: TopicPartition, offset: Offset): void {
    checkArguments("consumer.seek", {
      partition: [topicPartition, partition],
      offset: [nextOffset, offset],
    });
    this.#rebalance.check(partition);
    if (this.#assignment.has(partition)) this.#assignment.moveTo({ ...partition, offset });
    else this.#rebalance.seek(partition, offset);
  }

  /**
   * Holds a partition back, at once or as soon as it is assigned, until it is resumed or another member gets it.
   *
   * @throws PartitionError `PARTITION_NOT_ASSIGNED`, as `seek`
   */
  pause(partition: TopicPartition): void {
    checkArguments("consumer.pause", { partition: [topicPartition, partition] });
    this.#rebalance.check(partition);
    this.#assignment.pause(partition);
  }

  /** @throws PartitionError `PARTITION_NOT_ASSIGNED`, as `seek` */
  resume(partition: TopicPartition): void {
    checkArguments("consumer.resume", { partition: [topicPartition, partition] });
    this.#rebalance.check(partition);
    this.#assignment.resume(partition);
    this.#wake.abort();
  }

  /** @throws ClusterError `CONSUMER_IN_USE`: another loop reads, or works on a record that this one would take for done */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<Key, Value>, void, undefined> {
    if (this.#isInUse) throw inUse();
    this.#isInUse = true;
    try {
      while (!this.#closing.signal.aborted) {
        this.#slowLoop?.comeBack();
        const record = this.#nextRecord();
        if (record === undefined) {
          await this.#turn();
          continue;
        }
        this.#slowLoop?.leave();
        yield record;
      }
    } finally {
      this.#slowLoop?.leave();
      this.#isInUse = false;
    }
  }

  /** Commits what is processed, leaves the group, and ends the iteration. Twice is fine. */
  async close(options: { readonly keepSeat?: boolean } = {}): Promise<void> {
    checkArguments("consumer.close", { options: [closeOptions, options] });
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(options: { readonly keepSeat?: boolean }): Promise<void> {
    const { context, fetcher, membership, onClosed } = this.#parts;
    const timeout = signalAfter(context.platform, closeTimeoutMs, slowClose);
    this.#closing.abort(new ClusterError("CLUSTER_CLOSED", "the consumer is closed"));
    this.#wake.abort();
    this.#slowLoop?.close();
    await this.#autoCommit.finish(timeout.signal);
    const failure = await this.#rebalance.close(timeout.signal);
    timeout.cancel();
    this.#assignment.drop();
    await Promise.all([fetcher.close(), membership?.close(options)]);
    this.#positions.close();
    onClosed();
    if (failure !== undefined) throw failure;
  }

  /** The next record that is there; undefined: something must be waited for. */
  #nextRecord(): ConsumerRecord<Key, Value> | undefined {
    this.#assignment.settle();
    this.#autoCommit.check();
    return this.#rebalance.isNeeded ? undefined : this.#assignment.next();
  }

  /** Joins, reads, waits: whatever is to be done until there are records again. */
  async #turn(): Promise<void> {
    const { context, fetcher, membership } = this.#parts;
    try {
      if (membership?.failure !== undefined) throw membership.failure;
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      if (!this.#isPrepared) await this.#prepare(this.#closing.signal);
      if (this.#rebalance.isNeeded) await this.#rebalance.run(this.#closing.signal);
      else await this.#poll(fetcher);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (error instanceof SerdeTimeoutError) throw error; // its bound is over
      // Brokers that were there come back; those that never were have the wrong address.
      if (!isRetriable(error) || !context.metadata.hasAnswered) throw error;
      const { logger, timers } = context.platform;
      logger.log("warn", "client.consumer-waits", { cause: String(error) });
      await timers.sleep(context.options.retryBackoffMsMax, this.#closing.signal).catch(() => {});
    }
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { context, options } = this.#parts;
    const uses = new SerdeUses();
    for (const topic of options.topics) {
      if (options.key !== undefined)
        uses.add(options.key, { topic, part: "key", reads: true, writes: false });
      if (options.value !== undefined)
        uses.add(options.value, { topic, part: "value", reads: true, writes: false });
    }
    await prepareSerdes(uses, context, { signal, timeoutMs: options.serdeTimeout });
    this.#isPrepared = true;
  }

  async #poll(fetcher: ClusterFetcher): Promise<void> {
    const signal = this.#closing.signal;
    if (signal.aborted) return;
    try {
      if (this.#assignment.take() || this.#wake.signal.aborted) return;
      await fetcher.arrival(pollWaitMs, this.#wake.signal);
      this.#assignment.take();
    } catch (error) {
      const position = await this.#positions.after(error, signal);
      if (position !== undefined) this.#assignment.moveTo(position);
      else if (error instanceof PartitionError) {
        this.#assignment.forget(error);
        this.#rebalance.lookForMore();
      }
    }
  }

  #group(): ConsumerMembership {
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
