import { invariant, noBytes } from "@millrace/model";
import { errorCode } from "../../error-code.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { joinRefused } from "./group-answers.ts";
import type { GroupMember } from "./group-member.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { heartbeatTimer, joinTimer, syncTimer } from "./classic-timers.ts";
import { snapshotRecord } from "./snapshot-group.ts";

/*
 * The phases of a rebalance, and what ends them:
 *
 *     prepareRebalance ── everybody joined, or the longest rebalance timeout, ──▶ completeJoin
 *                         or the initial delay of an empty group
 *     completeJoin     ── the leader's sync is durable ──▶ Stable
 *                         who has not synced in the rebalance timeout is out ──▶ prepareRebalance
 *
 * A static member that does not join stays a member until its session times out.
 */

/** After a change of members or of what they offer. */
export function rebalanceOrCompleteJoin(world: GroupWorld, group: ClassicGroup): GroupResult {
  return group.canRebalance ? prepareRebalance(world, group) : completeJoinIfReady(world, group);
}

export function prepareRebalance(world: GroupWorld, group: ClassicGroup): GroupResult {
  if (group.state === "CompletingRebalance")
    propagateAssignment(world, group, { code: errorCode.rebalanceInProgress });
  group.pendingSyncMembers.clear();
  world.timers.cancel(group.groupId, syncTimer);
  const isInitial = group.state === "Empty";
  if (isInitial) {
    const delayMs = world.configs.classic.initialRebalanceDelayMs;
    const remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0);
    scheduleInitialJoin(world, group, { delayMs, remainingMs });
  }
  group.transitionTo("PreparingRebalance", world.clock.wallMs());
  if (isInitial) return nothing;
  if (group.hasAllMembersJoined) return completeJoin(world, group);
  scheduleJoin(world, group);
  return nothing;
}

/** In a rebalance that is not the initial one, once the last member has joined. */
export function completeJoinIfReady(world: GroupWorld, group: ClassicGroup): GroupResult {
  const isReady =
    group.state === "PreparingRebalance" &&
    group.previousState !== "Empty" &&
    group.hasAllMembersJoined;
  return isReady ? completeJoin(world, group) : nothing;
}

/** Ends the phase of joining: who has not joined is out, the others learn of the new generation. */
export function completeJoin(world: GroupWorld, group: ClassicGroup): GroupResult {
  world.timers.cancel(group.groupId, joinTimer);
  for (const member of group.members.values()) {
    if (member.isAwaitingJoin || member.isStatic) continue;
    group.remove(member.memberId);
    world.timers.cancel(group.groupId, heartbeatTimer(member.memberId));
  }
  if (group.state === "Dead") return nothing;
  if (group.members.size > 0 && !group.electLeader()) {
    // Static members alone, none of which joined: their sessions will end, or they will come.
    scheduleJoin(world, group);
    return nothing;
  }
  group.initNextGeneration(world.clock.wallMs());
  if (group.state === "Empty") return { records: [snapshotRecord(group)], response: undefined };
  answerJoins(world, group);
  world.timers.schedule(group.groupId, syncTimer, {
    delayMs: group.rebalanceTimeoutMs,
    fire: () => expireSync(world, group),
  });
  return nothing;
}

/** The session of a member runs from now on; it ends unless something is heard of it. */
export function restartSession(
  world: GroupWorld,
  group: ClassicGroup,
  member: GroupMember,
  timeoutMs: number = member.sessionTimeoutMs,
): void {
  world.timers.schedule(group.groupId, heartbeatTimer(member.memberId), {
    delayMs: timeoutMs,
    fire: () => expireSession(world, group, member.memberId),
  });
}

/** A member that commits is heard of. */
export function keepSession(world: GroupWorld, group: ClassicGroup, memberId: string): void {
  const member = group.members.get(memberId);
  const isKept = group.state === "Stable" || group.state === "PreparingRebalance";
  if (isKept && member !== undefined) restartSession(world, group, member);
}

/** The session of a member, or of an id that was handed out and never used, has ended. */
export function expireSession(
  world: GroupWorld,
  group: ClassicGroup,
  memberId: string,
): GroupResult {
  if (!isCurrent(world, group)) return nothing;
  if (group.pendingJoinMembers.has(memberId)) {
    group.remove(memberId);
    return completeJoinOfRest(world, group);
  }
  const member = group.members.get(memberId);
  if (member === undefined || member.hasSatisfiedHeartbeat) return nothing;
  removeMember(world, group, member);
  if (group.state === "Stable" || group.state === "CompletingRebalance")
    return rebalanceOrCompleteJoin(world, group);
  return completeJoinOfRest(world, group);
}

/** Takes a member out; a join of it that waits is told so. */
export function removeMember(world: GroupWorld, group: ClassicGroup, member: GroupMember): void {
  world.timers.cancel(group.groupId, heartbeatTimer(member.memberId));
  member.completeJoin(joinRefused(errorCode.unknownMemberId, ""));
  group.remove(member.memberId);
}

/** Gives every member its assignment, or an error in its place. */
export function propagateAssignment(
  world: GroupWorld,
  group: ClassicGroup,
  outcome: { readonly code: number; readonly assignments?: ReadonlyMap<string, Uint8Array> },
): void {
  invariant(group.state === "CompletingRebalance", "GROUP-5", group.state);
  const isGood = outcome.code === errorCode.none;
  for (const member of group.members.values()) {
    // Without a new one it may still have what it had.
    if (isGood) member.assignment = outcome.assignments?.get(member.memberId) ?? noBytes;
    const wasWaiting = member.completeSync({
      errorCode: outcome.code,
      protocolType: isGood ? group.protocolType : null,
      protocolName: isGood ? group.protocolName : null,
      assignment: isGood ? member.assignment : noBytes,
    });
    // While it waited its session could not end, so nothing would end it from now on.
    if (wasWaiting) restartSession(world, group, member);
  }
}

function completeJoinOfRest(world: GroupWorld, group: ClassicGroup): GroupResult {
  return group.state === "PreparingRebalance" && group.hasAllMembersJoined
    ? completeJoin(world, group)
    : nothing;
}

function answerJoins(world: GroupWorld, group: ClassicGroup): void {
  const members = group.joinedMembers();
  for (const member of group.members.values()) {
    member.completeJoin({
      errorCode: errorCode.none,
      generationId: group.generationId,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      leader: group.leaderId ?? "",
      skipAssignment: false,
      memberId: member.memberId,
      members: group.isLeader(member.memberId) ? members : [],
    });
    restartSession(world, group, member);
    member.isNew = false;
    group.pendingSyncMembers.add(member.memberId);
  }
}

function scheduleJoin(world: GroupWorld, group: ClassicGroup): void {
  world.timers.schedule(group.groupId, joinTimer, {
    delayMs: group.rebalanceTimeoutMs,
    fire: () => (isCurrent(world, group) ? completeJoin(world, group) : nothing),
  });
}

/** An empty group waits a little, so that members which start together need one rebalance. */
function scheduleInitialJoin(
  world: GroupWorld,
  group: ClassicGroup,
  wait: { readonly delayMs: number; readonly remainingMs: number },
): void {
  const fire = () => {
    if (!isCurrent(world, group)) return nothing;
    if (!group.hasNewMember || wait.remainingMs === 0) return completeJoin(world, group);
    group.hasNewMember = false;
    scheduleInitialJoin(world, group, {
      delayMs: Math.min(world.configs.classic.initialRebalanceDelayMs, wait.remainingMs),
      remainingMs: Math.max(wait.remainingMs - wait.delayMs, 0),
    });
    return nothing;
  };
  world.timers.schedule(group.groupId, joinTimer, { delayMs: wait.delayMs, fire });
}

function expireSync(world: GroupWorld, group: ClassicGroup): GroupResult {
  const isAwaited = group.state === "CompletingRebalance" || group.state === "Stable";
  if (!isCurrent(world, group) || !isAwaited || group.pendingSyncMembers.size === 0) return nothing;
  for (const memberId of group.pendingSyncMembers) {
    group.remove(memberId);
    world.timers.cancel(group.groupId, heartbeatTimer(memberId));
  }
  return prepareRebalance(world, group);
}

/** False: the group was deleted, and perhaps made anew, while a timer of the old one ran. */
function isCurrent(world: GroupWorld, group: ClassicGroup): boolean {
  return world.groups.get(group.groupId) === group;
}
