import type { MetadataStore } from "../metadata/metadata-store.ts";
import {
  type CreateTopicOutcome,
  type NewTopic,
  planTopic,
  recordsOfTopic,
  type TopicPlanner,
} from "../metadata/plan-topic.ts";
import type { Partitions } from "./partitions.ts";

export interface CreationServices extends TopicPlanner {
  readonly metadata: MetadataStore;
  readonly partitions: Partitions;
}

/** Creates topics as one change of the metadata; one outcome for each, in order (Kafka: `ReplicationControlManager`). */
export async function createTopics(
  services: CreationServices,
  topics: readonly NewTopic[],
  { validateOnly }: { readonly validateOnly: boolean },
): Promise<readonly CreateTopicOutcome[]> {
  const { metadata, partitions } = services;
  await partitions.removed(topics.map(({ name }) => name));
  const outcomes = await metadata.change((image) => {
    const result = topics.map((topic) => planTopic(services, image, topic));
    const records = validateOnly
      ? []
      : result.flatMap((outcome) =>
          outcome.kind === "created"
            ? recordsOfTopic(outcome.topic, services.cluster.nodeId, partitions.leaderEpoch)
            : [],
        );
    return { records, result };
  });
  if (!validateOnly)
    for (const outcome of outcomes) if (outcome.kind === "created") partitions.add(outcome.topic);
  return outcomes;
}
