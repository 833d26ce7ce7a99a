import type { TopicPartition } from "@millrace/model";

/** Partitions by topic; frozen, in the order in which they came. */
export type TransactionPartitions = ReadonlyMap<string, readonly number[]>;

export const noPartitions: TransactionPartitions = new Map();

export function hasPartition(all: TransactionPartitions, { topic, partition }: TopicPartition) {
  return all.get(topic)?.includes(partition) ?? false;
}

export function withPartitions(
  all: TransactionPartitions,
  added: readonly TopicPartition[],
): TransactionPartitions {
  const result = new Map(all);
  for (const { topic, partition } of added) {
    const known = result.get(topic) ?? [];
    if (!known.includes(partition)) result.set(topic, [...known, partition]);
  }
  return result;
}

export function listPartitions(all: TransactionPartitions): readonly TopicPartition[] {
  const list: TopicPartition[] = [];
  for (const [topic, partitions] of all)
    for (const partition of partitions) list.push({ topic, partition });
  return list;
}
