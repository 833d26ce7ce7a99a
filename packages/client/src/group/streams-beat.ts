import {
  ClusterError,
  type StreamsMembershipOptions,
  type StreamsStatus,
  type StreamsStatusKind,
  type StreamsSubtopology,
  type StreamsTasks,
  type StreamsTopic,
  type TaskPartitions,
} from "@millrace/cluster";
import {
  streamsGroupHeartbeatApi,
  type StreamsGroupHeartbeatResponse,
} from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";

export interface StreamsBeat {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly options: StreamsMembershipOptions;
  /** 0: to join; -1: to leave. */
  readonly memberEpoch: number;
  readonly endpointInformationEpoch: number;
  /** Undefined: as told before. */
  readonly owned: StreamsTasks | undefined;
  /** True: an answer did not come; the group is asked to tell again what it gives. */
  readonly mayHaveMissed: boolean;
  /** True: the group is to end the application. */
  readonly endsApplication: boolean;
}

/** One StreamsGroupHeartbeat: a member that joins tells all about itself, later ones what it has. */
export async function beatStreamsGroup(beat: StreamsBeat): Promise<StreamsGroupHeartbeatResponse> {
  const { context, lane, options, memberEpoch } = beat;
  const { groupId, memberId } = options;
  const link = lane.link(await context.coordinators.find("group", groupId));
  const owned = memberEpoch === 0 ? noTasks : beat.owned;
  return link.call({
    api: streamsGroupHeartbeatApi,
    timeoutMs: options.sessionTimeoutMs ?? 45_000,
    body: () => ({
      groupId,
      memberId,
      memberEpoch,
      endpointInformationEpoch: beat.endpointInformationEpoch,
      shutdownApplication: beat.endsApplication,
      ...(memberEpoch === 0 ? wholeOf(options) : {}),
      // As with KIP-848, whoever tells this as well as what it has is told all.
      ...(memberEpoch === 0 || beat.mayHaveMissed ? timeoutOf(options) : {}),
      ...(owned === undefined
        ? {}
        : {
            activeTasks: taskIds(owned.active),
            standbyTasks: taskIds(owned.standby),
            warmupTasks: taskIds(owned.warmup),
          }),
    }),
  });
}

export const noTasks: StreamsTasks = { active: new Map(), standby: new Map(), warmup: new Map() };

function wholeOf(options: StreamsMembershipOptions) {
  const { clientTags = new Map<string, string>() } = options;
  return {
    topology: { epoch: 0, subtopologies: options.subtopologies.map(toldSubtopology) },
    processId: options.processId,
    userEndpoint: options.userEndPoint ?? null,
    clientTags: [...clientTags].map(([key, value]) => ({ key, value })),
  };
}

function timeoutOf({ rebalanceTimeoutMs = 300_000 }: StreamsMembershipOptions) {
  return { rebalanceTimeoutMs };
}

function toldSubtopology(subtopology: StreamsSubtopology) {
  const { subtopologyId, sourceTopics, repartitionSinkTopics } = subtopology;
  const repartitionSourceTopics = toldTopics(subtopology.repartitionSourceTopics);
  const names = repartitionSourceTopics.map(({ name }) => name);
  const indices = (group: readonly string[], topics: readonly string[]): readonly number[] =>
    group.map((topic) => topics.indexOf(topic)).filter((index) => index >= 0);
  return {
    subtopologyId,
    sourceTopics,
    sourceTopicRegex: [],
    repartitionSinkTopics,
    repartitionSourceTopics,
    stateChangelogTopics: toldTopics(subtopology.changelogTopics),
    copartitionGroups: subtopology.copartitionGroups.map((group) => ({
      sourceTopics: indices(group, sourceTopics),
      sourceTopicRegex: [],
      repartitionSourceTopics: indices(group, names),
    })),
  };
}

function toldTopics(topics: readonly StreamsTopic[]) {
  return topics
    .map(({ name, partitionCount, replicationFactor, configs }) => ({
      name,
      partitions: partitionCount,
      replicationFactor,
      topicConfigs: Object.entries(configs)
        .map(([key, value]) => ({ key, value }))
        .sort((left, right) => (left.key < right.key ? -1 : 1)),
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function taskIds(tasks: TaskPartitions) {
  return [...tasks].map(([subtopologyId, partitions]) => ({ subtopologyId, partitions }));
}

type ToldTasks = StreamsGroupHeartbeatResponse["activeTasks"];

/** Undefined: as before. */
export function toldTarget(answer: StreamsGroupHeartbeatResponse): StreamsTasks | undefined {
  const { activeTasks, standbyTasks, warmupTasks } = answer;
  if (activeTasks === null && standbyTasks === null && warmupTasks === null) return undefined;
  return {
    active: partitionsOf(activeTasks),
    standby: partitionsOf(standbyTasks),
    warmup: partitionsOf(warmupTasks),
  };
}

function partitionsOf(told: ToldTasks): TaskPartitions {
  return new Map(
    (told ?? []).map(({ subtopologyId, partitions }) => [
      subtopologyId,
      [...partitions].sort((left, right) => left - right),
    ]),
  );
}

/** Equal for the same tasks. */
export function tasksText({ active, standby, warmup }: StreamsTasks): string {
  return [active, standby, warmup]
    .map((tasks) =>
      [...tasks]
        .flatMap(([id, partitions]) => partitions.map((partition) => `${id}_${partition}`))
        .sort()
        .join(" "),
    )
    .join("|");
}

const statusKinds: Readonly<Record<number, StreamsStatusKind>> = {
  0: "stale-topology",
  1: "missing-source-topics",
  2: "incorrectly-partitioned-topics",
  3: "missing-internal-topics",
  4: "shutdown-application",
  5: "assignment-delayed",
};

/** Undefined: as before. */
export function toldStatuses({
  status,
}: StreamsGroupHeartbeatResponse): readonly StreamsStatus[] | undefined {
  return status?.map(({ statusCode, statusDetail }) => ({
    kind: statusKinds[statusCode] ?? "other",
    detail: statusDetail,
  }));
}

export function streamsGroupsNotServed(groupId: string, cause: unknown): ClusterError {
  return new ClusterError(
    "UNSUPPORTED_BY_CLUSTER",
    `the cluster does not serve the group protocol "streams" (KIP-1071), which group ${groupId} is to use; leave groupProtocol out, or use Apache Kafka 4.2 or later`,
    { cause },
  );
}
