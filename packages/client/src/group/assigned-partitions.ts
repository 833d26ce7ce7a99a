import { topicPartitionName, type TopicPartition } from "@millrace/model";
import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";

/** Partitions by ids of topics, as the group has them. */
export type AssignedPartitions = NonNullable<ConsumerGroupHeartbeatRequest["topicPartitions"]>;

export function samePartitions(left: AssignedPartitions, right: AssignedPartitions): boolean {
  return textOf(left) === textOf(right);
}

function textOf(assigned: AssignedPartitions): string {
  const names = assigned.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => topicPartitionName(topicId, partition)),
  );
  return names.toSorted().join(" ");
}

/** By name. A topic that the client has not heard of yet is asked for, and left out where it is gone. */
export async function namedPartitions(
  context: ClientContext,
  assigned: AssignedPartitions,
  topics: readonly string[],
): Promise<readonly TopicPartition[]> {
  const { metadata } = context;
  metadata.track(topics);
  const namesById = () =>
    new Map(topics.map((topic) => [metadata.topic(topic)?.topicId ?? "", topic] as const));
  let names = namesById();
  if (assigned.some(({ topicId }) => !names.has(topicId))) {
    await metadata.refresh(topics);
    names = namesById();
  }
  return assigned.flatMap(({ topicId, partitions }) => {
    const topic = names.get(topicId);
    return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }));
  });
}
