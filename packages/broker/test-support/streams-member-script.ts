import type { Given } from "@millrace/protocol";
import type { streamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";

export type Beat = Given<typeof streamsGroupHeartbeatRequest>;

interface CopartitionGroup {
  readonly sourceTopics: readonly number[];
  readonly sourceTopicRegex: readonly number[];
  readonly repartitionSourceTopics: readonly number[];
}

interface SubtopologyOptions {
  readonly sources?: readonly string[];
  readonly patterns?: readonly string[];
  readonly changelog?: string;
  readonly readsRepartition?: string;
  readonly writesRepartition?: string;
}

const internalTopic = (name: string) => ({
  name,
  partitions: 0,
  replicationFactor: 0,
  topicConfigs: [],
});

export function subtopology(subtopologyId: string, options: SubtopologyOptions) {
  const { sources = [], patterns = [], changelog, readsRepartition, writesRepartition } = options;
  return {
    subtopologyId,
    sourceTopics: sources,
    sourceTopicRegex: patterns,
    stateChangelogTopics: changelog === undefined ? [] : [internalTopic(changelog)],
    repartitionSinkTopics: writesRepartition === undefined ? [] : [writesRepartition],
    repartitionSourceTopics:
      readsRepartition === undefined ? [] : [internalTopic(readsRepartition)],
    copartitionGroups: [] as readonly CopartitionGroup[],
  };
}

/** What a member says when it joins. */
export function joinBeat(
  memberId: string,
  subtopologies: readonly ReturnType<typeof subtopology>[],
  rest: Partial<Beat> = {},
): Beat {
  return {
    groupId: "app",
    memberId,
    memberEpoch: 0,
    endpointInformationEpoch: -1,
    rebalanceTimeoutMs: 10_000,
    topology: { epoch: 0, subtopologies },
    activeTasks: [],
    standbyTasks: [],
    warmupTasks: [],
    processId: `process of ${memberId}`,
    clientTags: [],
    ...rest,
  };
}

/** What it says later: nothing but where it is, and what it has if it is given. */
export function laterBeat(memberId: string, memberEpoch: number, rest: Partial<Beat> = {}): Beat {
  return { groupId: "app", memberId, memberEpoch, endpointInformationEpoch: 0, ...rest };
}
