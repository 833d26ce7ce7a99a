import { invariant } from "@millrace/model";
import { errorCode } from "../../error-code.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { joinRefused, type JoinGroupAnswer } from "./group-answers.ts";
import type { GroupResult, GroupWorld } from "../group-world.ts";
import { heartbeatTimer } from "./classic-timers.ts";
import { snapshotRecord } from "./snapshot-group.ts";
import type { Join } from "./join-request.ts";
import {
  completeJoinIfReady,
  prepareRebalance,
  rebalanceOrCompleteJoin,
  restartSession,
} from "./rebalance.ts";

export interface StaticRejoin extends Join {
  readonly groupInstanceId: string;
  readonly oldMemberId: string;
  readonly newMemberId: string;
}

/**
 * A static member takes its seat again under a new member id (KIP-345).
 * In a stable group whose protocol stays the same nobody else notices: there is no rebalance.
 */
export function rejoinStaticMember(
  world: GroupWorld,
  group: ClassicGroup,
  rejoin: StaticRejoin,
): GroupResult {
  const { request, reply, oldMemberId, newMemberId } = rejoin;
  const oldLeader = group.leaderId;
  const member = group.replaceStaticMember(rejoin.groupInstanceId, oldMemberId, newMemberId);
  world.timers.cancel(group.groupId, heartbeatTimer(oldMemberId));
  restartSession(world, group, member);
  const before = { ...member };
  member.protocols = request.protocols;
  member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
  member.sessionTimeoutMs = request.sessionTimeoutMs;
  member.joinReply = reply;
  switch (group.state) {
    case "Stable":
      break;
    case "CompletingRebalance":
      // The leader may assign to the old id: a new generation is needed.
      return prepareRebalance(world, group);
    case "PreparingRebalance":
      return completeJoinIfReady(world, group);
    default:
      invariant(false, "GROUP-6", { groupId: group.groupId, state: group.state });
  }
  if (group.voteProtocol() !== group.protocolName) return rebalanceOrCompleteJoin(world, group);
  return {
    records: [snapshotRecord(group)],
    response: undefined,
    settled: (failure) => {
      // Meanwhile another rebalance may have begun: then that one answers.
      const isWaiting = group.state === "Stable" && member.joinReply === reply;
      if (failure === undefined) {
        if (isWaiting) member.completeJoin(seatTaken(group, { ...rejoin, oldLeader }));
        return;
      }
      Object.assign(member, before);
      if (group.members.get(newMemberId) === member) {
        const old = group.replaceStaticMember(rejoin.groupInstanceId, newMemberId, oldMemberId);
        restartSession(world, group, old);
      }
      reply(joinRefused(world.codeOfFailure(failure), ""));
    },
  };
}

function seatTaken(
  group: ClassicGroup,
  rejoin: StaticRejoin & { readonly oldLeader: string | null },
): JoinGroupAnswer {
  const { request, newMemberId } = rejoin;
  const isLeader = request.canSkipAssignment && group.isLeader(newMemberId);
  return {
    errorCode: errorCode.none,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    // An old client that is told that it leads would make a new assignment: it is told the old
    // leader's id.
    leader: (request.canSkipAssignment ? group.leaderId : rejoin.oldLeader) ?? "",
    skipAssignment: isLeader,
    memberId: newMemberId,
    members: isLeader ? group.joinedMembers() : [],
  };
}
