import type { GroupMembership } from "@millrace/cluster";

import { defaultAssignmentConfigs } from "../runtime/assignment/assignor/assignment-configs.ts";
import { StreamPartitionAssignor } from "../runtime/assignment/stream-partition-assignor.ts";
import type { TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import { CooperativeTaskAssignments } from "../runtime/cooperative-task-assignments.ts";
import { EagerTaskAssignments } from "../runtime/eager-task-assignments.ts";
import { GroupDecisions } from "../runtime/group-decisions.ts";
import type { PatternTopics } from "../runtime/pattern-topics.ts";
import type { TaskAssignments } from "../runtime/task-assignments.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { StateDirectory } from "./state-directory.ts";
import type { ResolvedStreamsOptions, StreamsEnvironment } from "./streams-options.ts";

export interface GroupSurroundings extends Pick<StreamsEnvironment, "platform" | "cluster"> {
  readonly options: ResolvedStreamsOptions;
  readonly directory: StateDirectory | undefined;
  readonly processId: string;
  /** Of the loop, from 1: each is a member. */
  readonly loopNumber: number;
  readonly subtopologies: readonly Subtopology[];
  readonly fingerprint: string;
  readonly patterns: PatternTopics;
  /** What this process tells of the state that it has. */
  readonly taskOffsetSums: () => readonly TaskOffsetSum[];
}

/** A loop's part in the group of the application. */
export interface OpenGroup {
  /** Closed by the application. */
  readonly membership: GroupMembership;
  readonly assignments: TaskAssignments;
}

export function openGroup(surroundings: GroupSurroundings): OpenGroup {
  const { platform, cluster, options, patterns, subtopologies, fingerprint } = surroundings;
  const { admin } = cluster;
  const namedTopics = subtopologies.flatMap(({ sourceTopics }) => sourceTopics);
  const assignor: StreamPartitionAssignor = new StreamPartitionAssignor({
    admin,
    committed: (partitions, signal) => membership.committed(partitions, signal),
    processId: surroundings.processId,
    subtopologies,
    fingerprint,
    replicationFactor: options.replicationFactor,
    taskOffsetSums: surroundings.taskOffsetSums,
    userEndPoint: "",
    clientTags: new Map(),
    taskAssignor: "sticky",
    configs: defaultAssignmentConfigs,
    wallMs: () => platform.clock.wallMs(),
    logger: platform.logger,
  });
  const instanceId = seatOf(surroundings);
  const membership: GroupMembership = cluster.openMembership({
    groupId: options.applicationId,
    ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
    assignors: [assignor],
    topics: () => [...namedTopics, ...patterns.present.keys()],
    sessionTimeoutMs: options.sessionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs,
  });
  const decisions = new GroupDecisions({
    platform,
    assignor,
    fingerprint,
    askAgain: (reason) => membership.requestRejoin(reason),
  });
  const parts = { membership, admin, patterns, decisions };
  const assignments = membership.keepsPartitions
    ? new CooperativeTaskAssignments(parts)
    : new EagerTaskAssignments(parts);
  return { membership, assignments };
}

/** The seat in the group that a loop takes again after a restart, where the client knows of seats. */
function seatOf(surroundings: GroupSurroundings): string | undefined {
  const { directory, cluster, platform, options, processId, loopNumber } = surroundings;
  if (directory === undefined) return undefined;
  if (cluster.capabilities.has("static-membership"))
    return `${options.applicationId}-${processId}-${loopNumber}`;
  platform.logger.log("info", "streams.dynamic-member", { client: cluster.name });
  return undefined;
}
