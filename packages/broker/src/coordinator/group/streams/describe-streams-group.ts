import type { StreamsGroupDescribeResponse } from "@millrace/protocol/definitions";
import type { StreamsGroup } from "./streams-group.ts";
import { byText } from "../partition-sets.ts";
import { type AssignedTasks, noTasks, type Tasks, taskIds } from "./tasks.ts";
import type { TopicInfo } from "./topology.ts";

export type DescribedStreamsGroup = StreamsGroupDescribeResponse["groups"][number];
type Described = NonNullable<NonNullable<DescribedStreamsGroup["topology"]>["subtopologies"]>;

export function describeStreamsGroup(group: StreamsGroup): DescribedStreamsGroup {
  const { groupId, state, groupEpoch, assignmentEpoch } = group;
  return {
    errorCode: 0,
    errorMessage: null,
    groupId,
    groupState: state,
    groupEpoch,
    assignmentEpoch,
    topology: { epoch: group.topology?.epoch ?? 0, subtopologies: describedTopology(group) },
    members: [...group.members.values()].map(({ memberId, memberEpoch, metadata, assigned }) => ({
      ...metadata,
      memberId,
      memberEpoch,
      taskOffsets: [],
      taskEndOffsets: [],
      assignment: tasksAsIds(assigned),
      targetAssignment: tasksAsIds(group.targets.get(memberId) ?? noTasks),
      isClassic: false,
    })),
    authorizedOperations: -0x80000000,
  };
}

export function unknownStreamsGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): DescribedStreamsGroup {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: "",
    groupEpoch: 0,
    assignmentEpoch: 0,
    topology: null,
    members: [],
    authorizedOperations: -0x80000000,
  };
}

/** With the partitions of internal topics once they are all there. */
function describedTopology({ described: configured, topology }: StreamsGroup): Described {
  const subtopologies =
    configured?.fault === undefined && configured?.subtopologies !== undefined
      ? [...configured.subtopologies.values()]
      : (topology?.subtopologies ?? []);
  return subtopologies
    .toSorted((left, right) => byText(left.subtopologyId, right.subtopologyId))
    .map((subtopology) => ({
      subtopologyId: subtopology.subtopologyId,
      sourceTopics: subtopology.sourceTopics.toSorted(byText),
      repartitionSinkTopics: subtopology.repartitionSinkTopics.toSorted(byText),
      stateChangelogTopics: subtopology.stateChangelogTopics.toSorted(byName),
      repartitionSourceTopics: subtopology.repartitionSourceTopics.toSorted(byName),
    }));
}

function byName(left: TopicInfo, right: TopicInfo): number {
  return byText(left.name, right.name);
}

function tasksAsIds({ active, standby, warmup }: Tasks | AssignedTasks) {
  return {
    activeTasks: taskIds(active),
    standbyTasks: taskIds(standby),
    warmupTasks: taskIds(warmup),
  };
}
