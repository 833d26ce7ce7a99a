import type { ClusterAdmin } from "@millrace/cluster";
import { topicPartitionName, type TopicPartition } from "@millrace/model";

import type { ChangelogRange } from "./changelog-reading.ts";

/** What changelogs hold now, by name. */
export async function changelogRanges(
  partitions: readonly TopicPartition[],
  admin: ClusterAdmin,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ChangelogRange>> {
  if (partitions.length === 0) return new Map();
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const [descriptions, starts, ends] = await Promise.all([
    admin.describeTopics(topics, signal),
    admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "earliest" as const })),
      { signal },
    ),
    admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "latest" as const })),
      // Not the last stable offset: the marker of a transaction whose offsets are committed may still be missing
      // here, and its records belong to those offsets. The reader gets past this end once it is written.
      { isolation: "read_uncommitted", signal },
    ),
  ]);
  return new Map(
    partitions.map(({ topic, partition }, index) => [
      topicPartitionName(topic, partition),
      {
        start: starts[index].offset,
        end: ends[index].offset,
        topicId: descriptions.get(topic)?.topicId,
      },
    ]),
  );
}
