import { KafkaError } from "@millrace/protocol";
import { type MetadataResponse } from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";

/** A topic as the cluster told it last. */
export interface TopicMetadata {
  readonly name: string;
  /** Undefined where the cluster has none (before Kafka 2.8). */
  readonly topicId: string | undefined;
  readonly isInternal: boolean;
  /** By partition. */
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  /** -1: none at the moment. */
  readonly leaderId: number;
  /** -1 where the cluster tells none. */
  readonly leaderEpoch: number;
  /** Why it has no leader, where the cluster told. */
  readonly error?: KafkaError;
}

const noLeader: PartitionMetadata = { leaderId: -1, leaderEpoch: -1 };

/**
 * The topic of an answer. Where it is older than what is known (`before`), by its leader epoch, what is
 * known stays: answers of different brokers may overtake each other.
 */
export function topicMetadataOf(
  topic: MetadataResponse["topics"][number],
  before: TopicMetadata | undefined,
): TopicMetadata {
  const topicId = topic.topicId === zeroUuid ? undefined : topic.topicId;
  const isSameTopic = before !== undefined && before.topicId === topicId;
  const partitions = topic.partitions.map(() => noLeader);
  for (const { partitionIndex, leaderId, leaderEpoch, errorCode } of topic.partitions) {
    // Partitions are numbered without gaps; an index beyond them is nonsense.
    if (partitionIndex < 0 || partitionIndex >= partitions.length) continue;
    const known = isSameTopic ? before.partitions[partitionIndex] : undefined;
    partitions[partitionIndex] =
      known !== undefined && leaderEpoch >= 0 && known.leaderEpoch > leaderEpoch
        ? known
        : { leaderId, leaderEpoch, error: errorCode === 0 ? undefined : KafkaError.of(errorCode) };
  }
  return { name: topic.name ?? "", topicId, isInternal: topic.isInternal, partitions };
}
