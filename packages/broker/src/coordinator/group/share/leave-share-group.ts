import { errorCode } from "../../error-code.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { GroupRefusal } from "../refusal.ts";
import { type ShareGroup, shareGroup } from "./share-group.ts";
import { newShareMember, type ShareMember } from "./share-member.ts";
import { epochRecord, memberTombstones } from "./share-records.ts";

/** @throws GroupRefusal */
export function shareGroupOf(world: GroupWorld, groupId: string): ShareGroup {
  const group = shareGroup(world, groupId);
  if (group !== undefined) return group;
  const why = world.groups.has(groupId) ? "is not a share group" : "not found";
  throw new GroupRefusal(errorCode.groupIdNotFound, `Group ${groupId} ${why}.`);
}

/** @throws GroupRefusal */
export function shareMemberOf(group: ShareGroup, memberId: string): ShareMember {
  const member = group.members.get(memberId);
  if (member === undefined)
    throw new GroupRefusal(
      errorCode.unknownMemberId,
      `Member ${memberId} is not a member of group ${group.groupId}.`,
    );
  return member;
}

/**
 * A member leaves, or is put out: the group goes on to the next epoch. Where the log takes nothing (a full disk) it stays a
 * member, and has another session.
 */
export function removeMember(
  world: GroupWorld,
  group: ShareGroup,
  { memberId }: ShareMember,
): GroupResult {
  const { groupId } = group;
  world.timers.cancel(groupId, sessionTimer(memberId));
  const names = group.subscribedTopics(newShareMember(memberId));
  return {
    records: [
      ...memberTombstones(groupId, memberId),
      epochRecord(groupId, group.groupEpoch + 1, names.hash(world.topics)),
    ],
    response: undefined,
    settled: (failure) => {
      const isKept = shareGroup(world, groupId)?.members.has(memberId) === true;
      if (failure !== undefined && isKept) restartSession(world, groupId, memberId);
    },
  };
}

/** A member that is not heard of for its session is put out. */
export function restartSession(world: GroupWorld, groupId: string, memberId: string): void {
  const fire = (): GroupResult => {
    const group = shareGroup(world, groupId);
    const member = group?.members.get(memberId);
    return group === undefined || member === undefined
      ? nothing
      : removeMember(world, group, member);
  };
  const delayMs = world.configs.shareOf(groupId).sessionTimeoutMs;
  world.timers.schedule(groupId, sessionTimer(memberId), { delayMs, fire });
}

/** The group was read from the log: its members have a session's length to be heard of. */
export function resumeShareGroup(world: GroupWorld, { groupId, members }: ShareGroup): void {
  for (const memberId of members.keys()) restartSession(world, groupId, memberId);
}

function sessionTimer(memberId: string): string {
  return `session ${memberId}`;
}
