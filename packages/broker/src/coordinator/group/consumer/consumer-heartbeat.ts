import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from "@millrace/protocol/definitions";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import { type GroupResult, type GroupWorld, notFoundMessage } from "../group-world.ts";
import { byNumber, byText, partitionEpochsEqual, type PartitionSets } from "../partition-sets.ts";
import { GroupRefusal } from "../refusal.ts";
import { advanceGroup } from "./advance-group.ts";
import { ConsumerGroup, consumerGroup } from "./consumer-group.ts";
import {
  type ConsumerMember,
  leaveEpoch,
  type MemberMetadata,
  metadataEqual,
  newMember,
} from "./consumer-member.ts";
import { currentRecord, memberRecord, memberTombstones, targetRecord } from "./consumer-records.ts";
import { departedRecord, removeMembers, restartSession } from "./leave-consumer-group.ts";
import {
  checkMemberEpoch,
  checkReleased,
  checkSize,
  memberOf,
  staticMemberOf,
} from "./member-checks.ts";
import { reconcile } from "./reconcile.ts";

export interface ConsumerClient {
  readonly clientId: string;
  readonly clientHost: string;
  /** As Kafka writes it, such as `User:ann`. */
  readonly principal: string;
  readonly mayDescribe: (topic: string) => boolean;
}

export type ConsumerHeartbeatAnswer = Omit<ConsumerGroupHeartbeatResponse, "throttleTimeMs">;

/**
 * A member joins (epoch 0), stays, or leaves (-1; -2: a static one for a while) (Kafka:
 * `GroupMetadataManager.consumerGroupHeartbeat`).
 *
 * `made`: the group that one of another protocol becomes.
 *
 * @throws GroupRefusal
 */
export function consumerHeartbeat(
  world: GroupWorld,
  request: ConsumerGroupHeartbeatRequest,
  client: ConsumerClient,
  made?: ConsumerGroup,
): GroupResult<ConsumerHeartbeatAnswer> {
  if (request.memberEpoch < 0) return leave(world, request);
  const { groupId, memberEpoch } = request;
  const isNew = memberEpoch === 0 && !world.groups.has(groupId);
  const fresh = isNew ? new ConsumerGroup(groupId) : made;
  const group = fresh ?? groupOf(world, groupId, `Consumer group ${groupId} not found.`);
  return stay(world, group, { request, client });
}

function leave(
  world: GroupWorld,
  { groupId, memberId, memberEpoch, instanceId }: ConsumerGroupHeartbeatRequest,
): GroupResult<ConsumerHeartbeatAnswer> {
  const group = groupOf(world, groupId, notFoundMessage(world, groupId, "consumer"));
  const member =
    instanceId === null ? memberOf(group, memberId) : staticMemberOf(group, memberId, instanceId);
  const response = { ...emptyAnswer, memberId, memberEpoch };
  if (instanceId !== null && memberEpoch === leaveEpoch.forAWhile)
    return { records: [departedRecord(groupId, member)], response };
  return { ...removeMembers(world, group, [member]), response };
}

function groupOf(world: GroupWorld, groupId: string, unknown: string): ConsumerGroup {
  const group = consumerGroup(world, groupId);
  if (group !== undefined) return group;
  const isOther = world.groups.has(groupId);
  const message = isOther ? notFoundMessage(world, groupId, "consumer") : unknown;
  throw new GroupRefusal(errorCode.groupIdNotFound, message);
}

function stay(
  world: GroupWorld,
  group: ConsumerGroup,
  {
    request,
    client,
  }: { readonly request: ConsumerGroupHeartbeatRequest; readonly client: ConsumerClient },
): GroupResult<ConsumerHeartbeatAnswer> {
  const { groupId, instanceId } = request;
  checkSize(world, group, request);
  const memberId = request.memberId === "" ? world.random.uuid() : request.memberId;
  const records: CoordinatorRecord[] = [];
  const before =
    instanceId === null
      ? dynamicMember(group, memberId, request)
      : seatedMember(group, { memberId, instanceId, request, records });
  const metadata = toldMetadata(before.metadata, request, client);
  const told = metadata === before.metadata ? before : { ...before, metadata };
  const { mayDescribe, principal } = client;
  const count = metadata.subscribedTopicNames.length;
  const known = before.metadata.subscribedTopicNames.length;
  world.names.take({ groupId, memberId, principal }, known, count);
  const step = advanceGroup(world, { group, before, told, records, mayDescribe });
  const owned = ownedPartitions(request);
  const member = reconcile(world, { group, member: told, step, owned, records });
  restartSession(world, groupId, memberId);
  return { records, response: respond(world, { groupId, before, member, request }) };
}

function dynamicMember(
  group: ConsumerGroup,
  memberId: string,
  request: ConsumerGroupHeartbeatRequest,
): ConsumerMember {
  if (request.memberEpoch === 0) return group.members.get(memberId) ?? newMember(memberId);
  const member = memberOf(group, memberId);
  checkMemberEpoch(member, request);
  return member;
}

/** The static member of an instance id; a new one takes the seat of one that has left for a while. */
function seatedMember(
  group: ConsumerGroup,
  who: {
    readonly memberId: string;
    readonly instanceId: string;
    readonly request: ConsumerGroupHeartbeatRequest;
    readonly records: CoordinatorRecord[];
  },
): ConsumerMember {
  const { memberId, instanceId, request, records } = who;
  if (request.memberEpoch !== 0) {
    const member = staticMemberOf(group, memberId, instanceId);
    checkMemberEpoch(member, request);
    return member;
  }
  const seated = group.staticMember(instanceId);
  if (seated === undefined) return group.members.get(memberId) ?? newMember(memberId);
  checkReleased(seated, memberId, instanceId);
  const successor = { ...seated, memberId, memberEpoch: 0, previousMemberEpoch: 0 };
  records.push(...replacementRecords(group, seated, successor));
  return successor;
}

export function replacementRecords(
  group: ConsumerGroup,
  seated: ConsumerMember,
  successor: ConsumerMember,
): CoordinatorRecord[] {
  const { groupId } = group;
  return [
    ...memberTombstones(groupId, seated.memberId),
    memberRecord(groupId, successor),
    targetRecord(groupId, successor.memberId, group.targetOf(seated)),
    currentRecord(groupId, successor),
  ];
}

/** What a member was, with what its heartbeat tells anew. */
function toldMetadata(
  before: MemberMetadata,
  request: ConsumerGroupHeartbeatRequest,
  { clientId, clientHost }: ConsumerClient,
): MemberMetadata {
  const { rebalanceTimeoutMs, subscribedTopicNames } = request;
  const told: MemberMetadata = {
    instanceId: request.instanceId ?? before.instanceId,
    rackId: request.rackId ?? before.rackId,
    clientId,
    clientHost,
    subscribedTopicNames:
      subscribedTopicNames === null
        ? before.subscribedTopicNames
        : [...new Set(subscribedTopicNames)].toSorted(byText),
    subscribedTopicRegex: request.subscribedTopicRegex ?? before.subscribedTopicRegex,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? before.serverAssignor,
    classicMemberMetadata: null,
  };
  return metadataEqual(before, told) ? before : told;
}

/** Undefined where the member does not say what it has. */
function ownedPartitions({
  topicPartitions,
}: ConsumerGroupHeartbeatRequest): PartitionSets | undefined {
  if (topicPartitions === null) return undefined;
  return new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
}

const emptyAnswer: ConsumerHeartbeatAnswer = Object.freeze({
  errorCode: 0,
  errorMessage: null,
  memberId: null,
  memberEpoch: 0,
  heartbeatIntervalMs: 0,
  assignment: null,
});

export function refusedConsumerHeartbeat(
  errorCode: number,
  errorMessage: string | null = null,
): ConsumerHeartbeatAnswer {
  return { ...emptyAnswer, errorCode, errorMessage };
}

interface Beat {
  readonly groupId: string;
  readonly before: ConsumerMember;
  readonly member: ConsumerMember;
  readonly request: ConsumerGroupHeartbeatRequest;
}

/** The assignment is told when it has changed, and to who tells everything about itself. */
function respond(
  world: GroupWorld,
  { groupId, before, member, request }: Beat,
): ConsumerHeartbeatAnswer {
  const { memberId, memberEpoch, assigned } = member;
  const { heartbeatIntervalMs } = world.configs.consumerOf(groupId);
  const isFull =
    request.rebalanceTimeoutMs !== -1 &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
    request.topicPartitions !== null;
  const isTold =
    request.memberEpoch === 0 || isFull || !partitionEpochsEqual(before.assigned, assigned);
  const topicPartitions = [...assigned].map(([topicId, epochs]) => ({
    topicId,
    partitions: [...epochs.keys()].toSorted(byNumber),
  }));
  const assignment = isTold ? { topicPartitions } : null;
  return { ...emptyAnswer, memberId, memberEpoch, heartbeatIntervalMs, assignment };
}
