import { invariant } from "@millrace/model";
import { byText, type PartitionSets } from "../../partition-sets.ts";
import { type Tasks } from "../tasks.ts";
import { inHashOrder, LeastFirstQueue } from "../../java-order.ts";
import { ProcessState, type TaskId, taskId } from "./process-state.ts";

/** What is assigned: each subtopology has one task per partition. */
export interface SubtopologyTasks {
  readonly taskCount: number;
  /** It has stores: its tasks may have standbys. */
  readonly isStateful: boolean;
}

export interface AssignmentMember {
  readonly processId: string;
  /** Target assignment so far. */
  readonly previous: Tasks;
}

export interface AssignmentRequest {
  readonly subtopologies: ReadonlyMap<string, SubtopologyTasks>;
  readonly members: ReadonlyMap<string, AssignmentMember>;
  readonly standbyReplicas: number;
}

/**
 * Kafka's `StickyTaskAssignor`: tasks stay where they are as long as that is balanced, go next to
 * where their standby is, and else to the process, and its member, with the least load. Standbys
 * never lie in the process that has the task.
 */
export function assignTasks(request: AssignmentRequest): ReadonlyMap<string, Tasks> {
  const run = new StickyAssignment(request);
  run.assignActive();
  if (request.standbyReplicas > 0) run.assignStandby();
  return run.result();
}

interface Seat {
  readonly instance: ProcessState;
  readonly memberId: string;
}

/** Tasks that are not yet given, and members below their share: the share follows from both. */
class Quota {
  #tasks: number;
  #members: number;
  #perMember: number;

  constructor(tasks: number, members: number) {
    this.#tasks = tasks;
    this.#members = members;
    this.#perMember = tasksPerMember(tasks, members);
  }

  hasRoom(taskCount: number): boolean {
    return taskCount < this.#perMember;
  }

  /** A member that has its share counts no more. */
  reached(taskCount: number): void {
    if (taskCount !== this.#perMember) return;
    this.#members--;
    this.#tasks -= taskCount;
    this.#perMember = tasksPerMember(this.#tasks, this.#members);
  }
}

/** Rounded up, as integers are in Java: both may have fallen below 0. */
function tasksPerMember(tasks: number, members: number): number {
  if (members === 0) return 0;
  return Math.trunc(tasks / members) + (tasks % members > 0 ? 1 : 0);
}

const byPartitionFirst = (left: TaskId, right: TaskId) =>
  left.partition - right.partition || byText(left.subtopologyId, right.subtopologyId);
const bySubtopologyFirst = (left: TaskId, right: TaskId) =>
  byText(left.subtopologyId, right.subtopologyId) || left.partition - right.partition;

class StickyAssignment {
  readonly #request: AssignmentRequest;
  readonly #processes = new Map<string, ProcessState>();
  readonly #activeBefore = new Map<string, Seat>();
  readonly #standbyBefore = new Map<string, Seat[]>();
  readonly #activeQuota: Quota;
  readonly #totalQuota: Quota;

  constructor(request: AssignmentRequest) {
    this.#request = request;
    const { members, subtopologies, standbyReplicas } = request;
    let activeTasks = 0;
    let standbyTasks = 0;
    for (const { taskCount, isStateful } of subtopologies.values()) {
      activeTasks += taskCount;
      if (isStateful) standbyTasks += taskCount * standbyReplicas;
    }
    this.#activeQuota = new Quota(activeTasks, members.size);
    this.#totalQuota = new Quota(activeTasks + standbyTasks, members.size);
    for (const memberId of inHashOrder(members.keys())) this.#seat(memberId);
  }

  assignActive(): void {
    let open = this.#tasks(() => true).toSorted(byPartitionFirst);
    open = open.filter((task) => !this.#return(task, this.#activeBefore.get(task.key)));
    open = open.filter((task) => {
      const seat = leastLoaded(this.#standbyBefore.get(task.key) ?? []);
      return !this.#return(task, seat);
    });
    const queue = this.#byLoad();
    for (const task of open.toSorted(bySubtopologyFirst)) {
      const instance = queue.poll();
      invariant(instance !== undefined, "STREAMS-GROUP-1", { task: task.key });
      const taskCount = instance.addTaskToLeastLoadedMember(task, "active");
      this.#activeQuota.reached(taskCount);
      this.#totalQuota.reached(taskCount);
      queue.add(instance);
    }
  }

  assignStandby(): void {
    const { standbyReplicas } = this.#request;
    const open: { readonly task: TaskId; readonly replicas: number }[] = [];
    const tasks = this.#tasks(({ isStateful }) => isStateful);
    for (const task of tasks.toSorted((left, right) => byPartitionFirst(right, left))) {
      let replicas = standbyReplicas;
      while (replicas > 0 && this.#returnStandby(task)) replicas--;
      if (replicas > 0) open.push({ task, replicas });
    }
    const queue = this.#byLoad();
    for (const { task, replicas } of open.toSorted((a, b) => bySubtopologyFirst(b.task, a.task)))
      for (let replica = 0; replica < replicas; replica++)
        if (!this.#addStandby(queue, task)) break;
  }

  result(): ReadonlyMap<string, Tasks> {
    const assigned = new Map<string, Tasks>();
    for (const [memberId, { processId }] of this.#request.members) {
      const instance = this.#processes.get(processId);
      assigned.set(memberId, {
        active: asSet(instance?.active.get(memberId) ?? []),
        standby: asSet(instance?.standby.get(memberId) ?? []),
        warmup: new Map(),
      });
    }
    return assigned;
  }

  #seat(memberId: string): void {
    const member = this.#request.members.get(memberId);
    invariant(member !== undefined, "STREAMS-GROUP-1", { memberId });
    const { processId, previous } = member;
    const instance = this.#processes.get(processId) ?? new ProcessState();
    this.#processes.set(processId, instance);
    instance.addMember(memberId);
    const seat = { instance, memberId };
    for (const task of tasksOf(previous.active)) this.#activeBefore.set(task.key, seat);
    for (const task of tasksOf(previous.standby)) {
      const seats = this.#standbyBefore.get(task.key);
      if (seats === undefined) this.#standbyBefore.set(task.key, [seat]);
      else seats.push(seat);
    }
  }

  #tasks(isWanted: (subtopology: SubtopologyTasks) => boolean): TaskId[] {
    const tasks: TaskId[] = [];
    for (const [subtopologyId, subtopology] of this.#request.subtopologies)
      if (isWanted(subtopology))
        for (let partition = 0; partition < subtopology.taskCount; partition++)
          tasks.push(taskId(subtopologyId, partition));
    return tasks;
  }

  /** False where the seat has its share already. */
  #return(task: TaskId, seat: Seat | undefined): boolean {
    if (seat === undefined) return false;
    const { instance, memberId } = seat;
    if (!this.#activeQuota.hasRoom(instance.taskCountOf(memberId))) return false;
    const taskCount = instance.addTask(memberId, task, "active");
    this.#activeQuota.reached(taskCount);
    this.#totalQuota.reached(taskCount);
    return true;
  }

  #returnStandby(task: TaskId): boolean {
    const active = this.#activeBefore.get(task.key);
    if (active !== undefined && !active.instance.hasTask(task) && this.#takeStandby(task, active))
      return true;
    const [first, ...others] = this.#standbyBefore.get(task.key) ?? [];
    // Kafka 4.3.1 looks no further where the first one has the task.
    if (first === undefined || first.instance.hasTask(task)) return false;
    const free = others.filter(({ instance }) => !instance.hasTask(task));
    const seat = leastLoaded([first, ...free]);
    return seat !== undefined && this.#takeStandby(task, seat);
  }

  #takeStandby(task: TaskId, { instance, memberId }: Seat): boolean {
    if (!this.#totalQuota.hasRoom(instance.taskCountOf(memberId))) return false;
    this.#totalQuota.reached(instance.addTask(memberId, task, "standby"));
    return true;
  }

  /** False where every process has the task already: more of them are needed. */
  #addStandby(queue: LeastFirstQueue<ProcessState>, task: TaskId): boolean {
    const passed: ProcessState[] = [];
    let taker = queue.poll();
    while (taker?.hasTask(task) === true) {
      passed.push(taker);
      taker = queue.poll();
    }
    if (taker !== undefined) {
      this.#totalQuota.reached(taker.addTaskToLeastLoadedMember(task, "standby"));
      queue.add(taker);
    }
    for (const instance of passed.toReversed()) queue.add(instance);
    return taker !== undefined;
  }

  #byLoad(): LeastFirstQueue<ProcessState> {
    const queue = new LeastFirstQueue<ProcessState>(({ load }) => load);
    for (const processId of inHashOrder(this.#processes.keys(), this.#request.members.size)) {
      const instance = this.#processes.get(processId);
      if (instance !== undefined) queue.add(instance);
    }
    return queue;
  }
}

/** The first one, unless a later one has less to do both as a process and as a member. */
function leastLoaded(seats: readonly Seat[]): Seat | undefined {
  let least: Seat | undefined;
  for (const seat of seats)
    if (
      least === undefined ||
      (seat.instance.load < least.instance.load &&
        seat.instance.taskCountOf(seat.memberId) < least.instance.taskCountOf(least.memberId))
    )
      least = seat;
  return least;
}

function* tasksOf(tasks: PartitionSets): Iterable<TaskId> {
  for (const [subtopologyId, partitions] of tasks)
    for (const partition of partitions) yield taskId(subtopologyId, partition);
}

function asSet(tasks: readonly TaskId[]): PartitionSets {
  const set = new Map<string, Set<number>>();
  for (const { subtopologyId, partition } of tasks) {
    const partitions = set.get(subtopologyId);
    if (partitions === undefined) set.set(subtopologyId, new Set([partition]));
    else partitions.add(partition);
  }
  return set;
}
