import type { ShareGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { GroupResult, GroupWorld } from "../group-world.ts";
import { isLookedAt } from "../topics-hash.ts";
import { byText, partitionSetsEqual, type PartitionSets } from "../partition-sets.ts";
import { GroupRefusal } from "../refusal.ts";
import { removeMember, restartSession, shareGroupOf, shareMemberOf } from "./leave-share-group.ts";
import { ShareGroup, shareGroup } from "./share-group.ts";
import { newShareMember, type ShareMember } from "./share-member.ts";
import {
  currentRecord,
  epochRecord,
  memberRecord,
  type TopicPartitions,
  topicPartitions,
} from "./share-records.ts";
import {
  begin,
  type StateTopic,
  statePartitionsRecord,
  uninitialized,
} from "./state-partitions.ts";
import { assign, isAssignmentPending } from "./target-assignment.ts";

export interface ShareClient {
  readonly clientId: string;
  readonly clientHost: string;
  /** As Kafka writes it, such as `User:ann`. */
  readonly principal: string;
}

/** What a member is told. */
export interface ShareHeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

/** What the share coordinator is to begin with. */
export interface StateToBegin {
  readonly stateEpoch: number;
  readonly topics: ReadonlyMap<string, StateTopic>;
}

export interface ShareHeartbeatOutcome {
  readonly answer: ShareHeartbeatAnswer;
  readonly toBegin: StateToBegin | undefined;
}

const leaveEpoch = -1;

/**
 * A member joins (epoch 0), stays, or leaves (-1) (Kafka: `GroupMetadataManager.shareGroupHeartbeat`).
 *
 * @throws GroupRefusal
 */
export function shareHeartbeat(
  world: GroupWorld,
  request: ShareGroupHeartbeatRequest,
  client: ShareClient,
): GroupResult<ShareHeartbeatOutcome> {
  return request.memberEpoch === leaveEpoch ? leave(world, request) : stay(world, request, client);
}

export function refusedShareHeartbeat(
  code: number,
  errorMessage: string | null = null,
): ShareHeartbeatAnswer {
  return {
    errorCode: code,
    errorMessage,
    memberId: null,
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

function leave(
  world: GroupWorld,
  { groupId, memberId, memberEpoch }: ShareGroupHeartbeatRequest,
): GroupResult<ShareHeartbeatOutcome> {
  const group = shareGroupOf(world, groupId);
  const member = shareMemberOf(group, memberId);
  const answer = { ...refusedShareHeartbeat(errorCode.none), memberId, memberEpoch };
  return { ...removeMember(world, group, member), response: { answer, toBegin: undefined } };
}

function stay(
  world: GroupWorld,
  request: ShareGroupHeartbeatRequest,
  client: ShareClient,
): GroupResult<ShareHeartbeatOutcome> {
  const { groupId, memberId } = request;
  const isJoining = request.memberEpoch === 0;
  const group = joinedGroup(world, groupId, isJoining);
  const { sizeMax, heartbeatIntervalMs } = world.configs.shareOf(groupId);
  if (group.members.size >= sizeMax && !group.members.has(memberId))
    throw new GroupRefusal(
      errorCode.groupMaxSizeReached,
      `The share group has reached its maximum capacity of ${sizeMax} members.`,
    );
  const before = isJoining
    ? (group.members.get(memberId) ?? newShareMember(memberId))
    : shareMemberOf(group, memberId);
  checkEpoch(before, request.memberEpoch);
  const told = { ...before, metadata: toldMetadata(before, request, client) };
  world.names.take(
    { groupId, memberId, principal: client.principal },
    group.nameCountOf(memberId),
    told.metadata.subscribedTopicNames.length,
  );
  const records: CoordinatorRecord[] = [];
  const step = advance(world, { group, before, told, records });
  const member = reconcile(groupId, { ...step, told, records });
  restartSession(world, groupId, memberId);
  const isTold =
    isJoining ||
    request.subscribedTopicNames !== null ||
    !partitionSetsEqual(before.assigned, member.assigned);
  const answer = {
    errorCode: errorCode.none,
    errorMessage: null,
    memberId,
    memberEpoch: member.memberEpoch,
    heartbeatIntervalMs,
    assignment: isTold ? { topicPartitions: topicPartitions(member.assigned) } : null,
  };
  return { records, response: { answer, toBegin: beginStates(world, group, step, records) } };
}

/** @throws GroupRefusal */
function joinedGroup(world: GroupWorld, groupId: string, isJoining: boolean): ShareGroup {
  const known = world.groups.get(groupId);
  if (known === undefined && !isJoining)
    throw new GroupRefusal(errorCode.groupIdNotFound, `Share group ${groupId} not found.`);
  if (known !== undefined && !(known instanceof ShareGroup))
    throw new GroupRefusal(errorCode.groupIdNotFound, `Group ${groupId} is not a share group.`);
  return shareGroup(world, groupId) ?? new ShareGroup(groupId);
}

/** @throws GroupRefusal */
function checkEpoch(member: ShareMember, memberEpoch: number): void {
  if (memberEpoch === 0 || memberEpoch === member.memberEpoch) return;
  const known = `than the one known by the group coordinator (${member.memberEpoch})`;
  const remedy = "The member must abandon all its partitions and rejoin.";
  if (memberEpoch > member.memberEpoch)
    throw new GroupRefusal(
      errorCode.fencedMemberEpoch,
      `The share group member has a greater member epoch (${memberEpoch}) ${known}. ${remedy}`,
    );
  if (memberEpoch !== member.previousMemberEpoch)
    throw new GroupRefusal(
      errorCode.fencedMemberEpoch,
      `The share group member has a smaller member epoch (${memberEpoch}) ${known}, and it does not match the previous member epoch (${member.previousMemberEpoch}). ${remedy}`,
    );
}

function toldMetadata(
  { metadata }: ShareMember,
  { rackId, subscribedTopicNames }: ShareGroupHeartbeatRequest,
  { clientId, clientHost }: ShareClient,
): ShareMember["metadata"] {
  return {
    rackId: rackId ?? metadata.rackId,
    clientId,
    clientHost,
    subscribedTopicNames:
      subscribedTopicNames === null
        ? metadata.subscribedTopicNames
        : [...new Set(subscribedTopicNames)].toSorted(byText),
  };
}

/** Where a group stands after a heartbeat. */
interface GroupStep {
  readonly isChanged: boolean;
  readonly groupEpoch: number;
  readonly names: Iterable<string>;
  readonly targetEpoch: number;
  readonly target: PartitionSets;
  /** Ids of topics that the member reads. */
  readonly topicIds: ReadonlySet<string>;
}

interface Advance {
  readonly group: ShareGroup;
  readonly before: ShareMember;
  readonly told: ShareMember;
  readonly records: CoordinatorRecord[];
}

/**
 * A group goes on to its next epoch when a subscription or a topic has changed, or partitions can be given out that
 * could not before.
 */
function advance(world: GroupWorld, { group, before, told, records }: Advance): GroupStep {
  const { groupId } = group;
  const { topics } = world;
  const isNew = !group.members.has(told.memberId);
  const haveNamesChanged = !namesEqual(told, before);
  const { rackId, clientId, clientHost } = before.metadata;
  const isSame =
    told.metadata.rackId === rackId &&
    told.metadata.clientId === clientId &&
    told.metadata.clientHost === clientHost;
  if (isNew || haveNamesChanged || !isSame) records.push(memberRecord(groupId, told));
  let isChanged = haveNamesChanged;
  if (group.assignmentEpoch >= group.groupEpoch && isAssignmentPending(group)) isChanged = true;
  let { groupEpoch } = group;
  let names = group.subscribedTopics();
  if (isChanged || !isLookedAt(group, topics)) {
    names = group.subscribedTopics(told);
    const hash = names.hash(topics);
    if (hash !== group.metadataHash) isChanged = true;
    if (isChanged) records.push(epochRecord(groupId, ++groupEpoch, hash));
    group.lookedAt = { version: topics.appliedOffset, hash };
  }
  const topicIds = new Set(group.topicIdsOf(told, topics));
  const assigned = assign(world, { group, told, groupEpoch, records });
  return { isChanged, groupEpoch, names, topicIds, ...assigned };
}

function namesEqual(left: ShareMember, right: ShareMember): boolean {
  const [one, other] = [left.metadata.subscribedTopicNames, right.metadata.subscribedTopicNames];
  if (one === other) return true;
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** A member has its target at once: partitions may have several members. */
function reconcile(
  groupId: string,
  step: GroupStep & Pick<Advance, "told" | "records">,
): ShareMember {
  const { told, isChanged, targetEpoch, target, topicIds, records } = step;
  const isNext = targetEpoch !== told.memberEpoch;
  if (!isNext && !isChanged) return told;
  const assigned = new Map([...target].filter(([topicId]) => topicIds.has(topicId)));
  if (!isNext && partitionSetsEqual(assigned, told.assigned)) return told;
  const epochs = isNext
    ? { memberEpoch: targetEpoch, previousMemberEpoch: told.memberEpoch }
    : undefined;
  const member = { ...told, ...epochs, assigned };
  records.push(currentRecord(groupId, member));
  return member;
}

/** Partitions are given out once the share coordinator knows them. */
function beginStates(
  world: GroupWorld,
  group: ShareGroup,
  { names, groupEpoch }: GroupStep,
  records: CoordinatorRecord[],
): StateToBegin | undefined {
  const { groupId, state } = group;
  const { topics, clock, configs } = world;
  const topicsToBegin = uninitialized(state, names, {
    topics,
    nowMs: clock.wallMs(),
    retryMs: configs.shareOf(groupId).initializeRetryIntervalMs,
  });
  if (topicsToBegin.size === 0) return undefined;
  records.push(statePartitionsRecord(groupId, begin(state, topicsToBegin), topics));
  return { stateEpoch: groupEpoch, topics: topicsToBegin };
}
