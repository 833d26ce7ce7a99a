import { PartitionError, type OffsetSpecification } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { Cluster } from "kafkajs";

import type { ReadyLink } from "./kafkajs-link.ts";

export type WantedOffset = TopicPartition & { readonly at: OffsetSpecification };
export type FoundOffset = TopicPartition & { readonly offset: Offset };

/**
 * In the order asked for; `latest` is what the link's isolation sees.
 *
 * @throws PartitionError `TOPIC_NOT_FOUND`
 */
export async function listOffsets(
  { cluster }: ReadyLink,
  wanted: readonly WantedOffset[],
): Promise<readonly FoundOffset[]> {
  await cluster.refreshMetadata();
  for (const place of wanted) requirePartition(cluster, place);
  const byTime = Map.groupBy(wanted, ({ at }) => JSON.stringify(at));
  const answers = await Promise.all(
    [...byTime.values()].map((places) => listAt(cluster, places[0].at, places)),
  );
  const offsets = new Map(answers.flat());
  return wanted.map(({ topic, partition, at }) => {
    const offset = offsets.get(keyOf(at, topic, partition));
    if (offset === undefined) throw partitionNotFound({ topic, partition });
    return { topic, partition, offset };
  });
}

async function listAt(
  cluster: Cluster,
  at: OffsetSpecification,
  places: readonly TopicPartition[],
): Promise<readonly (readonly [string, Offset])[]> {
  const byTopic = Map.groupBy(places, ({ topic }) => topic);
  const asked = [...byTopic].map(([topic, own]) => {
    const partitions = [...new Set(own.map((one) => one.partition))].map((partition) => ({
      partition,
    }));
    return typeof at === "string"
      ? { topic, partitions, fromBeginning: at === "earliest" }
      : { topic, partitions, fromTimestamp: at.timestamp };
  });
  const answers = await cluster.fetchTopicsOffset(asked);
  return answers.flatMap(({ topic, partitions }) =>
    partitions.map(
      ({ partition, offset }) => [keyOf(at, topic, partition), Number(offset)] as const,
    ),
  );
}

function keyOf(at: OffsetSpecification, topic: string, partition: number): string {
  return `${JSON.stringify(at)} ${topicPartitionName(topic, partition)}`;
}

function requirePartition(cluster: Cluster, { topic, partition }: TopicPartition): void {
  const known = cluster.findTopicPartitionMetadata(topic);
  if (!known.some(({ partitionId }) => partitionId === partition))
    throw partitionNotFound({ topic, partition });
}

export function partitionNotFound(place: TopicPartition): PartitionError {
  const { topic, partition } = place;
  return new PartitionError("TOPIC_NOT_FOUND", place, {
    message: `there is no partition ${topicPartitionName(topic, partition)}: the topic is not there, or has fewer`,
  });
}
