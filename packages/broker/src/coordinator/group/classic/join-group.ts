import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import { ClassicGroup } from "./classic-group.ts";
import { ConsumerGroup } from "../consumer/consumer-group.ts";
import { joinConsumerGroup } from "../migration/join-consumer-group.ts";
import { joinRefused, type JoinGroupAnswer, type Reply } from "./group-answers.ts";
import { newClassicGroup } from "./find-group.ts";
import { groupRecord } from "./group-record.ts";
import { GroupMember } from "./group-member.ts";
import {
  forgetGroup,
  nothing,
  type Group,
  type GroupResult,
  type GroupWorld,
} from "../group-world.ts";
import { heartbeatTimer } from "./classic-timers.ts";
import type { Join, JoinGroupRequest } from "./join-request.ts";
import {
  completeJoinIfReady,
  expireSession,
  prepareRebalance,
  rebalanceOrCompleteJoin,
  restartSession,
} from "./rebalance.ts";
import { rejoinStaticMember } from "./rejoin-static-member.ts";

/** Kafka: `classicGroupJoin`. The answer comes at once, or with the next generation. */
export function joinGroup(
  world: GroupWorld,
  request: JoinGroupRequest,
  reply: Reply<JoinGroupAnswer>,
): GroupResult {
  const { groupId, memberId } = request;
  const known = world.groups.get(groupId);
  if (known instanceof ClassicGroup) return joinKnownGroup(world, known, { request, reply });
  if (known instanceof ConsumerGroup && !known.isEmpty)
    return joinConsumerGroup(world, known, { request, reply });
  const refused = refuseNewGroup(known, memberId);
  if (refused !== errorCode.none) {
    reply(joinRefused(refused, memberId));
    return nothing;
  }
  // An empty group of another kind makes room, and leaves its offsets.
  forgetGroup(world, groupId);
  const group = newClassicGroup(world, groupId);
  // An id is of use only in a group that is there: a member that comes with another one is unknown, and asks again at once.
  let isWritten = false;
  let early: JoinGroupAnswer | undefined;
  const replyOnceWritten: Reply<JoinGroupAnswer> = (answer) => {
    if (isWritten) reply(answer);
    else early = answer;
  };
  const result = joinKnownGroup(world, group, { request, reply: replyOnceWritten });
  // Nobody is in it yet, and still it is there from now on.
  const records = result.records.length > 0 ? result.records : [emptyGroupRecord(group)];
  return {
    ...result,
    records: [...(known?.tombstones() ?? []), ...records],
    settled: (failure) => {
      result.settled?.(failure);
      if (failure === undefined) {
        isWritten = true;
        if (early !== undefined) reply(early);
        return;
      }
      forgetGroup(world, groupId);
      if (known !== undefined) world.groups.set(groupId, known);
      reply(joinRefused(world.codeOfFailure(failure), ""));
    },
  };
}

function refuseNewGroup(known: Group | undefined, memberId: string): number {
  if (known?.isEmpty === false) return errorCode.inconsistentGroupProtocol;
  return memberId === "" ? errorCode.none : errorCode.unknownMemberId;
}

function joinKnownGroup(world: GroupWorld, group: ClassicGroup, join: Join): GroupResult {
  const { request, reply } = join;
  const { memberId } = request;
  if (!hasRoomFor(world, group, memberId)) {
    group.remove(memberId);
    reply(joinRefused(errorCode.groupMaxSizeReached, ""));
    return nothing;
  }
  if (group.state === "Dead") {
    reply(joinRefused(errorCode.coordinatorNotAvailable, memberId));
    return nothing;
  }
  if (!group.supports(request.protocolType, request.protocols)) {
    reply(joinRefused(errorCode.inconsistentGroupProtocol, memberId));
    return nothing;
  }
  return memberId === "" ? joinNewMember(world, group, join) : rejoin(world, group, join);
}

/** An existing member always has; how the others are counted hangs on the phase. */
function hasRoomFor(world: GroupWorld, group: ClassicGroup, memberId: string): boolean {
  const { sizeMax } = world.configs.classic;
  const member = group.members.get(memberId);
  switch (group.state) {
    case "Empty":
    case "Dead":
      return true;
    case "PreparingRebalance":
      // Those who have joined count: the last ones to rejoin are put out of a group that is too
      // big.
      return member?.isAwaitingJoin === true || group.awaitingJoinCount < sizeMax;
    case "CompletingRebalance":
    case "Stable":
      return member !== undefined || group.members.size < sizeMax;
  }
}

function joinNewMember(world: GroupWorld, group: ClassicGroup, join: Join): GroupResult {
  const { request, reply } = join;
  const { groupInstanceId } = request;
  const newMemberId = `${groupInstanceId ?? request.clientId}-${world.random.uuid()}`;
  if (groupInstanceId !== null) {
    const oldMemberId = group.staticMemberId(groupInstanceId);
    return oldMemberId === undefined
      ? addMember(world, group, { ...join, memberId: newMemberId })
      : rejoinStaticMember(world, group, { ...join, groupInstanceId, oldMemberId, newMemberId });
  }
  if (!request.requiresKnownMemberId)
    return addMember(world, group, { ...join, memberId: newMemberId });
  group.pendingJoinMembers.add(newMemberId);
  world.timers.schedule(group.groupId, heartbeatTimer(newMemberId), {
    delayMs: request.sessionTimeoutMs,
    fire: () => expireSession(world, group, newMemberId),
  });
  reply(joinRefused(errorCode.memberIdRequired, newMemberId));
  return nothing;
}

function addMember(
  world: GroupWorld,
  group: ClassicGroup,
  { request, reply, memberId }: Join & { readonly memberId: string },
): GroupResult {
  const member = new GroupMember({ ...request, memberId });
  member.isNew = true;
  member.joinReply = reply;
  if (group.state === "PreparingRebalance" && group.previousState === "Empty")
    group.hasNewMember = true;
  group.add(member);
  // It has no id to send heartbeats with, and a client that went away is not seen while its join
  // waits; so that such ones do not pile up, a first join has its own timeout.
  restartSession(world, group, member, world.configs.classic.newMemberJoinTimeoutMs);
  return rebalanceOrCompleteJoin(world, group);
}

function rejoin(world: GroupWorld, group: ClassicGroup, join: Join): GroupResult {
  const { request, reply } = join;
  const { memberId } = request;
  if (group.pendingJoinMembers.has(memberId)) return addMember(world, group, { ...join, memberId });
  const refused = group.refuseMember(memberId, request.groupInstanceId);
  if (refused !== errorCode.none) {
    reply(joinRefused(refused, memberId));
    return nothing;
  }
  const member = group.member(memberId);
  const hasSameProtocols = member.hasSameProtocols(request.protocols);
  switch (group.state) {
    case "PreparingRebalance":
      updateMember(member, join);
      return completeJoinIfReady(world, group);
    case "CompletingRebalance":
      // The answer to its join was lost.
      if (hasSameProtocols) break;
      updateMember(member, join);
      return prepareRebalance(world, group);
    case "Stable":
      // A leader joins to have a new assignment, such as after a change of topics.
      if (hasSameProtocols && !group.isLeader(memberId)) break;
      updateMember(member, join);
      return prepareRebalance(world, group);
    default:
      reply(joinRefused(errorCode.unknownMemberId, memberId));
      return nothing;
  }
  reply(currentGeneration(group, memberId));
  return nothing;
}

export function updateMember(member: GroupMember, { request, reply }: Join): void {
  member.protocols = request.protocols;
  member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
  member.sessionTimeoutMs = request.sessionTimeoutMs;
  member.joinReply = reply;
}

/** The answer to a member that has no reason for a new generation. */
export function currentGeneration(group: ClassicGroup, memberId: string): JoinGroupAnswer {
  const isLeader = group.isLeader(memberId) && group.state === "CompletingRebalance";
  return {
    errorCode: errorCode.none,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? "",
    skipAssignment: false,
    memberId,
    members: isLeader ? group.joinedMembers() : [],
  };
}

function emptyGroupRecord(group: ClassicGroup): CoordinatorRecord {
  return groupRecord(group.groupId, {
    protocolType: "",
    generation: 0,
    protocol: null,
    leader: null,
    currentStateTimestamp: group.stateTimestamp,
    members: [],
  });
}
