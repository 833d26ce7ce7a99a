import { type StreamsMember, isReconciledTo, memberState } from "./streams-member.ts";
import {
  type AssignedTasks,
  type EpochTasks,
  haveAny,
  isWithoutTasks,
  noAssignedTasks,
  type Tasks,
  type TaskSet,
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
  const active = compare(
    member.assigned.active,
    withEpoch(target.active, targetEpoch),
    (id, n) => activeProcessOf(id, n) !== undefined || isReserved(id, n),
  );
  const standby = compareSets(member.assigned.standby, target.standby, isHere);
  const warmup = compareSets(member.assigned.warmup, target.warmup, isHere);
  const revoking: AssignedTasks = {
    active: active.revoked,
    standby: keysOf(standby.revoked),
    warmup: keysOf(warmup.revoked),
  };
  const kept: AssignedTasks = {
    active: active.kept,
    standby: keysOf(standby.kept),
    warmup: keysOf(warmup.kept),
  };
  if (!isWithoutTasks(revoking) && (owned === undefined || haveAny(owned, revoking)))
    return moved(member, memberState.unrevoked, memberEpoch, { assigned: kept, revoking });
  const assigned: AssignedTasks = {
    active: merged(active.kept, active.added),
    standby: keysOf(merged(standby.kept, standby.added)),
    warmup: keysOf(merged(warmup.kept, warmup.added)),
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

interface Difference {
  readonly kept: EpochTasks;
  readonly revoked: EpochTasks;
  /** To be had, and free. */
  readonly added: EpochTasks;
  /** Others that are to be had are not free. */
  readonly isWaiting: boolean;
}

function compare(
  current: EpochTasks,
  target: EpochTasks,
  isTaken: (subtopologyId: string, partition: number) => boolean,
): Difference {
  const kept = new Map<string, Map<number, number>>();
  const revoked = new Map<string, Map<number, number>>();
  const added = new Map<string, Map<number, number>>();
  let isWaiting = false;
  for (const [id, partitions] of current)
    for (const [partition, epoch] of partitions)
      put(target.get(id)?.has(partition) === true ? kept : revoked, id, [partition, epoch]);
  for (const [id, partitions] of target)
    for (const [partition, epoch] of partitions) {
      if (kept.get(id)?.has(partition) === true) continue;
      if (isTaken(id, partition)) isWaiting = true;
      else put(added, id, [partition, epoch]);
    }
  return { kept, revoked, added, isWaiting };
}

function compareSets(
  current: TaskSet,
  target: TaskSet,
  isTaken: (subtopologyId: string, partition: number) => boolean,
): Difference {
  return compare(withEpoch(current, 0), withEpoch(target, 0), isTaken);
}

function put(
  tasks: Map<string, Map<number, number>>,
  subtopologyId: string,
  [partition, epoch]: readonly [number, number],
): void {
  const partitions = tasks.get(subtopologyId);
  if (partitions === undefined) tasks.set(subtopologyId, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}

function withEpoch(tasks: TaskSet, epoch: number): EpochTasks {
  return new Map(
    [...tasks].map(([id, partitions]) => [
      id,
      new Map([...partitions].map((partition) => [partition, epoch])),
    ]),
  );
}

function keysOf(tasks: EpochTasks): TaskSet {
  return new Map([...tasks].map(([id, partitions]) => [id, new Set(partitions.keys())]));
}

function merged(left: EpochTasks, right: EpochTasks): EpochTasks {
  const tasks = new Map(left);
  for (const [id, partitions] of right)
    tasks.set(id, new Map([...(left.get(id) ?? []), ...partitions]));
  return tasks;
}
