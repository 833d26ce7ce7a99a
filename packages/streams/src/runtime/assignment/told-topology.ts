import type { StreamsSubtopology, StreamsTopic } from "@millrace/cluster";

import type { InternalTopic, Subtopology } from "../../topology/subtopology.ts";

/**
 * A topology as the broker of a streams group is told of it: equal to what Kafka Streams tells of the same program, as a
 * group has one.
 */
export function toldTopology(
  subtopologies: readonly Subtopology[],
  replicationFactor: number,
): readonly StreamsSubtopology[] {
  const repartition = new Set(
    subtopologies.flatMap(({ repartitionTopics }) => repartitionTopics.map(({ name }) => name)),
  );
  const told = (topic: InternalTopic): StreamsTopic => ({
    name: topic.name,
    partitionCount: topic.partitionCount ?? 0,
    replicationFactor,
    configs: topic.configs,
  });
  return subtopologies
    .map((subtopology) => {
      const own = new Set(subtopology.repartitionTopics.map(({ name }) => name));
      return {
        subtopologyId: `${subtopology.id}`,
        sourceTopics: subtopology.sourceTopics.filter((topic) => !own.has(topic)).sort(),
        repartitionSinkTopics: subtopology.sinkTopics
          .filter((topic) => repartition.has(topic))
          .sort(),
        repartitionSourceTopics: subtopology.repartitionTopics.map(told),
        changelogTopics: subtopology.changelogTopics.map((topic) => ({
          ...told(topic),
          partitionCount: 0,
        })),
        copartitionGroups: subtopology.copartitionGroups.map(({ topics }) => topics),
      };
    })
    .sort((left, right) => (left.subtopologyId < right.subtopologyId ? -1 : 1));
}
