import { errorCode } from "../../error-code.ts";
import { StreamsGroupRefusal } from "./refusal.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMember } from "./streams-member.ts";
import { epochRecord, memberTombstones } from "./streams-records.ts";
import {
  rebalanceTimer,
  sessionTimer,
  type StreamsResult,
  type StreamsWorld,
} from "./streams-world.ts";

/** @throws StreamsGroupRefusal */
export function groupOf(
  world: StreamsWorld,
  groupId: string,
  unknown = `Group ${groupId} not found.`,
): StreamsGroup {
  const group = world.groups.get(groupId);
  if (group === undefined) throw new StreamsGroupRefusal(errorCode.groupIdNotFound, unknown);
  return group;
}

/** @throws StreamsGroupRefusal */
export function memberOf(group: StreamsGroup, memberId: string): StreamsMember {
  const member = group.members.get(memberId);
  if (member === undefined)
    throw new StreamsGroupRefusal(
      errorCode.unknownMemberId,
      `Member ${memberId} is not a member of group ${group.groupId}.`,
    );
  return member;
}

/** A member leaves, or is put out: its tasks are free, and the group goes on to the next epoch. */
export function removeMember(
  world: StreamsWorld,
  group: StreamsGroup,
  memberId: string,
): StreamsResult {
  const { groupId } = group;
  world.timers.cancel(sessionTimer(groupId, memberId));
  world.timers.cancel(rebalanceTimer(groupId, memberId));
  const { metadataHash, validatedTopologyEpoch, standbyReplicas } = group;
  const next = { metadataHash, validatedTopologyEpoch, standbyReplicas };
  return {
    records: [
      ...memberTombstones(groupId, memberId),
      epochRecord(group, { ...next, groupEpoch: group.groupEpoch + 1 }),
    ],
    response: undefined,
  };
}

const nothing: StreamsResult = { records: [], response: undefined };

/** A member that is not heard of for its session is put out. */
export function restartSession(world: StreamsWorld, groupId: string, memberId: string): void {
  const { sessionTimeoutMs } = world.configOf(groupId);
  world.timers.schedule(sessionTimer(groupId, memberId), sessionTimeoutMs, () => {
    const group = world.groups.get(groupId);
    return group?.members.has(memberId) === true ? removeMember(world, group, memberId) : nothing;
  });
}

/** A member that does not let go in time is put out. */
export function startRevocation(
  world: StreamsWorld,
  groupId: string,
  { memberId, memberEpoch, metadata }: StreamsMember,
): void {
  world.timers.schedule(rebalanceTimer(groupId, memberId), metadata.rebalanceTimeoutMs, () => {
    const group = world.groups.get(groupId);
    return group?.members.get(memberId)?.memberEpoch === memberEpoch
      ? removeMember(world, group, memberId)
      : nothing;
  });
}
