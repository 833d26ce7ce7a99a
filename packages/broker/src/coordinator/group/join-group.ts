import { errorCode } from "../error-code.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { joinRefused, type JoinGroupAnswer, type Reply } from "./group-answers.ts";
import { GroupMember } from "./group-member.ts";
import type { GroupRecord } from "./group-record.ts";
import {
  groupOrNew,
  heartbeatTimer,
  nothing,
  type GroupResult,
  type GroupWorld,
} from "./group-world.ts";
import type { Join, JoinGroupRequest } from "./join-request.ts";
import {
  completeJoinIfReady,
  expireSession,
  prepareRebalance,
  rebalanceOrCompleteJoin,
  restartSession,
} from "./rebalance.ts";
import { rejoinStaticMember } from "./rejoin-static-member.ts";
import { groupTombstones } from "./streams/streams-records.ts";

/** Kafka: `classicGroupJoin`. The answer comes at once, or with the next generation. */
export function joinGroup(
  world: GroupWorld,
  request: JoinGroupRequest,
  reply: Reply<JoinGroupAnswer>,
): GroupResult {
  const { groupId, memberId } = request;
  const streamsGroup = world.streams.groups.get(groupId);
  if (streamsGroup === undefined) return joinClassicGroup(world, request, reply);
  if (streamsGroup.members.size > 0) {
    reply(joinRefused(errorCode.inconsistentGroupProtocol, memberId));
    return nothing;
  }
  // An empty group of streams makes room for a classic one, and leaves it its offsets.
  const result = joinClassicGroup(world, request, reply);
  return { ...result, records: [...groupTombstones(groupId), ...result.records] };
}

function joinClassicGroup(
  world: GroupWorld,
  request: JoinGroupRequest,
  reply: Reply<JoinGroupAnswer>,
): GroupResult {
  const { groupId, memberId } = request;
  const isNewGroup = !world.groups.has(groupId);
  if (isNewGroup && memberId !== "") {
    reply(joinRefused(errorCode.unknownMemberId, memberId));
    return nothing;
  }
  const group = groupOrNew(world, groupId);
  const result = joinKnownGroup(world, group, { request, reply });
  if (!isNewGroup || result.records.length > 0) return result;
  return {
    // Nobody is in it yet, and still it is there from now on.
    records: [emptyGroupRecord(group)],
    response: undefined,
    settled: (failure) => {
      if (failure === undefined) return;
      world.groups.delete(groupId);
      reply(joinRefused(world.codeOfFailure(failure), ""));
    },
  };
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
  const { sizeMax } = world.config;
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
  world.timers.schedule(heartbeatTimer(group.groupId, newMemberId), request.sessionTimeoutMs, () =>
    expireSession(world, group, newMemberId),
  );
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
  restartSession(world, group, member, world.config.newMemberJoinTimeoutMs);
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

function emptyGroupRecord(group: ClassicGroup): GroupRecord {
  return {
    kind: "group",
    groupId: group.groupId,
    snapshot: {
      protocolType: "",
      generation: 0,
      protocol: null,
      leader: null,
      currentStateTimestamp: group.stateTimestamp,
      members: [],
    },
  };
}
