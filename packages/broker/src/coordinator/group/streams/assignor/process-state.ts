import { invariant } from "@millrace/model";
import { inHashOrder, LeastFirstQueue } from "../../java-order.ts";

/** A subtopology's partition; `key` is both in one text. */
export interface TaskId {
  readonly subtopologyId: string;
  readonly partition: number;
  readonly key: string;
}

export function taskId(subtopologyId: string, partition: number): TaskId {
  return { subtopologyId, partition, key: `${partition}_${subtopologyId}` };
}

interface MemberLoad {
  readonly memberId: string;
  taskCount: number;
}

/** What one process (one Kafka Streams instance, of several members) has been given so far. */
export class ProcessState {
  readonly active = new Map<string, TaskId[]>();
  readonly standby = new Map<string, TaskId[]>();
  readonly #taskCounts = new Map<string, number>();
  readonly #taskKeys = new Set<string>();
  #taskCount = 0;
  /** Members by load; given up where a task goes to a certain member. */
  #byLoad: LeastFirstQueue<MemberLoad> | undefined;

  addMember(memberId: string): void {
    this.#taskCounts.set(memberId, 0);
  }

  /** Tasks per member. */
  get load(): number {
    return this.#taskCount / this.#taskCounts.size;
  }

  taskCountOf(memberId: string): number {
    const count = this.#taskCounts.get(memberId);
    invariant(count !== undefined, "STREAMS-GROUP-1", { memberId });
    return count;
  }

  hasTask(task: TaskId): boolean {
    return this.#taskKeys.has(task.key);
  }

  /** Gives how many tasks the member has now. */
  addTask(memberId: string, task: TaskId, role: "active" | "standby"): number {
    this.#byLoad = undefined;
    return this.#add(memberId, task, role);
  }

  /** Gives how many tasks the member that got it has now. */
  addTaskToLeastLoadedMember(task: TaskId, role: "active" | "standby"): number {
    const members = [...this.#taskCounts.keys()];
    if (members.length === 1) return this.#add(members[0], task, role);
    const queue = (this.#byLoad ??= this.#membersByLoad());
    const least = queue.poll();
    invariant(least !== undefined, "STREAMS-GROUP-1", { task: task.key });
    least.taskCount = this.#add(least.memberId, task, role);
    queue.add(least);
    return least.taskCount;
  }

  #membersByLoad(): LeastFirstQueue<MemberLoad> {
    const queue = new LeastFirstQueue<MemberLoad>(({ taskCount }) => taskCount);
    for (const memberId of inHashOrder(this.#taskCounts.keys()))
      queue.add({ memberId, taskCount: this.taskCountOf(memberId) });
    return queue;
  }

  #add(memberId: string, task: TaskId, role: "active" | "standby"): number {
    this.#taskCount++;
    this.#taskKeys.add(task.key);
    const tasks = this[role].get(memberId);
    if (tasks === undefined) this[role].set(memberId, [task]);
    else tasks.push(task);
    const count = this.taskCountOf(memberId) + 1;
    this.#taskCounts.set(memberId, count);
    return count;
  }
}
