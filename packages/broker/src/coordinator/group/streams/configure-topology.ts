import type { NewTopic } from "./new-topic.ts";
import { decidePartitionCounts, inputCountOf } from "./partition-counts.ts";
import { byText } from "../partition-sets.ts";
import { requiredTopicsOf, type Subtopology, type Topology, type TopicInfo } from "./topology.ts";
import { type GroupStatus, statusCode, TopicFault } from "./topology-fault.ts";

/** A subtopology with its tasks counted, and its internal topics with their partitions. */
export interface ConfiguredSubtopology {
  readonly subtopologyId: string;
  readonly taskCount: number;
  readonly sourceTopics: readonly string[];
  readonly repartitionSinkTopics: readonly string[];
  readonly repartitionSourceTopics: readonly TopicInfo[];
  readonly stateChangelogTopics: readonly TopicInfo[];
}

/** A topology as the cluster's topics allow it to run (Kafka: `ConfiguredTopology`). */
export interface ConfiguredTopology {
  /** By id, in order; undefined: topics are in the way. */
  readonly subtopologies: ReadonlyMap<string, ConfiguredSubtopology> | undefined;
  readonly missingInternalTopics: readonly NewTopic[];
  /** Why no task can run yet. */
  readonly fault: GroupStatus | undefined;
}

/**
 * Kafka: `InternalTopicManager.configureTopics`.
 *
 * @throws GroupRefusal where the topology can never be configured
 */
export function configureTopology(
  topology: Topology,
  existing: (topic: string) => number | undefined,
): ConfiguredTopology {
  try {
    checkSources(topology, existing);
    const decided = decidePartitionCounts(topology, existing);
    const countOf = (topic: string) => existing(topic) ?? decided.get(topic);
    const subtopologies = new Map(
      topology.subtopologies
        .toSorted((left, right) => byText(left.subtopologyId, right.subtopologyId))
        .map((subtopology) => [
          subtopology.subtopologyId,
          configured(subtopology, inputCountOf(subtopology, countOf), decided),
        ]),
    );
    const missing = missingTopics(topology, subtopologies, existing);
    const names = missing.map(({ name }) => name);
    return {
      subtopologies,
      missingInternalTopics: missing,
      fault:
        missing.length === 0
          ? undefined
          : {
              statusCode: statusCode.missingInternalTopics,
              statusDetail: `Internal topics are missing: ${summary(names)}`,
            },
    };
  } catch (error) {
    if (!(error instanceof TopicFault)) throw error;
    return { subtopologies: undefined, missingInternalTopics: [], fault: error.status };
  }
}

function checkSources(topology: Topology, existing: (topic: string) => number | undefined): void {
  const missing = new Set<string>();
  for (const { sourceTopics } of topology.subtopologies)
    for (const topic of sourceTopics) if (existing(topic) === undefined) missing.add(topic);
  if (missing.size > 0)
    throw new TopicFault(
      statusCode.missingSourceTopics,
      `Source topics ${summary([...missing].toSorted(byText))} are missing.`,
    );
}

function configured(
  subtopology: Subtopology,
  taskCount: number,
  decided: ReadonlyMap<string, number>,
): ConfiguredSubtopology {
  const counted = (topic: TopicInfo): TopicInfo => ({
    ...topic,
    partitions: topic.partitions === 0 ? (decided.get(topic.name) ?? 0) : topic.partitions,
  });
  return {
    subtopologyId: subtopology.subtopologyId,
    taskCount,
    sourceTopics: subtopology.sourceTopics,
    repartitionSinkTopics: subtopology.repartitionSinkTopics,
    repartitionSourceTopics: subtopology.repartitionSourceTopics.map(counted),
    stateChangelogTopics: subtopology.stateChangelogTopics.map(counted),
  };
}

function missingTopics(
  topology: Topology,
  subtopologies: ReadonlyMap<string, ConfiguredSubtopology>,
  existing: (topic: string) => number | undefined,
): NewTopic[] {
  const internal = new Map<string, TopicInfo>();
  for (const { repartitionSourceTopics, stateChangelogTopics } of subtopologies.values())
    for (const topic of [...repartitionSourceTopics, ...stateChangelogTopics])
      internal.set(topic.name, topic);
  for (const topic of requiredTopicsOf(topology)) {
    const expected = internal.get(topic);
    const found = existing(topic);
    if (expected === undefined || found === undefined) continue;
    internal.delete(topic);
    if (found !== expected.partitions)
      throw new TopicFault(
        statusCode.incorrectlyPartitionedTopics,
        `Existing topic ${topic} has different number of partitions: expected ${expected.partitions}, found ${found}`,
      );
  }
  return [...internal.values()].map((topic) => ({
    name: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicationFactor === 0 ? -1 : topic.replicationFactor,
    assignments: [],
    configs: topic.topicConfigs.map(({ key, value }) => ({ name: key, value })),
  }));
}

const namesShown = 3;

function summary(names: readonly string[]): string {
  const more = names.length - namesShown;
  return `${names.slice(0, namesShown).join(", ")}${more > 0 ? ` and ${more} additional topics` : ""}`;
}
