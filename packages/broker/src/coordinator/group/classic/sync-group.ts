import { noBytes } from "@millrace/model";
import { errorCode } from "../../error-code.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { syncRefused, type Reply, type SyncGroupAnswer } from "./group-answers.ts";
import type { SyncGroupRequest } from "./classic-requests.ts";
import { ConsumerGroup } from "../consumer/consumer-group.ts";
import { classicGroup } from "./find-group.ts";
import { syncConsumerGroup } from "../migration/classic-member.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { syncTimer } from "./classic-timers.ts";
import { snapshotRecord } from "./snapshot-group.ts";
import { propagateAssignment } from "./rebalance.ts";

/** Kafka: `classicGroupSync`. The answer comes once the leader's assignment is durable. */
export function syncGroup(
  world: GroupWorld,
  request: SyncGroupRequest,
  reply: Reply<SyncGroupAnswer>,
): GroupResult {
  const known = world.groups.get(request.groupId);
  if (known instanceof ConsumerGroup) return syncConsumerGroup(world, known, { request, reply });
  const group = classicGroup(world, request.groupId);
  const refused = refuseSync(group, request);
  if (group === undefined || refused !== errorCode.none) {
    reply(syncRefused(refused));
    return nothing;
  }
  const member = group.member(request.memberId);
  group.pendingSyncMembers.delete(request.memberId);
  if (group.pendingSyncMembers.size === 0) world.timers.cancel(group.groupId, syncTimer);
  if (group.state === "Stable") {
    reply({
      errorCode: errorCode.none,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      assignment: member.assignment,
    });
    return nothing;
  }
  member.syncReply = reply;
  return group.isLeader(request.memberId) ? assign(world, group, request) : nothing;
}

function refuseSync(group: ClassicGroup | undefined, request: SyncGroupRequest): number {
  if (group === undefined || group.state === "Empty") return errorCode.unknownMemberId;
  if (group.state === "Dead") return errorCode.coordinatorNotAvailable;
  const refused = group.refuseMember(request.memberId, request.groupInstanceId);
  if (refused !== errorCode.none) return refused;
  if (request.generationId !== group.generationId) return errorCode.illegalGeneration;
  const differs = (given: string | null, known: string | null) =>
    given !== null && known !== null && given !== known;
  if (
    differs(request.protocolType, group.protocolType) ||
    differs(request.protocolName, group.protocolName)
  )
    return errorCode.inconsistentGroupProtocol;
  return group.state === "PreparingRebalance" ? errorCode.rebalanceInProgress : errorCode.none;
}

/** Members that the leader forgot get nothing. */
function assign(world: GroupWorld, group: ClassicGroup, request: SyncGroupRequest): GroupResult {
  const assignments = new Map<string, Uint8Array>();
  for (const memberId of group.members.keys())
    assignments.set(memberId, request.assignments.get(memberId) ?? noBytes);
  return {
    records: [snapshotRecord(group, assignments)],
    response: undefined,
    settled: (failure) => {
      // Meanwhile a member may have come or gone: then another generation is on its way.
      const isCurrent =
        group.state === "CompletingRebalance" && request.generationId === group.generationId;
      if (!isCurrent) return;
      if (failure !== undefined) {
        propagateAssignment(world, group, { code: world.codeOfFailure(failure) });
        return;
      }
      propagateAssignment(world, group, { code: errorCode.none, assignments });
      group.transitionTo("Stable", world.clock.wallMs());
    },
  };
}
