import {
  byNumber,
  byText,
  overlap,
  type PartitionEpochs,
  partitionEpochsEqual,
  type PartitionSets,
  partitionSetsEqual,
} from "../partition-sets.ts";

/** Tasks of a member (Kafka: `TasksTuple`). */
export interface Tasks {
  readonly active: PartitionSets;
  readonly standby: PartitionSets;
  readonly warmup: PartitionSets;
}

/**
 * Tasks that a member was given (Kafka: `TasksTupleWithEpochs`): commits of an older epoch than the
 * task's come from who had it before.
 */
export interface AssignedTasks {
  readonly active: PartitionEpochs;
  readonly standby: PartitionSets;
  readonly warmup: PartitionSets;
}

export const noTasks: Tasks = { active: new Map(), standby: new Map(), warmup: new Map() };
export const noAssignedTasks: AssignedTasks = {
  active: new Map(),
  standby: new Map(),
  warmup: new Map(),
};

/** Tasks as messages and records have them, in order. */
export interface TaskIds {
  readonly subtopologyId: string;
  readonly partitions: readonly number[];
}

export function taskSet(list: readonly TaskIds[]): PartitionSets {
  const set = new Map<string, Set<number>>();
  for (const { subtopologyId, partitions } of list) set.set(subtopologyId, new Set(partitions));
  return set;
}

/** Sorted by id and partition. */
export function taskIds(tasks: PartitionSets | PartitionEpochs): TaskIds[] {
  return [...tasks.keys()].toSorted(byText).map((subtopologyId) => ({
    subtopologyId,
    partitions: [...(tasks.get(subtopologyId)?.keys() ?? [])].toSorted(byNumber),
  }));
}

export function tasksEqual(left: Tasks, right: Tasks): boolean {
  return (
    partitionSetsEqual(left.active, right.active) &&
    partitionSetsEqual(left.standby, right.standby) &&
    partitionSetsEqual(left.warmup, right.warmup)
  );
}

/** The same tasks of the same epochs. */
export function assignedTasksEqual(left: AssignedTasks, right: AssignedTasks): boolean {
  if (
    !partitionSetsEqual(left.standby, right.standby) ||
    !partitionSetsEqual(left.warmup, right.warmup)
  )
    return false;
  return partitionEpochsEqual(left.active, right.active);
}

/** Whether a list has these tasks and no others; null says nothing of them. */
export function isListed(
  tasks: PartitionSets | PartitionEpochs,
  list: readonly TaskIds[] | null,
): boolean {
  if (list === null) return true;
  const told = taskSet(list);
  const isEach = (left: PartitionSets | PartitionEpochs, right: typeof left): boolean =>
    [...left].every(([id, partitions]) =>
      [...partitions.keys()].every((partition) => right.get(id)?.has(partition)),
    );
  return isEach(tasks, told) && isEach(told, tasks);
}

export function isWithoutTasks(tasks: Tasks | AssignedTasks): boolean {
  return tasks.active.size === 0 && tasks.standby.size === 0 && tasks.warmup.size === 0;
}

/** True if one of `others` is among `tasks`, in the same role. */
export function haveAny(tasks: Tasks, others: AssignedTasks): boolean {
  return (
    overlap(tasks.active, others.active) ||
    overlap(tasks.standby, others.standby) ||
    overlap(tasks.warmup, others.warmup)
  );
}
