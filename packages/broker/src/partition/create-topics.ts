import type { MetadataStore } from "../metadata/metadata-store.ts";
import {
  type CreateTopicOutcome,
  type NewTopic,
  planTopic,
  recordsOfTopic,
  type TopicPlanner,
} from "../metadata/plan-topic.ts";
import { isInternalTopic } from "../metadata/topic-image.ts";
import type { PartitionBound } from "./partition-bound.ts";
import type { Partitions } from "./partitions.ts";

export interface CreationServices extends TopicPlanner {
  readonly metadata: MetadataStore;
  readonly partitions: Partitions;
  readonly partitionBound: PartitionBound;
}

/** Creates topics as one change of the metadata; one outcome for each, in order (Kafka: `ReplicationControlManager`). */
export async function createTopics(
  services: CreationServices,
  topics: readonly NewTopic[],
  options: {
    readonly validateOnly: boolean;
    /** False: so many partitions must not be made now. */
    readonly admit?: (partitionCount: number) => boolean;
  },
): Promise<readonly CreateTopicOutcome[]> {
  const { metadata, partitions } = services;
  const { validateOnly, admit } = options;
  await partitions.removed(topics.map(({ name }) => name));
  const outcomes = await metadata.change((image) => {
    let partitionTotal = image.partitionTotal;
    const result = topics.map((topic): CreateTopicOutcome => {
      const outcome = planTopic(services, image, topic);
      if (outcome.kind === "refused") return outcome;
      const { name, partitionCount } = outcome.topic;
      const tooMany = services.partitionBound.refusal(partitionTotal + partitionCount);
      if (tooMany !== undefined && !isInternalTopic(name))
        return { kind: "refused", name, error: "POLICY_VIOLATION", message: tooMany };
      if (admit?.(partitionCount) === false) return throttled(name);
      partitionTotal += partitionCount;
      return outcome;
    });
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

function throttled(name: string): CreateTopicOutcome {
  const message = "The throttling quota has been exceeded.";
  return { kind: "refused", name, error: "THROTTLING_QUOTA_EXCEEDED", message };
}
