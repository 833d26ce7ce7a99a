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

export function encodeSubscription(
  topics: readonly string[],
  userData: Uint8Array | null,
): Uint8Array {
  const sorted = [...new Set(topics)].sort();
  const value = { topics: sorted, userData, ownedPartitions: [] };
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
  };
}

export function encodeAssignment({ partitions, userData }: Assignment): Uint8Array {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = byTopic.get(topic);
    if (known === undefined) byTopic.set(topic, [partition]);
    else known.push(partition);
  }
  const assignedPartitions = [...byTopic].map(([topic, own]) => ({ topic, partitions: own }));
  return encodeVersioned(consumerProtocolAssignment, assignmentVersion, {
    assignedPartitions,
    userData,
  });
}

/** No bytes: nothing is assigned. */
export function decodeAssignment(bytes: Uint8Array): Assignment {
  if (bytes.length === 0) return { partitions: [], userData: null };
  const value = decodeVersionedForward(consumerProtocolAssignment, bytes);
  return { partitions: flatten(value.assignedPartitions), userData: value.userData };
}

function flatten(topics: readonly TopicPartitions[]): readonly TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
