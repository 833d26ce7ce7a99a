import { requireCapability, type GroupMembership } from "@millrace/cluster";
import { OptionError } from "@millrace/model";

import { parseHostEndpoint } from "../runtime/assignment/host-endpoint.ts";
import { StreamPartitionAssignor } from "../runtime/assignment/stream-partition-assignor.ts";
import { toldTopology } from "../runtime/assignment/told-topology.ts";
import type { TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import { CooperativeTaskAssignments } from "../runtime/cooperative-task-assignments.ts";
import { EagerTaskAssignments } from "../runtime/eager-task-assignments.ts";
import { GroupDecisions } from "../runtime/group-decisions.ts";
import type { PatternTopics } from "../runtime/pattern-topics.ts";
import { StreamsTaskAssignments } from "../runtime/streams-task-assignments.ts";
import type { TaskAssignments } from "../runtime/task-assignments.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { ResolvedStreamsOptions } from "./resolved-options.ts";
import type { StreamsEnvironment } from "./streams-environment.ts";

export interface GroupSurroundings extends Pick<StreamsEnvironment, "platform" | "cluster"> {
  readonly options: ResolvedStreamsOptions;
  /** Undefined: nothing is kept over a restart. */
  readonly directory: object | undefined;
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
  readonly membership: Pick<GroupMembership, "close" | "groupMetadata">;
  readonly assignments: TaskAssignments;
  /** Has the group tell all members to end, once the loop has ended. */
  readonly endApplication: (signal: AbortSignal) => Promise<void>;
}

export function openGroup(surroundings: GroupSurroundings): OpenGroup {
  return surroundings.options.group.protocol === "streams"
    ? openStreamsGroup(surroundings)
    : openClassicGroup(surroundings);
}

function openStreamsGroup(surroundings: GroupSurroundings): OpenGroup {
  const { platform, cluster, options, patterns, subtopologies, processId } = surroundings;
  const { applicationId, replicationFactor, group } = options;
  requireCapability(cluster, "streams-groups", {
    use: 'groupProtocol: "streams"',
    instead: "Leave it out.",
  });
  if (!patterns.areNone)
    throw new OptionError(
      "INVALID_OPTION",
      `groupProtocol "streams" knows no sources with a pattern, as Kafka's does not yet; leave it out, or name the topics`,
    );
  const userEndPoint = parseHostEndpoint(group.userEndPoint);
  const membership = cluster.openStreamsMembership({
    groupId: applicationId,
    memberId: `${processId}-${surroundings.loopNumber}`,
    processId,
    subtopologies: toldTopology(subtopologies, replicationFactor),
    ...(userEndPoint === undefined ? {} : { userEndPoint }),
    clientTags: group.clientTags,
    sessionTimeoutMs: options.sessionTimeoutMs,
  });
  const { admin } = cluster;
  const assignments = new StreamsTaskAssignments({ membership, admin, subtopologies, platform });
  return { membership, assignments, endApplication: (signal) => membership.endApplication(signal) };
}

function openClassicGroup(surroundings: GroupSurroundings): OpenGroup {
  const { platform, cluster, options, patterns, subtopologies, fingerprint } = surroundings;
  const { admin } = cluster;
  const namedTopics = subtopologies.flatMap(({ sourceTopics }) => sourceTopics);
  let endsApplication = false;
  const assignor: StreamPartitionAssignor = new StreamPartitionAssignor({
    admin,
    committed: (partitions, signal) => membership.committed(partitions, signal),
    processId: surroundings.processId,
    subtopologies,
    fingerprint,
    replicationFactor: options.replicationFactor,
    taskOffsetSums: surroundings.taskOffsetSums,
    userEndPoint: options.group.userEndPoint,
    clientTags: options.group.clientTags,
    taskAssignor: options.group.taskAssignor,
    configs: options.group.assignment,
    wallMs: () => platform.clock.wallMs(),
    endsApplication: () => endsApplication,
    logger: platform.logger,
  });
  const instanceId = seatOf(surroundings);
  const membership: GroupMembership = cluster.openMembership({
    groupId: options.applicationId,
    ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
    ...(options.group.rackId === undefined ? {} : { rackId: options.group.rackId }),
    assignors: [assignor],
    topics: () => [...namedTopics, ...patterns.present.keys()],
    sessionTimeoutMs: options.sessionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs,
  });
  const decisions = new GroupDecisions({
    platform,
    assignor,
    fingerprint,
    subtopologies: new Set(subtopologies.map(({ id }) => id)),
    askAgain: (reason) => membership.requestRejoin(reason),
  });
  const parts = { membership, admin, patterns, decisions };
  const assignments = membership.keepsPartitions
    ? new CooperativeTaskAssignments(parts)
    : new EagerTaskAssignments(parts);
  const endApplication = async (signal: AbortSignal): Promise<void> => {
    endsApplication = true;
    await membership.join(signal);
  };
  return { membership, assignments, endApplication };
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
