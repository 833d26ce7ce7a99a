import type { Assignment, MemberSubscription } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import kafkajs from "kafkajs";

// Node finds few of the names that this CommonJS module exports.
const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

const version = 0;

/** What a member tells the leader. */
export function subscriptionBytes(topics: readonly string[], userData: Uint8Array | null): Buffer {
  return MemberMetadata.encode({
    version,
    topics: [...topics],
    userData: bufferOf(userData),
  });
}

export function subscriptionOf(memberId: string, bytes: Buffer): MemberSubscription {
  const decoded = MemberMetadata.decode(bytes);
  return {
    memberId,
    groupInstanceId: null, // kafkajs does not tell it
    topics: decoded?.topics ?? [],
    userData: decoded?.userData ?? null,
    ownedPartitions: [], // version 0 has none
    generationId: -1,
  };
}

export function assignmentBytes({ partitions, userData }: Assignment): Buffer {
  // A topic may have a name that every object has, such as `constructor`.
  const assignment: Record<string, number[]> = Object.create(null);
  for (const { topic, partition } of partitions) (assignment[topic] ??= []).push(partition);
  return MemberAssignment.encode({
    version,
    assignment,
    userData: bufferOf(userData),
  });
}

export function assignmentOf(bytes: Buffer): Assignment {
  const decoded = MemberAssignment.decode(bytes);
  const partitions: TopicPartition[] = [];
  for (const [topic, own] of Object.entries(decoded?.assignment ?? {}))
    for (const partition of own) partitions.push({ topic, partition });
  return { partitions, userData: decoded?.userData ?? null };
}

/** kafkajs writes no null here; an empty one means the same. */
function bufferOf(bytes: Uint8Array | null): Buffer {
  return bytes === null ? Buffer.alloc(0) : Buffer.from(bytes);
}
