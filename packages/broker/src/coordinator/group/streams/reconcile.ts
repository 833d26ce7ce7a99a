import type { StreamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import type { GroupStep } from "./advance-group.ts";
import { startRevocation } from "./leave-streams-group.ts";
import { reconcileMember } from "./reconcile-member.ts";
import type { StreamsGroup } from "./streams-group.ts";
import {
  assignmentsEqual,
  isReconciledTo,
  memberState,
  type StreamsMember,
} from "./streams-member.ts";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { currentRecord } from "./streams-records.ts";
import type { GroupWorld } from "../group-world.ts";
import { rebalanceTimer } from "./streams-timers.ts";
import { type Tasks, taskSet } from "./tasks.ts";

export interface Reconciliation {
  readonly group: StreamsGroup;
  readonly member: StreamsMember;
  readonly step: GroupStep;
  readonly request: StreamsGroupHeartbeatRequest;
  readonly records: CoordinatorRecord[];
}

/** Brings the member a step towards its target; gives it as it is then. */
export function reconcile(world: GroupWorld, reconciliation: Reconciliation): StreamsMember {
  const { group, member, step, request, records } = reconciliation;
  const { groupId } = group;
  if (isReconciledTo(member, step.targetEpoch)) return member;
  const next = reconcileMember(member, {
    targetEpoch: step.targetEpoch,
    target: step.target,
    owned: ownedTasks(request),
    activeProcessOf: (id, partition) => group.activeProcessOf(id, partition),
    isReservedIn: (processId, id, partition) => group.isReservedIn(processId, id, partition),
  });
  if (assignmentsEqual(next, member)) return next;
  records.push(currentRecord(groupId, next));
  if (next.state === memberState.unrevoked) startRevocation(world, groupId, next);
  else world.timers.cancel(groupId, rebalanceTimer(member.memberId));
  return next;
}

/** Undefined where the member does not say what it has. */
function ownedTasks(request: StreamsGroupHeartbeatRequest): Tasks | undefined {
  const { activeTasks, standbyTasks, warmupTasks } = request;
  if (activeTasks === null || standbyTasks === null || warmupTasks === null) return undefined;
  return {
    active: taskSet(activeTasks),
    standby: taskSet(standbyTasks),
    warmup: taskSet(warmupTasks),
  };
}
