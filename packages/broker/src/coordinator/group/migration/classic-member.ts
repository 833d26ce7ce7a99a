import { errorCode } from "../../error-code.ts";
import type {
  HeartbeatRequest,
  LeavingMember,
  SyncGroupRequest,
} from "../classic/classic-requests.ts";
import type { ConsumerGroup } from "../consumer/consumer-group.ts";
import {
  type ConsumerMember,
  memberState,
  usesClassicProtocol,
} from "../consumer/consumer-member.ts";
import { joinTimer, syncTimer } from "../consumer/consumer-timers.ts";
import { putOut, removeMembers, restartSession } from "../consumer/leave-consumer-group.ts";
import { memberOf, staticMemberOf } from "../consumer/member-checks.ts";
import { syncRefused, type Reply, type SyncGroupAnswer } from "../classic/group-answers.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { GroupRefusal } from "../refusal.ts";
import { consumerProtocolType } from "../classic/subscribed-topics.ts";
import { assignmentBytes } from "./consumer-bytes.ts";

/* Members of a consumer group that speak the classic protocol: what becomes of their requests. */

/** It was told to join again, and has done so: it has to sync now. */
export function awaitSync(
  world: GroupWorld,
  groupId: string,
  member: { readonly memberId: string; readonly sessionTimeoutMs: number; readonly waitMs: number },
): void {
  const { memberId, sessionTimeoutMs, waitMs } = member;
  world.timers.cancel(groupId, joinTimer(memberId));
  restartSession(world, groupId, memberId, sessionTimeoutMs);
  putOutAfter(world, groupId, { memberId, waitMs, timer: syncTimer(memberId) });
}

/** Gives its assignment, which the broker has made. */
export function syncConsumerGroup(
  world: GroupWorld,
  group: ConsumerGroup,
  {
    request,
    reply,
  }: { readonly request: SyncGroupRequest; readonly reply: Reply<SyncGroupAnswer> },
): GroupResult {
  const { groupId } = group;
  const checked = refusalOf(() => checkSync(world, group, request));
  if (typeof checked === "number") {
    reply(syncRefused(checked));
    return nothing;
  }
  const { protocolType, protocolName } = request;
  const classic = checked.metadata.classicMemberMetadata;
  return {
    records: [],
    response: undefined,
    settled: (failure) => {
      if (failure !== undefined) return reply(syncRefused(world.codeOfFailure(failure)));
      world.timers.cancel(groupId, syncTimer(checked.memberId));
      restartSession(world, groupId, checked.memberId, classic?.sessionTimeoutMs);
      const subscription = classic?.supportedProtocols[0].metadata ?? new Uint8Array(2);
      const assignment = assignmentBytes(world, checked.assigned, subscription);
      reply({ errorCode: errorCode.none, protocolType, protocolName, assignment });
    },
  };
}

/** Gives an error code: REBALANCE_IN_PROGRESS tells the member to join again. */
export function heartbeatInConsumerGroup(
  world: GroupWorld,
  group: ConsumerGroup,
  request: HeartbeatRequest,
): number {
  const member = refusalOf(() => classicMemberOf(group, request));
  if (typeof member === "number") return member;
  const { memberId, metadata, memberEpoch, state } = member;
  restartSession(world, group.groupId, memberId, metadata.classicMemberMetadata?.sessionTimeoutMs);
  const mustJoin =
    memberEpoch < group.assignmentEpoch ||
    state === memberState.unrevoked ||
    (state === memberState.unreleased && !isWaiting(group, member));
  if (!mustJoin) return errorCode.none;
  awaitJoin(world, group.groupId, member);
  return errorCode.rebalanceInProgress;
}

/** An error code per member. */
export function leaveConsumerGroup(
  world: GroupWorld,
  group: ConsumerGroup,
  leaving: readonly LeavingMember[],
): GroupResult<readonly number[]> {
  const gone = new Set<ConsumerMember>();
  const response = leaving.map(({ memberId, groupInstanceId }) => {
    const member = refusalOf(() => {
      if (groupInstanceId === null) return memberOf(group, memberId);
      const seated = group.staticMember(groupInstanceId);
      // An administrator names the seat alone.
      const id = memberId === "" ? (seated?.memberId ?? "") : memberId;
      return staticMemberOf(group, id, groupInstanceId);
    });
    if (typeof member === "number") return member;
    gone.add(member);
    return errorCode.none;
  });
  return { ...removeMembers(world, group, [...gone]), response };
}

type Named = Pick<HeartbeatRequest, "memberId" | "groupInstanceId" | "generationId">;

/** @throws GroupRefusal */
function classicMemberOf(
  group: ConsumerGroup,
  { memberId, groupInstanceId, generationId }: Named,
): ConsumerMember {
  const member =
    groupInstanceId === null
      ? memberOf(group, memberId)
      : staticMemberOf(group, memberId, groupInstanceId);
  if (!usesClassicProtocol(member)) throw new GroupRefusal(errorCode.unknownMemberId, "");
  if (member.memberEpoch !== generationId) throw new GroupRefusal(errorCode.illegalGeneration, "");
  return member;
}

/** @throws GroupRefusal */
function checkSync(
  world: GroupWorld,
  group: ConsumerGroup,
  request: SyncGroupRequest,
): ConsumerMember {
  const member = classicMemberOf(group, request);
  const ownName = member.metadata.classicMemberMetadata?.supportedProtocols[0].name;
  const { protocolType, protocolName } = request;
  if (
    (protocolType !== null && protocolType !== consumerProtocolType) ||
    (protocolName !== null && protocolName !== ownName)
  )
    throw new GroupRefusal(errorCode.inconsistentGroupProtocol, "");
  if (group.assignmentEpoch <= member.memberEpoch || member.state === memberState.unrevoked)
    return member;
  awaitJoin(world, group.groupId, member);
  throw new GroupRefusal(errorCode.rebalanceInProgress, "");
}

/** Something of its target is with another member still. */
function isWaiting(group: ConsumerGroup, member: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.targetOf(member))
    for (const partition of partitions) {
      const isGiven = member.assigned.get(topicId)?.has(partition) === true;
      if (!isGiven && group.isOwned(topicId, partition)) return true;
    }
  return false;
}

function awaitJoin(
  world: GroupWorld,
  groupId: string,
  { memberId, metadata }: ConsumerMember,
): void {
  const timer = joinTimer(memberId);
  if (world.timers.isScheduled(groupId, timer)) return;
  putOutAfter(world, groupId, { memberId, waitMs: metadata.rebalanceTimeoutMs, timer });
}

function putOutAfter(
  world: GroupWorld,
  groupId: string,
  {
    memberId,
    waitMs,
    timer,
  }: { readonly memberId: string; readonly waitMs: number; readonly timer: string },
): void {
  const fire = (): GroupResult => putOut(world, groupId, memberId);
  world.timers.schedule(groupId, timer, { delayMs: waitMs, fire });
}

function refusalOf<Value>(check: () => Value): Value | number {
  try {
    return check();
  } catch (error) {
    if (error instanceof GroupRefusal) return error.errorCode;
    throw error;
  }
}
