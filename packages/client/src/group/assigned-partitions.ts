import { topicPartitionName, type TopicPartition } from "@millrace/model";
import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";

/** Partitions by ids of topics, as the group has them. */
export type AssignedPartitions = NonNullable<ConsumerGroupHeartbeatRequest["topicPartitions"]>;

export function samePartitions(left: AssignedPartitions, right: AssignedPartitions): boolean {
  return textOf(left) === textOf(right);
}

/** Whether all of the others are among the first ones. */
export function includesAll(assigned: AssignedPartitions, others: AssignedPartitions): boolean {
  const names = new Set(namesOf(assigned));
  return namesOf(others).every((name) => names.has(name));
}

function textOf(assigned: AssignedPartitions): string {
  return namesOf(assigned).toSorted().join(" ");
}

function namesOf(assigned: AssignedPartitions): readonly string[] {
  return assigned.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => topicPartitionName(topicId, partition)),
  );
}

/** The first ones, without those that are among the others. */
export function withoutPartitions(
  partitions: readonly TopicPartition[],
  others: readonly TopicPartition[],
): readonly TopicPartition[] {
  const names = new Set(others.map(({ topic, partition }) => topicPartitionName(topic, partition)));
  return partitions.filter(
    ({ topic, partition }) => !names.has(topicPartitionName(topic, partition)),
  );
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
