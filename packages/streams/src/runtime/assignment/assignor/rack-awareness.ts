import { invariant } from "@millrace/model";

import {
  byPlace,
  sorted,
  type AssignableTask,
  type ClientState,
  type TaskKind,
} from "./client-state.ts";
import { FlowGraph } from "./flow-graph.ts";

/** What it costs to read a partition from another rack, and to have a task moved. */
export interface RackCosts {
  readonly traffic: number;
  readonly nonOverlap: number;
}

export const statelessCosts: RackCosts = { traffic: 1, nonOverlap: 0 };

export interface RackOptions {
  readonly strategy: "min_traffic" | "balance_subtopology";
  readonly rackOf: (client: ClientState) => string;
  /** The racks of each partition that an active task reads, or a copy of it. */
  readonly racksOf: (task: AssignableTask, kind: TaskKind) => readonly ReadonlySet<string>[];
  /** Ids of all sub-topologies that have tasks, sorted. */
  readonly subtopologies: readonly number[];
}

const source = -1;
const standbyRoundsMax = 4;

/**
 * Exchanges tasks among processes so that less is read from other racks, each keeping as many as it has (Kafka:
 * `RackAwareTaskAssignor`, KIP-925).
 */
export class RackAwareness {
  readonly #options: RackOptions;

  constructor(options: RackOptions) {
    this.#options = options;
  }

  /** @param tasks active ones, in their order */
  optimizeActive(
    tasks: readonly AssignableTask[],
    clients: readonly ClientState[],
    costs: RackCosts,
  ): void {
    if (tasks.length === 0) return;
    this.#exchange(tasks, clients, { kind: "active", costs, strategy: this.#options.strategy });
  }

  optimizeStandby(
    clients: readonly ClientState[],
    costs: RackCosts,
    mayMove: (source: ClientState, destination: ClientState, task: AssignableTask) => boolean,
  ): void {
    const movable = (from: ClientState, to: ClientState): readonly AssignableTask[] =>
      sorted(from.standby).filter((task) => !to.has(task) && mayMove(from, to, task));
    let hasMoved = true;
    for (let round = 0; hasMoved && round < standbyRoundsMax; round++) {
      hasMoved = false;
      for (const [index, one] of clients.entries())
        for (const other of clients.slice(index + 1)) {
          if (this.#options.rackOf(one) === this.#options.rackOf(other)) continue;
          const [there, back] = [movable(one, other), movable(other, one)];
          if (there.length === 0 || back.length === 0) continue;
          const exchange = { kind: "standby", costs, strategy: "min_traffic" } as const;
          const tasks = [...there, ...back].sort(byPlace);
          hasMoved = this.#exchange(tasks, [one, other], exchange) || hasMoved;
        }
    }
  }

  /** @returns whether a task has moved */
  #exchange(
    tasks: readonly AssignableTask[],
    clients: readonly ClientState[],
    { kind, costs, strategy }: Exchange,
  ): boolean {
    const owners = tasks.map((task) => clients.find((client) => client[kind].has(task)));
    const costOf: CostOf = (task, client) => this.#cost(task, client, { kind, costs });
    const parts = { tasks, clients, owners, costOf };
    const { graph, clientOf } =
      strategy === "min_traffic"
        ? leastTraffic(parts)
        : balanced(parts, this.#options.subtopologies);
    graph.minimizeCost();
    let hasMoved = false;
    for (const [node, task] of tasks.entries()) {
      const owner = owners[node];
      for (const target of graph.flowsFrom(node)) {
        const client = clientOf(target);
        if (client === owner) break;
        owner?.unassign(kind, task);
        client.assign(kind, task);
        hasMoved = true;
      }
    }
    return hasMoved;
  }

  #cost(
    task: AssignableTask,
    client: ClientState,
    { kind, costs }: { readonly kind: TaskKind; readonly costs: RackCosts },
  ): number {
    const rack = this.#options.rackOf(client);
    const remote = this.#options.racksOf(task, kind).filter((racks) => !racks.has(rack)).length;
    return remote * costs.traffic + (client[kind].has(task) ? 0 : costs.nonOverlap);
  }
}

interface Exchange {
  readonly kind: TaskKind;
  readonly costs: RackCosts;
  readonly strategy: RackOptions["strategy"];
}

type CostOf = (task: AssignableTask, client: ClientState) => number;

interface GraphParts {
  readonly tasks: readonly AssignableTask[];
  readonly clients: readonly ClientState[];
  /** Of each task. */
  readonly owners: readonly (ClientState | undefined)[];
  readonly costOf: CostOf;
}

interface TaskGraph {
  /** Tasks are the nodes from 0 on. */
  readonly graph: FlowGraph;
  readonly clientOf: (node: number) => ClientState;
}

function ownCount({ owners }: GraphParts, client: ClientState): number {
  return owners.filter((owner) => owner === client).length;
}

/** `source -> tasks -> clients -> sink`, with what each client has now. */
function leastTraffic(parts: GraphParts): TaskGraph {
  const { tasks, clients, owners, costOf } = parts;
  const graph = new FlowGraph();
  const sink = tasks.length + clients.length;
  for (const [node, task] of tasks.entries()) {
    graph.add(source, node, { capacity: 1, flow: 1 });
    for (const [index, client] of clients.entries()) {
      const flow = owners[node] === client ? 1 : 0;
      graph.add(node, tasks.length + index, { capacity: 1, cost: costOf(task, client), flow });
    }
  }
  for (const [index, client] of clients.entries()) {
    const capacity = ownCount(parts, client);
    graph.add(tasks.length + index, sink, { capacity, flow: capacity });
  }
  return { graph, clientOf: (node) => clients[node - tasks.length] };
}

/** `source -> tasks -> clients, once per sub-topology -> clients -> sink`: each has its share of each sub-topology. */
function balanced(parts: GraphParts, subtopologies: readonly number[]): TaskGraph {
  const { tasks, clients, costOf } = parts;
  const graph = new FlowGraph();
  const nodeOf = (group: number, index: number): number =>
    tasks.length + clients.length * group + index;
  const sink = nodeOf(subtopologies.length + 1, 0);
  for (const [group, subtopology] of subtopologies.entries()) {
    const own = [...tasks.entries()].filter(([, { id }]) => id.subtopology === subtopology);
    for (const [index, client] of clients.entries()) {
      for (const [node, task] of own)
        graph.add(node, nodeOf(group, index), { capacity: 1, cost: costOf(task, client) });
      if (own.length === 0) continue;
      const share = (ownCount(parts, client) / tasks.length) * own.length;
      const capacity = Math.ceil(share);
      graph.add(nodeOf(group, index), nodeOf(subtopologies.length, index), { capacity });
    }
  }
  for (const node of tasks.keys()) graph.add(source, node, { capacity: 1 });
  for (const [index, client] of clients.entries())
    graph.add(nodeOf(subtopologies.length, index), sink, { capacity: ownCount(parts, client) });
  graph.maximizeFlow(source, sink);
  invariant(graph.flowsFrom(source).length === tasks.length, "STREAMS-11", { tasks: tasks.length });
  return { graph, clientOf: (node) => clients[(node - tasks.length) % clients.length] };
}
