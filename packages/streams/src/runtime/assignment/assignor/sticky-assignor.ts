import { rackCosts, type AssignmentConfigs } from "./assignment-configs.ts";
import {
  byPlace,
  type AssignableTask,
  type ClientState,
  type TasksAndClients,
} from "./client-state.ts";
import { capacityOfCopy, inHashOrder, processHash, taskHash } from "./java-order.ts";
import { statelessCosts, type RackAwareness } from "./rack-awareness.ts";

const defaultCosts = { traffic: 1, nonOverlap: 10 };

/**
 * Kafka's `StickyTaskAssignor`: tasks stay where they ran, or where a copy was, as far as the load allows; tasks that
 * were together before are put together again last.
 *
 * @param mustStay true: active tasks stay even where a process has more than its share (Kafka: `FallbackPriorTaskAssignor`)
 */
export function assignSticky(
  group: TasksAndClients,
  configs: AssignmentConfigs,
  { mustStay = false, racks }: { readonly mustStay?: boolean; readonly racks?: RackAwareness } = {},
): void {
  const { tasks, clients } = group;
  const costs = rackCosts(configs, defaultCosts);
  const assignment = new StickyAssignment(group);
  assignment.assignActive(mustStay);
  if (racks !== undefined) {
    const ofKind = (is: boolean) => tasks.filter(({ isStateful }) => isStateful === is);
    racks.optimizeActive(ofKind(true), clients, costs);
    racks.optimizeActive(ofKind(false), clients, statelessCosts);
  }
  if (configs.numStandbyReplicas === 0) return;
  assignment.assignStandby(configs.numStandbyReplicas);
  racks?.optimizeStandby(clients, costs, () => true);
}

class StickyAssignment {
  readonly #tasks: readonly AssignableTask[];
  /** In the order of Java's `HashMap`. */
  readonly #clients: readonly ClientState[];
  readonly #pairs: TaskPairs;
  readonly #formerActive = new Map<AssignableTask, ClientState>();
  readonly #formerStandby = new Map<AssignableTask, readonly ClientState[]>();

  constructor({ tasks, clients }: TasksAndClients) {
    this.#tasks = tasks;
    this.#clients = inHashOrder(clients, processHash);
    this.#pairs = new TaskPairs((tasks.length * (tasks.length - 1)) / 2);
    for (const client of this.#clients) {
      for (const task of [...client.previousActive].sort(byPlace))
        this.#formerActive.set(task, client);
      for (const task of client.previousStandby)
        this.#formerStandby.set(task, [...(this.#formerStandby.get(task) ?? []), client]);
    }
    for (const [task, owners] of this.#formerStandby)
      this.#formerStandby.set(task, inHashOrder(owners, processHash));
  }

  assignStandby(standbyCount: number): void {
    const stateful = this.#tasks.filter(({ isStateful }) => isStateful);
    for (const task of inHashOrder(stateful, taskHash))
      for (let count = 0; count < standbyCount; count++) {
        const candidates = this.#clients.filter((client) => !client.has(task));
        if (candidates.length === 0) break;
        this.#give("standby", task, this.#choose(task, inHashOrder(candidates, processHash)));
      }
  }

  assignActive(mustStay: boolean): void {
    const capacity = this.#clients.reduce((sum, client) => sum + client.capacity, 0);
    const share = Math.floor(this.#tasks.length / capacity);
    const hasRoom = (client: ClientState): boolean => client.active.size < client.capacity * share;
    const open = new Set(this.#tasks);
    for (const [task, client] of inHashOrder(this.#formerActive, ([key]) => taskHash(key)))
      if (open.has(task) && (mustStay || hasRoom(client))) {
        this.#give("active", task, client);
        open.delete(task);
      }
    const all = inHashOrder(this.#tasks, taskHash);
    const copied = inHashOrder(all, taskHash, capacityOfCopy(all.length));
    for (const task of copied.filter((one) => open.has(one))) {
      const standby = this.#formerStandby.get(task)?.find(hasRoom);
      if (standby === undefined) continue;
      this.#give("active", task, standby);
      open.delete(task);
    }
    for (const task of open) this.#give("active", task, this.#choose(task, this.#clients));
  }

  #give(kind: "active" | "standby", task: AssignableTask, client: ClientState): void {
    for (const other of [...client.active, ...client.standby]) this.#pairs.add(task, other);
    client.assign(kind, task);
  }

  #choose(task: AssignableTask, candidates: readonly ClientState[]): ClientState {
    if (candidates.length === 1) return candidates[0];
    const active = this.#formerActive.get(task);
    const previous =
      active !== undefined && candidates.includes(active)
        ? active
        : this.#formerStandbyOf(task, candidates);
    if (previous === undefined) return this.#leastLoaded(task, candidates);
    if (!this.#isOverloaded(previous)) return previous;
    const standby = this.#formerStandbyOf(task, candidates);
    return standby === undefined || this.#isOverloaded(standby)
      ? this.#leastLoaded(task, candidates)
      : standby;
  }

  #formerStandbyOf(
    task: AssignableTask,
    candidates: readonly ClientState[],
  ): ClientState | undefined {
    const former = this.#formerStandby.get(task) ?? [];
    const copied = inHashOrder(former, processHash, capacityOfCopy(former.length));
    const suitable = copied.filter((client) => candidates.includes(client));
    return suitable.length === 0 ? undefined : this.#leastLoaded(task, suitable);
  }

  #isOverloaded(client: ClientState): boolean {
    return (
      client.taskCount >= client.capacity &&
      this.#clients.some((other) => other.hasMoreRoomThan(client))
    );
  }

  #leastLoaded(task: AssignableTask, candidates: readonly ClientState[]): ClientState {
    const [first] = candidates;
    return (
      findLeastLoaded(candidates, (client) => this.#pairs.hasNew(task, client)) ??
      findLeastLoaded(candidates, () => true) ??
      first
    );
  }
}

/** One without tasks at once; else the first with the least load that is acceptable. */
function findLeastLoaded(
  candidates: readonly ClientState[],
  isAcceptable: (client: ClientState) => boolean,
): ClientState | undefined {
  let least: ClientState | undefined;
  for (const client of candidates) {
    if (client.taskCount === 0) return client;
    const isLess = least === undefined || client.hasMoreRoomThan(least);
    if (isLess && isAcceptable(client)) least = client;
  }
  return least;
}

/** Which tasks have been in one process together. */
class TaskPairs {
  readonly #countMax: number;
  readonly #pairs = new Set<string>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  add(one: AssignableTask, other: AssignableTask): void {
    this.#pairs.add(pairText(one, other));
  }

  /** True: with one of the tasks that the client has the task has not been yet. */
  hasNew(task: AssignableTask, { active, standby }: ClientState): boolean {
    if (this.#pairs.size === this.#countMax) return false;
    return [...active, ...standby].some((other) => !this.#pairs.has(pairText(task, other)));
  }
}

function pairText(one: AssignableTask, other: AssignableTask): string {
  const [first, second] = one.place < other.place ? [one, other] : [other, one];
  return `${first.place} ${second.place}`;
}
