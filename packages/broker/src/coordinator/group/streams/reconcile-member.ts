import { type StreamsMember, isReconciledTo, memberState } from "./streams-member.ts";
import { comparePartitions, type Difference } from "../compare-partitions.ts";
import { merged, type PartitionSets, withEpoch, withoutEpochs } from "../partition-sets.ts";
import {
  type AssignedTasks,
  haveAny,
  isWithoutTasks,
  noAssignedTasks,
  type Tasks,
} from "./tasks.ts";

/** What is told of a group to bring one of its members towards its target. */
export interface ReconcileContext {
  readonly targetEpoch: number;
  readonly target: Tasks;
  /** What the member says it has; undefined: it did not say. */
  readonly owned: Tasks | undefined;
  /** Process that has the active task, or has yet to let it go. */
  readonly activeProcessOf: (subtopologyId: string, partition: number) => string | undefined;
  /** True if the process has the task in reserve, or has yet to let it go. */
  readonly isReservedIn: (processId: string, subtopologyId: string, partition: number) => boolean;
}

/**
 * The next step of a member (Kafka: `CurrentAssignmentBuilder`). It lets go of what it is not to
 * have before it goes on to the target's epoch, and gets a task once nobody else has it:
 *
 *     stable ──target──▶ unrevoked ──let go──▶ unreleased ──others let go──▶ stable
 */
export function reconcileMember(member: StreamsMember, context: ReconcileContext): StreamsMember {
  if (member.state === memberState.unrevoked) {
    const { owned } = context;
    if (owned === undefined || haveAny(owned, member.revoking)) return member;
    return nextAssignment(member, member.memberEpoch + 1, context);
  }
  if (isReconciledTo(member, context.targetEpoch)) return member;
  return nextAssignment(member, member.memberEpoch, context);
}

function nextAssignment(
  member: StreamsMember,
  memberEpoch: number,
  context: ReconcileContext,
): StreamsMember {
  const { target, targetEpoch, owned, activeProcessOf, isReservedIn } = context;
  const { processId } = member.metadata;
  const isReserved = (id: string, partition: number) => isReservedIn(processId, id, partition);
  const isHere = (id: string, partition: number) =>
    activeProcessOf(id, partition) === processId || isReserved(id, partition);
  const active = comparePartitions(
    member.assigned.active,
    withEpoch(target.active, targetEpoch),
    (id, n) => activeProcessOf(id, n) !== undefined || isReserved(id, n),
  );
  const standby = compareSets(member.assigned.standby, target.standby, isHere);
  const warmup = compareSets(member.assigned.warmup, target.warmup, isHere);
  const revoking: AssignedTasks = {
    active: active.revoked,
    standby: withoutEpochs(standby.revoked),
    warmup: withoutEpochs(warmup.revoked),
  };
  const kept: AssignedTasks = {
    active: active.kept,
    standby: withoutEpochs(standby.kept),
    warmup: withoutEpochs(warmup.kept),
  };
  if (!isWithoutTasks(revoking) && (owned === undefined || haveAny(owned, revoking)))
    return moved(member, memberState.unrevoked, memberEpoch, { assigned: kept, revoking });
  const assigned: AssignedTasks = {
    active: merged(active.kept, active.added),
    standby: withoutEpochs(merged(standby.kept, standby.added)),
    warmup: withoutEpochs(merged(warmup.kept, warmup.added)),
  };
  const isWaiting = active.isWaiting || standby.isWaiting || warmup.isWaiting;
  const state = isWaiting ? memberState.unreleased : memberState.stable;
  return moved(member, state, targetEpoch, { assigned, revoking: noAssignedTasks });
}

function moved(
  member: StreamsMember,
  state: number,
  memberEpoch: number,
  tasks: Pick<StreamsMember, "assigned" | "revoking">,
): StreamsMember {
  return { ...member, ...tasks, state, memberEpoch, previousMemberEpoch: member.memberEpoch };
}

function compareSets(
  current: PartitionSets,
  target: PartitionSets,
  isTaken: (subtopologyId: string, partition: number) => boolean,
): Difference {
  return comparePartitions(withEpoch(current, 0), withEpoch(target, 0), isTaken);
}
