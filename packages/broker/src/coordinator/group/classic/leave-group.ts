import { errorCode } from "../../error-code.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { LeavingMember } from "./classic-requests.ts";
import { ConsumerGroup } from "../consumer/consumer-group.ts";
import { classicGroup } from "./find-group.ts";
import { leaveConsumerGroup } from "../migration/classic-member.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { heartbeatTimer } from "./classic-timers.ts";
import { completeJoinIfReady, rebalanceOrCompleteJoin, removeMember } from "./rebalance.ts";

/** Kafka: `classicGroupLeave`. Gives an error code per member; a number alone for all. */
export function leaveGroup(
  world: GroupWorld,
  groupId: string,
  members: readonly LeavingMember[],
): GroupResult<readonly number[] | number> {
  const known = world.groups.get(groupId);
  if (known instanceof ConsumerGroup) return leaveConsumerGroup(world, known, members);
  const group = classicGroup(world, groupId);
  if (group === undefined)
    return { ...nothing, response: members.map(() => errorCode.unknownMemberId) };
  if (group.state === "Dead") return { ...nothing, response: errorCode.coordinatorNotAvailable };
  const response = members.map((member) => leave(world, group, member));
  if (!response.includes(errorCode.none)) return { ...nothing, response };
  return { ...afterLeaving(world, group), response };
}

function leave(world: GroupWorld, group: ClassicGroup, leaving: LeavingMember): number {
  const { memberId, groupInstanceId } = leaving;
  if (memberId === "") {
    const known = groupInstanceId === null ? undefined : group.staticMemberId(groupInstanceId);
    if (known === undefined) return errorCode.unknownMemberId;
    removeMember(world, group, group.member(known));
    return errorCode.none;
  }
  if (group.pendingJoinMembers.has(memberId)) {
    group.remove(memberId);
    world.timers.cancel(group.groupId, heartbeatTimer(memberId));
    return errorCode.none;
  }
  const refused = group.refuseMember(memberId, groupInstanceId);
  if (refused === errorCode.none) removeMember(world, group, group.member(memberId));
  return refused;
}

function afterLeaving(world: GroupWorld, group: ClassicGroup): GroupResult {
  switch (group.state) {
    case "Stable":
    case "CompletingRebalance":
      return rebalanceOrCompleteJoin(world, group);
    case "PreparingRebalance":
      return completeJoinIfReady(world, group);
    default:
      return nothing;
  }
}
