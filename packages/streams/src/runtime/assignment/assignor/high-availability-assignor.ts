import { rackCosts, type AssignmentConfigs } from "./assignment-configs.ts";
import {
  sorted,
  type AssignableTask,
  type ClientState,
  type TaskKind,
  type TasksAndClients,
} from "./client-state.ts";
import { LeastLoadedClients } from "./least-loaded-clients.ts";
import { statelessCosts, type RackAwareness } from "./rack-awareness.ts";
import { standbyPlacement } from "./standby-tasks.ts";
import { CaughtUpClients, TaskMovements } from "./task-movements.ts";

const defaultCosts = { traffic: 10, nonOverlap: 1 };

/**
 * Kafka's `HighAvailabilityTaskAssignor` (KIP-441): the ideal assignment is the same whatever went before, and tasks
 * go to their places in it once their state is there.
 *
 * @param racks undefined: racks are not looked at
 * @returns true: the group is to be asked again later whether more tasks can go to their places
 */
export function assignHighlyAvailable(
  { tasks, clients }: TasksAndClients,
  configs: AssignmentConfigs,
  racks?: RackAwareness,
): boolean {
  const costs = rackCosts(configs, defaultCosts);
  const stateful = tasks.filter(({ isStateful }) => isStateful);
  for (const [index, task] of stateful.entries())
    clients[index % clients.length].assign("active", task);
  balance(clients, "active", () => true);
  racks?.optimizeActive(stateful, clients, costs);
  if (configs.numStandbyReplicas > 0) {
    const standbys = standbyPlacement(configs);
    standbys.place(stateful, clients);
    balance(clients, "standby", (source, destination) => standbys.mayMove(source, destination));
    racks?.optimizeStandby(clients, costs, (source, destination, task) =>
      standbys.mayExchange(task, { source, destination, clients }),
    );
  }
  const caughtUp = new CaughtUpClients(stateful, clients, configs.acceptableRecoveryLag);
  const movements = new TaskMovements(clients, caughtUp, configs.maxWarmupReplicas);
  const moving = movements.moveActive() + movements.moveStandby();
  const stateless = tasks.filter(({ isStateful }) => !isStateful);
  assignStateless(stateless, clients);
  racks?.optimizeActive(stateless, clients, statelessCosts);
  return moving > 0;
}

function assignStateless(tasks: readonly AssignableTask[], clients: readonly ClientState[]): void {
  const leastLoaded = new LeastLoadedClients(
    () => true,
    ({ activeLoad }) => activeLoad,
  );
  leastLoaded.offer(...clients);
  for (const task of tasks) {
    const client = leastLoaded.poll(task);
    if (client === undefined) return;
    client.assign("active", task);
    leastLoaded.offer(client);
  }
}

/** Moves tasks from one process to another until no move makes their loads more equal. */
function balance(
  clients: readonly ClientState[],
  kind: TaskKind,
  mayMove: (source: ClientState, destination: ClientState) => boolean,
): void {
  let hasMoved = true;
  while (hasMoved) {
    hasMoved = false;
    for (const source of clients)
      for (const destination of clients) {
        if (source === destination) continue;
        for (const task of sorted(source[kind])) {
          if (!isMoreEqualAfter(source, destination)) break;
          if (destination.has(task) || !mayMove(source, destination)) continue;
          source.unassign(kind, task);
          destination.assign(kind, task);
          hasMoved = true;
        }
      }
  }
}

function isMoreEqualAfter(source: ClientState, destination: ClientState): boolean {
  const skew = source.load - destination.load;
  const skewAfter =
    (source.taskCount - 1) / source.capacity - (destination.taskCount + 1) / destination.capacity;
  return skew > 0 && skewAfter >= 0 && skewAfter < skew;
}
