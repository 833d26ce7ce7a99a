import { byPlace, sorted, type AssignableTask, type ClientState } from "./client-state.ts";
import { PriorityQueue } from "./java-order.ts";
import { LeastLoadedClients } from "./least-loaded-clients.ts";
import { runsNow } from "../subscription-info.ts";

/** A task that is to go to a process which has not its state yet. */
interface TaskMovement {
  readonly task: AssignableTask;
  readonly destination: ClientState;
}

/** Who has how much of the stateful tasks. */
export class CaughtUpClients {
  readonly #caughtUp = new Map<AssignableTask, ReadonlySet<ClientState>>();
  readonly #byLag = new Map<AssignableTask, readonly ClientState[]>();

  /** @param clients in the order of their process ids */
  constructor(
    tasks: readonly AssignableTask[],
    clients: readonly ClientState[],
    acceptableRecoveryLag: number,
  ) {
    for (const task of tasks) {
      const isCaughtUp = (client: ClientState): boolean => {
        const lag = client.lagOf(task);
        return lag === runsNow || acceptableRecoveryLag === Infinity || isWithin(lag);
      };
      const isWithin = (lag: number): boolean => lag >= 0 && lag <= acceptableRecoveryLag;
      this.#caughtUp.set(task, new Set(clients.filter(isCaughtUp)));
      const byLag = clients.toSorted((left, right) => left.lagOf(task) - right.lagOf(task));
      this.#byLag.set(task, byLag);
    }
  }

  count(task: AssignableTask): number {
    return this.#caughtUp.get(task)?.size ?? 0;
  }

  has(client: ClientState, task: AssignableTask): boolean {
    return this.#caughtUp.get(task)?.has(client) === true;
  }

  /** Of those with less to restore than the destination, the one with the least. */
  bestBefore(
    { task, destination }: TaskMovement,
    isEligible: (client: ClientState) => boolean = () => true,
  ): ClientState | undefined {
    const byLag = this.#byLag.get(task) ?? [];
    return byLag.slice(0, byLag.indexOf(destination)).find(isEligible);
  }

  /** True: another process has more of the task, and this one not enough. */
  isBehind(client: ClientState, task: AssignableTask): boolean {
    if (this.has(client, task)) return false;
    const [best = client] = this.#byLag.get(task) ?? [];
    return best.lagOf(task) < client.lagOf(task);
  }
}

/**
 * Tasks that would have to be restored first stay where their state is, and their destination warms up: it gets a copy,
 * of which there may be so many at a time (Kafka: `TaskMovement`, KIP-441).
 */
export class TaskMovements {
  readonly #clients: readonly ClientState[];
  readonly #caughtUp: CaughtUpClients;
  readonly #warmups = new Map<ClientState, Set<AssignableTask>>();
  #warmupsLeft: number;

  constructor(
    clients: readonly ClientState[],
    caughtUp: CaughtUpClients,
    maxWarmupReplicas: number,
  ) {
    this.#clients = clients;
    this.#caughtUp = caughtUp;
    this.#warmupsLeft = maxWarmupReplicas;
  }

  /** @returns how many active tasks are not where they are to be in the end */
  moveActive(): number {
    const leastLoaded = this.#caughtUpByLoad();
    const movements = this.#movements(({ active }) => active);
    const count = movements.size;
    for (let one = movements.poll(); one !== undefined; one = movements.poll())
      this.#keepActive(one, leastLoaded);
    return count;
  }

  /** @returns how many standby tasks are not where they are to be in the end */
  moveStandby(): number {
    const leastLoaded = this.#caughtUpByLoad();
    const movements = this.#movements(({ standby }) => standby);
    let count = 0;
    for (let one = movements.poll(); one !== undefined; one = movements.poll())
      if (this.#keepStandby(one, leastLoaded)) count += 1;
    return count;
  }

  #caughtUpByLoad(): LeastLoadedClients {
    const leastLoaded = new LeastLoadedClients((client, task) => this.#caughtUp.has(client, task));
    leastLoaded.offer(...this.#clients);
    return leastLoaded;
  }

  /** Tasks that few have the state of come first. */
  #movements(
    tasksOf: (client: ClientState) => ReadonlySet<AssignableTask>,
  ): PriorityQueue<TaskMovement> {
    const queue = new PriorityQueue<TaskMovement>(
      ({ task: left }, { task: right }) =>
        this.#caughtUp.count(left) - this.#caughtUp.count(right) || byPlace(left, right),
    );
    for (const destination of this.#clients)
      for (const task of sorted(tasksOf(destination))) {
        const isWarmup = this.#warmups.get(destination)?.has(task) === true;
        if (!isWarmup && this.#caughtUp.isBehind(destination, task))
          queue.add({ task, destination });
      }
    return queue;
  }

  #keepActive(movement: TaskMovement, leastLoaded: LeastLoadedClients): void {
    const { task, destination } = movement;
    const source =
      leastLoaded.poll(task, ({ standby }) => standby.has(task)) ??
      leastLoaded.poll(task) ??
      this.#caughtUp.bestBefore(movement);
    if (source === undefined) return; // `isBehind` found one
    destination.unassign("active", task);
    if (source.standby.has(task)) {
      source.unassign("standby", task);
      destination.assign("standby", task);
    } else if (this.#mayWarmUp()) {
      destination.assign("standby", task);
      const own = this.#warmups.get(destination) ?? new Set();
      this.#warmups.set(destination, own.add(task));
    }
    source.assign("active", task);
    leastLoaded.offer(source, destination);
  }

  /** @returns false where nobody else could have it */
  #keepStandby(movement: TaskMovement, leastLoaded: LeastLoadedClients): boolean {
    const { task, destination } = movement;
    const isEligible = (client: ClientState): boolean => !client.has(task);
    const source =
      leastLoaded.poll(task, isEligible) ?? this.#caughtUp.bestBefore(movement, isEligible);
    if (source === undefined) return false;
    source.assign("standby", task);
    if (!this.#mayWarmUp()) destination.unassign("standby", task);
    leastLoaded.offer(source, destination);
    return true;
  }

  #mayWarmUp(): boolean {
    this.#warmupsLeft -= 1;
    return this.#warmupsLeft >= 0;
  }
}
