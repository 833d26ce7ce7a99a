import type {
  StreamsGroupHeartbeatRequest,
  StreamsGroupHeartbeatResponse,
} from "@millrace/protocol/definitions";
import { endpointPartitions } from "./endpoint-partitions.ts";
import type { NewTopic } from "./new-topic.ts";
import { groupOf, memberOf, removeMember, restartSession } from "./leave-streams-group.ts";
import { checkMemberEpoch, checkOwnedTasks, checkSize } from "./member-checks.ts";
import { advanceGroup, type GroupStep } from "./advance-group.ts";
import { reconcile } from "./reconcile.ts";
import { StreamsGroup, streamsGroup } from "./streams-group.ts";
import {
  type MemberMetadata,
  metadataEqual,
  newMember,
  type StreamsMember,
} from "./streams-member.ts";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { memberRecord } from "./streams-records.ts";
import type { GroupResult, GroupWorld } from "../group-world.ts";
import { byText } from "../partition-sets.ts";
import { assignedTasksEqual, isListed, taskIds } from "./tasks.ts";
import { type GroupStatus, statusCode } from "./topology-fault.ts";

export interface HeartbeatClient {
  readonly clientId: string;
  readonly clientHost: string;
}

export interface HeartbeatOutcome {
  readonly response: Omit<StreamsGroupHeartbeatResponse, "throttleTimeMs">;
  readonly topicsToCreate: readonly NewTopic[];
}

/**
 * A member joins (epoch 0), stays, or leaves (-1) (Kafka: `GroupMetadataManager.streamsGroupHeartbeat`).
 *
 * @throws GroupRefusal
 */
export function streamsHeartbeat(
  world: GroupWorld,
  request: StreamsGroupHeartbeatRequest,
  client: HeartbeatClient,
): GroupResult<HeartbeatOutcome> {
  return request.memberEpoch < 0 ? leave(world, request) : stay(world, request, client);
}

function leave(
  world: GroupWorld,
  { groupId, memberId, memberEpoch, shutdownApplication }: StreamsGroupHeartbeatRequest,
): GroupResult<HeartbeatOutcome> {
  const group = groupOf(world, groupId);
  if (shutdownApplication) group.shutdownMemberId ??= memberId;
  memberOf(group, memberId);
  const removal = removeMember(world, group, memberId);
  const response = { ...emptyResponse, memberId, memberEpoch };
  return { ...removal, response: { response, topicsToCreate: [] } };
}

function stay(
  world: GroupWorld,
  request: StreamsGroupHeartbeatRequest,
  client: HeartbeatClient,
): GroupResult<HeartbeatOutcome> {
  const { groupId, memberId } = request;
  const isJoining = request.memberEpoch === 0;
  const known = streamsGroup(world, groupId);
  const group = isJoining
    ? (known ?? new StreamsGroup(groupId))
    : groupOf(world, groupId, `Streams group ${groupId} not found.`);
  if (isJoining) checkSize(group, world.configs.streamsOf(groupId).sizeMax);
  const before = isJoining
    ? (group.members.get(memberId) ?? newMember(memberId))
    : memberOf(group, memberId);
  checkMemberEpoch(before, request);
  const records: CoordinatorRecord[] = [];
  const told: StreamsMember = {
    ...before,
    metadata: toldMetadata(before.metadata, request, client),
  };
  const isChanged = !metadataEqual(told.metadata, before.metadata) || !group.members.has(memberId);
  if (isChanged) records.push(memberRecord(groupId, told));
  const step = advanceGroup(world, { group, member: told, isChanged, request, records });
  checkOwnedTasks(step.configured, request);
  const member = reconcile(world, { group, member: told, step, request, records });
  restartSession(world, groupId, memberId);
  if (request.shutdownApplication) group.shutdownMemberId ??= memberId;
  const response = respond(world, { group, before, member, step, request });
  if (known === undefined) response.endpointInformationEpoch = 0;
  return {
    records,
    response: { response, topicsToCreate: step.configured.missingInternalTopics },
  };
}

/** What a member was, with what its heartbeat tells anew. */
function toldMetadata(
  before: MemberMetadata,
  request: StreamsGroupHeartbeatRequest,
  { clientId, clientHost }: HeartbeatClient,
): MemberMetadata {
  const { rackId, rebalanceTimeoutMs, topology, processId, userEndpoint, clientTags } = request;
  return {
    instanceId: before.instanceId,
    rackId: rackId ?? before.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topologyEpoch: topology?.epoch ?? before.topologyEpoch,
    processId: processId ?? before.processId,
    userEndpoint: userEndpoint ?? before.userEndpoint,
    clientTags:
      clientTags?.toSorted((left, right) => byText(left.key, right.key)) ?? before.clientTags,
  };
}

type Response = {
  -readonly [Field in keyof HeartbeatOutcome["response"]]: HeartbeatOutcome["response"][Field];
};

const emptyResponse: HeartbeatOutcome["response"] = Object.freeze({
  errorCode: 0,
  errorMessage: null,
  memberId: "",
  memberEpoch: 0,
  heartbeatIntervalMs: 0,
  acceptableRecoveryLag: 0,
  taskOffsetIntervalMs: 0,
  status: [],
  activeTasks: null,
  standbyTasks: null,
  warmupTasks: null,
  endpointInformationEpoch: 0,
  partitionsByUserEndpoint: null,
});

export function refusedHeartbeat(
  errorCode: number,
  errorMessage: string | null = null,
): HeartbeatOutcome {
  return { response: { ...emptyResponse, errorCode, errorMessage }, topicsToCreate: [] };
}

interface Beat {
  readonly group: StreamsGroup;
  readonly before: StreamsMember;
  readonly member: StreamsMember;
  readonly step: GroupStep;
  readonly request: StreamsGroupHeartbeatRequest;
}

function respond(world: GroupWorld, { group, before, member, step, request }: Beat): Response {
  const { memberId, memberEpoch, assigned } = member;
  const { heartbeatIntervalMs } = world.configs.streamsOf(group.groupId);
  const response: Response = { ...emptyResponse, memberId, memberEpoch, heartbeatIntervalMs };
  const isChanged = request.memberEpoch === 0 || !assignedTasksEqual(before.assigned, assigned);
  if (isChanged || hasMissed(request, before)) {
    response.activeTasks = taskIds(assigned.active);
    response.standbyTasks = taskIds(assigned.standby);
    response.warmupTasks = taskIds(assigned.warmup);
    if (isChanged && member.metadata.userEndpoint !== null) group.endpointEpoch++;
  }
  if (group.endpointEpoch !== request.endpointInformationEpoch)
    response.partitionsByUserEndpoint = endpointPartitions(group, member, world.topics);
  response.endpointInformationEpoch = group.endpointEpoch;
  response.status = [...step.status, ...statusOf(group, step)];
  return response;
}

/**
 * The answer that told its tasks got lost: the member is not of its epoch, or tells more than it has to, and what it has is
 * not what it was given. Kafka's broker never tells them again: they rest until the next change.
 */
function hasMissed(
  { memberEpoch, rebalanceTimeoutMs, ...told }: StreamsGroupHeartbeatRequest,
  { memberEpoch: knownEpoch, assigned: { active, standby, warmup } }: StreamsMember,
): boolean {
  if (memberEpoch === knownEpoch && rebalanceTimeoutMs === -1) return false;
  return !(
    isListed(active, told.activeTasks) &&
    isListed(standby, told.standbyTasks) &&
    isListed(warmup, told.warmupTasks)
  );
}

function statusOf(group: StreamsGroup, { configured }: GroupStep): GroupStatus[] {
  const status = configured.fault === undefined ? [] : [configured.fault];
  if (group.shutdownMemberId !== undefined)
    status.push({
      statusCode: statusCode.shutdownApplication,
      statusDetail: `Streams group member ${group.shutdownMemberId} encountered a fatal error and requested a shutdown for the entire application.`,
    });
  return status;
}
