import { PartitionError } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import { abortable } from "@millrace/platform";
import type { ClientContext } from "../client-context.ts";
import { withoutPartitions } from "../group/assigned-partitions.ts";
import type { ConsumerMembership } from "../group/consumer-membership.ts";
import type { AutoCommit } from "./auto-commit.ts";
import { nameOf } from "./batches-at-hand.ts";
import type { ConsumerAssignment } from "./consumer-assignment.ts";
import type { ConsumerPositions, Position } from "./consumer-positions.ts";
import { GroupJoin } from "./group-join.ts";
import type { RebalanceListener } from "./rebalance-listener.ts";
import { TopicWatch } from "./topic-watch.ts";

export interface ConsumerRebalanceParts {
  readonly context: ClientContext;
  readonly topics: readonly string[];
  /** Undefined without a group: all partitions are taken, and kept. */
  readonly membership: ConsumerMembership | undefined;
  readonly assignment: ConsumerAssignment<unknown, unknown>;
  readonly positions: ConsumerPositions;
  readonly autoCommit: AutoCommit;
  readonly listener: RebalanceListener;
  /** Called when a rebalance has come to be needed, or goes on. */
  readonly onNeeded: () => void;
}

/**
 * How a consumer comes to its partitions: what its group gives it, or all that there are (Kafka: `ConsumerCoordinator`).
 * A membership that keeps partitions joins while they are read on.
 */
export class ConsumerRebalance {
  readonly #parts: ConsumerRebalanceParts;
  readonly #watch: TopicWatch;
  readonly #join: GroupJoin | undefined;
  /** Positions of partitions that were sought before they were assigned. */
  readonly #sought = new Map<string, Offset>();
  /** True: partitions are to be assigned, at first or since some have come; a group says it by itself. */
  #needsPartitions = true;

  constructor(parts: ConsumerRebalanceParts) {
    const { context, topics, membership, onNeeded } = parts;
    this.#parts = parts;
    this.#watch = new TopicWatch(context, topics, () => this.lookForMore());
    if (membership !== undefined) this.#join = new GroupJoin(membership, onNeeded);
  }

  get isNeeded(): boolean {
    return this.#needsPartitions || this.#join?.isNeeded === true;
  }

  /** @throws PartitionError `PARTITION_NOT_ASSIGNED`: the consumer does not have it, and no rebalance is to give it first */
  check(partition: TopicPartition): void {
    const { assignment, topics } = this.#parts;
    if (assignment.has(partition)) return;
    const isOfTopics = topics.includes(partition.topic);
    if (!isOfTopics || !this.#needsPartitions) throw notAssigned(partition, isOfTopics);
  }

  /** Keeps a position for when the partition is assigned. */
  seek(partition: TopicPartition, offset: Offset): void {
    this.#sought.set(nameOf(partition), offset);
  }

  /** Without a group nobody else says that there are partitions that are not read yet. */
  lookForMore(): void {
    const { membership, assignment, onNeeded } = this.#parts;
    if (membership !== undefined || this.#needsPartitions) return;
    if (this.#watch.beyond(assignment.partitions).length === 0) return;
    this.#needsPartitions = true;
    onNeeded();
  }

  /** Takes what is to be read from now on. */
  async run(signal: AbortSignal): Promise<void> {
    const { membership, assignment } = this.#parts;
    if (membership === undefined || this.#join === undefined) {
      await this.#watch.look(signal);
      await this.#begin(this.#watch.beyond(assignment.partitions), [], signal);
      this.#needsPartitions = false;
    } else await this.#go(membership, this.#join, signal);
  }

  /** Gives the partitions to the other members until the next record is asked for. */
  giveUp(reason: string): void {
    this.#join?.giveUp(reason);
  }

  /** Once the consumer's own signal is aborted. Gives what the listener has thrown. */
  async close(signal: AbortSignal): Promise<unknown> {
    this.#watch.close();
    await this.#join?.ended();
    if (this.#parts.membership === undefined) return undefined;
    try {
      await abortable(this.#join?.isLost === true ? this.#lose() : this.#revokeAll(), signal);
      return undefined;
    } catch (failure) {
      return failure;
    }
  }

  async #go(membership: ConsumerMembership, join: GroupJoin, signal: AbortSignal): Promise<void> {
    const { assignment } = this.#parts;
    if (join.isLost) await this.#lose();
    if (join.mayBegin && (membership.needsJoin || this.#needsPartitions))
      await this.#prepare(membership, join, signal);
    // Whoever has nothing to read waits for what is given.
    if (assignment.partitions.length === 0) await join.ended();
    if (join.isLost) await this.#lose();
    const given = join.takeOutcome();
    if (given !== undefined) await this.#take(membership, given, signal);
    else if (join.isOfNextGeneration) await this.#confirm(membership, signal);
  }

  /** Gives up what it had, after a commit, unless it keeps it, and joins. */
  async #prepare(
    membership: ConsumerMembership,
    join: GroupJoin,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#watch.look(signal);
    await this.#parts.autoCommit.finish(signal);
    if (!membership.keepsPartitions) await this.#revokeAll();
    // Whatever fails from here on: there is nothing to read before it is done again.
    this.#needsPartitions = this.#parts.assignment.partitions.length === 0;
    join.begin(signal);
  }

  /** Gives up what the group has taken, and begins with what it has given. */
  async #take(
    membership: ConsumerMembership,
    given: readonly TopicPartition[],
    signal: AbortSignal,
  ): Promise<void> {
    const { assignment, autoCommit, listener } = this.#parts;
    const revoked = withoutPartitions(assignment.partitions, given);
    if (revoked.length > 0) {
      await autoCommit.finish(signal);
      await this.#revoke(revoked);
    }
    await this.#confirm(membership, signal);
    const added = withoutPartitions(given, assignment.partitions);
    this.#forgetOthers(given);
    await this.#begin(added, await membership.committed(added, signal), signal);
    this.#needsPartitions = false;
    this.#join?.done(given);
    autoCommit.start();
    await listener.onPartitionsAssigned?.(added);
  }

  /** The generation has ended: what a transaction was told to commit in it, and the group does not have, comes again. */
  async #confirm(membership: ConsumerMembership, signal: AbortSignal): Promise<void> {
    const { assignment } = this.#parts;
    const partitions = assignment.unconfirmed();
    if (partitions.length > 0) assignment.confirm(await membership.committed(partitions, signal));
    this.#join?.confirmed();
  }

  async #revokeAll(): Promise<void> {
    await this.#revoke(this.#parts.assignment.partitions);
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    const { assignment, listener } = this.#parts;
    try {
      await listener.onPartitionsRevoked?.(partitions);
    } finally {
      assignment.revoke(partitions);
    }
  }

  async #lose(): Promise<void> {
    const { assignment, listener } = this.#parts;
    const { partitions } = assignment;
    this.#join?.lossSeen();
    if (partitions.length === 0) return;
    try {
      await (listener.onPartitionsLost ?? listener.onPartitionsRevoked)?.(partitions);
    } finally {
      assignment.revoke(partitions);
    }
  }

  /** What was sought comes first, then what is committed, then the reset policy. */
  async #begin(
    partitions: readonly TopicPartition[],
    committed: readonly Position[],
    signal: AbortSignal,
  ): Promise<void> {
    const { assignment, positions } = this.#parts;
    const known = new Map(committed.map((one) => [nameOf(one), one.offset]));
    const fresh = partitions.filter(
      (one) => !known.has(nameOf(one)) && !this.#sought.has(nameOf(one)),
    );
    const beginnings = await positions.beginnings(fresh, signal);
    for (const one of beginnings) known.set(nameOf(one), one.offset);
    const starts = partitions.flatMap(({ topic, partition }): Position[] => {
      const name = nameOf({ topic, partition });
      const offset = this.#sought.get(name) ?? known.get(name);
      this.#sought.delete(name);
      return offset === undefined ? [] : [{ topic, partition, offset }];
    });
    assignment.begin(partitions, starts, committed);
  }

  /** What others have been given is theirs: a position that is kept until they leave would do their work again. */
  #forgetOthers(own: readonly TopicPartition[]): void {
    const { context, assignment } = this.#parts;
    const { logger } = context.platform;
    for (const one of this.#watch.beyond(own)) {
      const offset = this.#sought.get(nameOf(one));
      if (this.#sought.delete(nameOf(one))) {
        const advice =
          "another member of the group has the partition, and reads on where the group was";
        logger.log("warn", "client.seek-forgotten", { ...one, offset, advice });
      }
      if (assignment.resume(one)) {
        const advice =
          "another member of the group has the partition; pause it again should it come back";
        logger.log("warn", "client.pause-forgotten", { ...one, advice });
      }
    }
  }
}

function notAssigned(partition: TopicPartition, isOfTopics: boolean): PartitionError {
  const why = isOfTopics
    ? "another member of its group has it, or it is not there; see `assignment`"
    : "its topic is not one of those that it reads";
  return new PartitionError("PARTITION_NOT_ASSIGNED", partition, {
    message: `${topicPartitionName(partition.topic, partition.partition)} is not assigned to this consumer: ${why}`,
  });
}
