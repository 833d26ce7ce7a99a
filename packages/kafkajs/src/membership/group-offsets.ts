import type { GroupMetadata, OffsetAndMetadata } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { Broker } from "kafkajs";

/** kafkajs's types leave the metadata out; it sends and gives it. */
type PartitionOffset = { partition: number; offset: string; metadata?: string | null };

/** In a transaction's shadow too: kafkajs cannot ask for stable offsets. Those without one are left out. */
export async function committedOffsets(
  coordinator: Broker,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<readonly OffsetAndMetadata[]> {
  if (partitions.length === 0) return [];
  const { responses } = await coordinator.offsetFetch({
    groupId,
    topics: byTopic(partitions, ({ partition }) => ({ partition, offset: "0" })),
  });
  return responses.flatMap(({ topic, partitions: found }) =>
    found
      .filter(({ offset }) => Number(offset) >= 0)
      .map(({ partition, offset, metadata }: PartitionOffset) => ({
        topic,
        partition,
        offset: Number(offset),
        metadata: metadata ?? "",
      })),
  );
}

/** Rejects with kafkajs's error where the group refuses the generation. */
export async function commitOffsets(
  coordinator: Broker,
  { groupId, generationId, memberId }: GroupMetadata,
  offsets: readonly OffsetAndMetadata[],
): Promise<void> {
  await coordinator.offsetCommit({
    groupId,
    groupGenerationId: generationId,
    memberId,
    topics: byTopic(offsets, ({ partition, offset, metadata }) => ({
      partition,
      offset: `${offset}`,
      metadata: metadata ?? null,
    })),
  });
}

function byTopic<Place extends TopicPartition>(
  places: readonly Place[],
  entryOf: (place: Place) => PartitionOffset,
): { topic: string; partitions: PartitionOffset[] }[] {
  return [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, own]) => ({
    topic,
    partitions: own.map(entryOf),
  }));
}
