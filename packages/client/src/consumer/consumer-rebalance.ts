import { PartitionError, type GroupMembership } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { ClientContext } from "../client-context.ts";
import type { AutoCommit } from "./auto-commit.ts";
import { nameOf } from "./batches-at-hand.ts";
import type { ConsumerAssignment } from "./consumer-assignment.ts";
import type { ConsumerPositions, Position } from "./consumer-positions.ts";
import { TopicWatch } from "./topic-watch.ts";

export interface ConsumerRebalanceParts {
  readonly context: ClientContext;
  readonly topics: readonly string[];
  /** Undefined without a group: all partitions are taken, and kept. */
  readonly membership: GroupMembership | undefined;
  readonly assignment: ConsumerAssignment<unknown, unknown>;
  readonly positions: ConsumerPositions;
  readonly autoCommit: AutoCommit;
  /** Called when a rebalance has come to be needed. */
  readonly onNeeded: () => void;
}

/** How a consumer comes to its partitions: what its group gives it, or all that there are (Kafka: `ConsumerCoordinator`). */
export class ConsumerRebalance {
  readonly #parts: ConsumerRebalanceParts;
  readonly #watch: TopicWatch;
  /** Positions of partitions that were sought before they were assigned. */
  readonly #sought = new Map<string, Offset>();
  /** True: partitions are to be assigned, at first or since some have come; a group says it by itself. */
  #needsPartitions = true;

  constructor(parts: ConsumerRebalanceParts) {
    const { context, topics, membership, onNeeded } = parts;
    this.#parts = parts;
    this.#watch = new TopicWatch(context, topics, () => this.lookForMore());
    membership?.onChange(onNeeded);
  }

  get isNeeded(): boolean {
    return this.#needsPartitions || this.#parts.membership?.needsJoin === true;
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
    await this.#watch.look(signal);
    if (membership === undefined) {
      const added = this.#watch.beyond(assignment.partitions);
      await this.#begin(added, [], signal);
    } else {
      await this.#join(membership, signal);
    }
    this.#needsPartitions = false;
  }

  close(): void {
    this.#watch.close();
  }

  /** Gives up what it had, after a commit, and takes what the group gives. */
  async #join(membership: GroupMembership, signal: AbortSignal): Promise<void> {
    const { assignment, autoCommit } = this.#parts;
    await autoCommit.finish(signal);
    assignment.revoke();
    // Whatever fails from here on: there is nothing to read before it is done again.
    this.#needsPartitions = true;
    const { partitions } = await membership.join(signal);
    this.#forgetOthers(partitions);
    await this.#begin(partitions, await membership.committed(partitions, signal), signal);
    autoCommit.start();
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
