import type { GroupMember, KafkaClient } from "@millrace/client";
import { topicPartitionName, type TopicPartition } from "@millrace/model";

/** How far a group is in one partition. */
export interface PartitionLag extends TopicPartition {
  /** Undefined: nothing is committed. */
  readonly committed: number | undefined;
  /** Undefined: the partition is gone. */
  readonly end: number | undefined;
  readonly lag: number | undefined;
  readonly memberId: string | undefined;
}

/** Of all partitions that a group has committed or is assigned, in order. */
export async function groupLag(
  { admin }: KafkaClient,
  groupId: string,
  { members, signal }: { readonly members: readonly GroupMember[]; readonly signal: AbortSignal },
): Promise<readonly PartitionLag[]> {
  const committed = new Map(
    (await admin.groupOffsets(groupId, signal)).map((one) => [nameOf(one), one]),
  );
  const owners = new Map(
    members.flatMap(({ memberId, partitions }) =>
      partitions.map((one) => [nameOf(one), { ...one, memberId }] as const),
    ),
  );
  const all = [...new Map<string, TopicPartition>([...committed, ...owners]).values()].sort(
    (left, right) =>
      left.topic === right.topic
        ? left.partition - right.partition
        : left.topic < right.topic
          ? -1
          : 1,
  );
  const topics = await admin.describeTopics([...new Set(all.map(({ topic }) => topic))], signal);
  const present = all.filter(
    ({ topic, partition }) => partition < (topics.get(topic)?.partitionCount ?? 0),
  );
  const ends = new Map(
    (
      await admin.listOffsets(
        present.map(({ topic, partition }) => ({ topic, partition, at: "latest" as const })),
        { signal },
      )
    ).map((one) => [nameOf(one), one.offset]),
  );
  return all.map(({ topic, partition }) => {
    const name = topicPartitionName(topic, partition);
    const offset = committed.get(name)?.offset;
    const end = ends.get(name);
    return {
      topic,
      partition,
      committed: offset,
      end,
      lag: offset === undefined || end === undefined ? undefined : Math.max(0, end - offset),
      memberId: owners.get(name)?.memberId,
    };
  });
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
