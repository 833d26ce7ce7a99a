/** Partitions by subtopology: each is a task. No entry is empty. */
export type TaskSet = ReadonlyMap<string, ReadonlySet<number>>;

/** Tasks of a member (Kafka: `TasksTuple`). */
export interface Tasks {
  readonly active: TaskSet;
  readonly standby: TaskSet;
  readonly warmup: TaskSet;
}

/** By subtopology and partition, the epoch of the assignment that gave the task. */
export type EpochTasks = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * Tasks that a member was given (Kafka: `TasksTupleWithEpochs`): commits of an older epoch than the
 * task's come from who had it before.
 */
export interface AssignedTasks {
  readonly active: EpochTasks;
  readonly standby: TaskSet;
  readonly warmup: TaskSet;
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

export function taskSet(list: readonly TaskIds[]): TaskSet {
  const set = new Map<string, Set<number>>();
  for (const { subtopologyId, partitions } of list) set.set(subtopologyId, new Set(partitions));
  return set;
}

/** Sorted by id and partition. */
export function taskIds(
  tasks: ReadonlyMap<string, ReadonlySet<number> | ReadonlyMap<number, number>>,
): TaskIds[] {
  return [...tasks.keys()].toSorted(byText).map((subtopologyId) => ({
    subtopologyId,
    partitions: [...(tasks.get(subtopologyId)?.keys() ?? [])].toSorted(byNumber),
  }));
}

export function tasksEqual(left: Tasks, right: Tasks): boolean {
  return (
    setsEqual(left.active, right.active) &&
    setsEqual(left.standby, right.standby) &&
    setsEqual(left.warmup, right.warmup)
  );
}

/** The same tasks of the same epochs. */
export function assignedTasksEqual(left: AssignedTasks, right: AssignedTasks): boolean {
  if (!setsEqual(left.standby, right.standby) || !setsEqual(left.warmup, right.warmup))
    return false;
  if (left.active.size !== right.active.size) return false;
  for (const [subtopologyId, epochs] of left.active) {
    const others = right.active.get(subtopologyId);
    if (others === undefined || others.size !== epochs.size) return false;
    for (const [partition, epoch] of epochs) if (others.get(partition) !== epoch) return false;
  }
  return true;
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

function overlap(
  tasks: TaskSet,
  others: ReadonlyMap<string, ReadonlySet<number> | ReadonlyMap<number, number>>,
): boolean {
  for (const [subtopologyId, partitions] of tasks) {
    const other = others.get(subtopologyId);
    if (other === undefined) continue;
    for (const partition of partitions) if (other.has(partition)) return true;
  }
  return false;
}

function setsEqual(left: TaskSet, right: TaskSet): boolean {
  if (left.size !== right.size) return false;
  for (const [subtopologyId, partitions] of left) {
    const others = right.get(subtopologyId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions) if (!others.has(partition)) return false;
  }
  return true;
}

/** In the order of UTF-16 units, as Java sorts. */
export function byText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export function byNumber(left: number, right: number): number {
  return left - right;
}
