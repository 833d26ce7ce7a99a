import type { ClusterAdmin } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";

/** What a changelog holds, as of a look at it. */
export interface ChangelogRange {
  readonly start: Offset;
  readonly end: Offset;
  /** Undefined: the client knows none. */
  readonly topicId: string | undefined;
}

/**
 * True: a store that is at that offset lacks nothing that the changelog has lost, nor has more than it has.
 *
 * @param isTransactional a commit leaves its store at the marker behind its records, which may be all that was lost
 */
export function reaches(
  { start, end }: ChangelogRange,
  offset: Offset,
  isTransactional: boolean,
): boolean {
  return offset + (isTransactional ? 1 : 0) >= start && offset <= end;
}

/** Where changelogs end now, in the order of the partitions. */
export async function changelogEnds(
  partitions: readonly TopicPartition[],
  admin: ClusterAdmin,
  signal: AbortSignal,
): Promise<readonly Offset[]> {
  if (partitions.length === 0) return [];
  const ends = await admin.listOffsets(
    partitions.map((partition) => ({ ...partition, at: "latest" as const })),
    // Not the last stable offset: the marker of a transaction whose offsets are committed may still be missing
    // here, and its records belong to those offsets. The reader gets past this end once it is written.
    { isolation: "read_uncommitted", signal },
  );
  return ends.map(({ offset }) => offset);
}

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
    changelogEnds(partitions, admin, signal),
  ]);
  return new Map(
    partitions.map(({ topic, partition }, index) => [
      topicPartitionName(topic, partition),
      {
        start: starts[index].offset,
        end: ends[index],
        topicId: descriptions.get(topic)?.topicId,
      },
    ]),
  );
}
