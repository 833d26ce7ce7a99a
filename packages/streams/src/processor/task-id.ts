/** A task: one sub-topology on one partition (Kafka: `TaskId`). */
export interface TaskId {
  readonly subtopology: number;
  readonly partition: number;
}

/** Kafka's text form `subtopology_partition`: names of folders, keys of maps. */
export function taskIdText(id: TaskId): string {
  return `${id.subtopology}_${id.partition}`;
}

/** Undefined for what is no task's name. */
export function parseTaskId(text: string): TaskId | undefined {
  const match = /^(\d+)_(\d+)$/.exec(text);
  return match === null
    ? undefined
    : { subtopology: Number(match[1]), partition: Number(match[2]) };
}

export function compareTaskIds(left: TaskId, right: TaskId): number {
  return left.subtopology - right.subtopology || left.partition - right.partition;
}
