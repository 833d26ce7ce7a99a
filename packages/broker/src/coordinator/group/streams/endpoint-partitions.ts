import type { StreamsGroupHeartbeatResponse } from "@millrace/protocol/definitions";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMember } from "./streams-member.ts";
import type { VersionedTopics } from "../../topic-lookup.ts";
import { byNumber } from "../partition-sets.ts";

type EndpointPartitions = NonNullable<
  StreamsGroupHeartbeatResponse["partitionsByUserEndpoint"]
>[number];

/** Which endpoint has which partitions, for queries between instances. */
export function endpointPartitions(
  group: StreamsGroup,
  updated: StreamsMember,
  topics: VersionedTopics,
): EndpointPartitions[] {
  const members = [...group.members.values()].filter(
    ({ memberId }) => memberId !== updated.memberId,
  );
  return [...members, updated].flatMap(({ metadata, assigned }) => {
    const { userEndpoint } = metadata;
    if (userEndpoint === null) return [];
    return [
      {
        userEndpoint,
        activePartitions: partitionsOf(group, assigned.active, topics),
        standbyPartitions: partitionsOf(group, assigned.standby, topics),
      },
    ];
  });
}

function partitionsOf(
  group: StreamsGroup,
  tasks: ReadonlyMap<string, ReadonlySet<number> | ReadonlyMap<number, number>>,
  topics: VersionedTopics,
): EndpointPartitions["activePartitions"] {
  return [...tasks].flatMap(([subtopologyId, partitions]) => {
    const subtopology = group.configured?.subtopologies?.get(subtopologyId);
    if (subtopology === undefined) return [];
    const inputs = new Set([
      ...subtopology.sourceTopics,
      ...subtopology.repartitionSourceTopics.map(({ name }) => name),
    ]);
    return [...inputs].flatMap((topic) => {
      // A topic may have fewer partitions than the largest one of its subtopology.
      const count = topics.partitionCount(topic) ?? 0;
      const own = [...partitions.keys()].filter((partition) => partition < count);
      return own.length === 0 ? [] : [{ topic, partitions: own.toSorted(byNumber) }];
    });
  });
}
