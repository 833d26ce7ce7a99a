import { errorCode } from "../../error-code.ts";
import { GroupRefusal } from "../refusal.ts";
import { type StreamsGroup, streamsGroup } from "./streams-group.ts";
import { memberState, type StreamsMember } from "./streams-member.ts";
import { epochRecord, memberTombstones } from "./streams-records.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { rebalanceTimer, sessionTimer } from "./streams-timers.ts";

/** @throws GroupRefusal */
export function groupOf(
  world: GroupWorld,
  groupId: string,
  unknown = `Group ${groupId} not found.`,
): StreamsGroup {
  const group = streamsGroup(world, groupId);
  if (group === undefined) throw new GroupRefusal(errorCode.groupIdNotFound, unknown);
  return group;
}

/** @throws GroupRefusal */
export function memberOf(group: StreamsGroup, memberId: string): StreamsMember {
  const member = group.members.get(memberId);
  if (member === undefined)
    throw new GroupRefusal(
      errorCode.unknownMemberId,
      `Member ${memberId} is not a member of group ${group.groupId}.`,
    );
  return member;
}

/**
 * A member leaves, or is put out: its tasks are free, and the group goes on to the next epoch. Where the log takes nothing
 * (a full disk) it stays a member, and has another session: else nobody would ever get its tasks.
 */
export function removeMember(
  world: GroupWorld,
  group: StreamsGroup,
  memberId: string,
): GroupResult {
  const { groupId } = group;
  world.timers.cancel(groupId, sessionTimer(memberId));
  world.timers.cancel(groupId, rebalanceTimer(memberId));
  const { metadataHash, validatedTopologyEpoch, standbyReplicas } = group;
  const next = { metadataHash, validatedTopologyEpoch, standbyReplicas };
  return {
    records: [
      ...memberTombstones(groupId, memberId),
      epochRecord(groupId, { ...next, groupEpoch: group.groupEpoch + 1 }),
    ],
    response: undefined,
    settled: (failure) => {
      const kept = group.members.get(memberId);
      if (failure === undefined || kept === undefined) return;
      restartSession(world, groupId, memberId);
      if (kept.state === memberState.unrevoked) startRevocation(world, groupId, kept);
    },
  };
}

/** A member that is not heard of for its session is put out. */
export function restartSession(world: GroupWorld, groupId: string, memberId: string): void {
  const fire = (): GroupResult => {
    const group = streamsGroup(world, groupId);
    return group?.members.has(memberId) === true ? removeMember(world, group, memberId) : nothing;
  };
  const delayMs = world.configs.streamsOf(groupId).sessionTimeoutMs;
  world.timers.schedule(groupId, sessionTimer(memberId), { delayMs, fire });
}

/** A member that does not let go in time is put out. */
export function startRevocation(
  world: GroupWorld,
  groupId: string,
  { memberId, memberEpoch, metadata }: StreamsMember,
): void {
  const fire = (): GroupResult => {
    const group = streamsGroup(world, groupId);
    return group?.members.get(memberId)?.memberEpoch === memberEpoch
      ? removeMember(world, group, memberId)
      : nothing;
  };
  const delayMs = metadata.rebalanceTimeoutMs;
  world.timers.schedule(groupId, rebalanceTimer(memberId), { delayMs, fire });
}
