import { invariant } from "@millrace/model";
import type { TaskId } from "../../../processor/task-id.ts";

/** A task of the application: one object for each, told apart by identity. */
export interface AssignableTask {
  readonly id: TaskId;
  /** Its text form. */
  readonly name: string;
  /** Its place among all tasks in their order. */
  readonly place: number;
  /** True: it has a changelog. */
  readonly isStateful: boolean;
}

export function byPlace(left: AssignableTask, right: AssignableTask): number {
  return left.place - right.place;
}

export function sorted(tasks: Iterable<AssignableTask>): AssignableTask[] {
  return [...tasks].sort(byPlace);
}

export interface ClientDescription {
  readonly processId: string;
  /** Its members of the group: one per stream loop (Kafka: `capacity`). */
  readonly capacity: number;
  readonly tags: ReadonlyMap<string, string>;
  readonly previousActive: ReadonlySet<AssignableTask>;
  readonly previousStandby: ReadonlySet<AssignableTask>;
  /** Of each stateful task: records of its changelogs that the process has not; -2 where it runs the task. */
  readonly lags: ReadonlyMap<AssignableTask, number>;
}

/**
 * A process of the application and what it is to have (Kafka: `ClientState`).
 *
 * STREAMS-11: a task stands in one process once, active or standby.
 */
export class ClientState {
  readonly processId: string;
  readonly capacity: number;
  readonly tags: ReadonlyMap<string, string>;
  readonly previousActive: ReadonlySet<AssignableTask>;
  readonly previousStandby: ReadonlySet<AssignableTask>;
  readonly #lags: ReadonlyMap<AssignableTask, number>;
  readonly #active = new Set<AssignableTask>();
  readonly #standby = new Set<AssignableTask>();

  constructor(description: ClientDescription) {
    this.processId = description.processId;
    this.capacity = description.capacity;
    this.tags = description.tags;
    this.previousActive = description.previousActive;
    this.previousStandby = description.previousStandby;
    this.#lags = description.lags;
  }

  get active(): ReadonlySet<AssignableTask> {
    return this.#active;
  }

  get standby(): ReadonlySet<AssignableTask> {
    return this.#standby;
  }

  get taskCount(): number {
    return this.#active.size + this.#standby.size;
  }

  get load(): number {
    return this.taskCount / this.capacity;
  }

  get activeLoad(): number {
    return this.#active.size / this.capacity;
  }

  has(task: AssignableTask): boolean {
    return this.#active.has(task) || this.#standby.has(task);
  }

  lagOf(task: AssignableTask): number {
    const lag = this.#lags.get(task);
    invariant(lag !== undefined, "STREAMS-11", { task: task.name });
    return lag;
  }

  assign(kind: TaskKind, task: AssignableTask): void {
    invariant(!this.has(task), "STREAMS-11", { task: task.name, process: this.processId });
    this.#tasks(kind).add(task);
  }

  unassign(kind: TaskKind, task: AssignableTask): void {
    const wasThere = this.#tasks(kind).delete(task);
    invariant(wasThere, "STREAMS-11", { task: task.name, process: this.processId });
  }

  hasMoreRoomThan(other: ClientState): boolean {
    return this.load < other.load || (this.load === other.load && this.capacity > other.capacity);
  }

  #tasks(kind: TaskKind): Set<AssignableTask> {
    return kind === "active" ? this.#active : this.#standby;
  }
}

export type TaskKind = "active" | "standby";

/** What is to be shared out, among whom; both in the order of Java's comparisons. */
export interface TasksAndClients {
  readonly tasks: readonly AssignableTask[];
  readonly clients: readonly ClientState[];
}
