import type { Assignment, MemberSubscription } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { decodeVersionedForward, encodeVersioned } from "@millrace/protocol";
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from "@millrace/protocol/definitions";

/** Highest versions of Kafka's `ConsumerProtocol` that every broker and client of today reads. */
const subscriptionVersion = 3;
const assignmentVersion = 3;

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export function encodeSubscription({
  topics,
  userData,
  ownedPartitions,
  generationId,
  rackId = null,
}: Omit<MemberSubscription, "memberId" | "groupInstanceId">): Uint8Array {
  const value = {
    topics: [...new Set(topics)].sort(),
    userData,
    ownedPartitions: byTopic(ownedPartitions),
    generationId,
    rackId,
  };
  return encodeVersioned(consumerProtocolSubscription, subscriptionVersion, value);
}

export function decodeSubscription(
  bytes: Uint8Array,
  { memberId, groupInstanceId }: Pick<MemberSubscription, "memberId" | "groupInstanceId">,
): MemberSubscription {
  const value = decodeVersionedForward(consumerProtocolSubscription, bytes);
  return {
    memberId,
    groupInstanceId,
    topics: value.topics,
    userData: value.userData,
    ownedPartitions: flatten(value.ownedPartitions),
    generationId: value.generationId,
    rackId: value.rackId,
  };
}

export function encodeAssignment({ partitions, userData }: Assignment): Uint8Array {
  return encodeVersioned(consumerProtocolAssignment, assignmentVersion, {
    assignedPartitions: byTopic(partitions),
    userData,
  });
}

/** No bytes: nothing is assigned. */
export function decodeAssignment(bytes: Uint8Array): Assignment {
  if (bytes.length === 0) return { partitions: [], userData: null };
  const value = decodeVersionedForward(consumerProtocolAssignment, bytes);
  return { partitions: flatten(value.assignedPartitions), userData: value.userData };
}

function byTopic(partitions: readonly TopicPartition[]): readonly TopicPartitions[] {
  const topics = Map.groupBy(partitions, ({ topic }) => topic);
  return [...topics].map(([topic, own]) => ({
    topic,
    partitions: own.map(({ partition }) => partition),
  }));
}

function flatten(topics: readonly TopicPartitions[]): readonly TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
