/** An edge of the residual graph: how much more may flow along it. */
interface Arc {
  readonly from: number;
  readonly to: number;
  readonly cost: number;
  left: number;
  /** The same edge the other way. */
  counter: Arc | undefined;
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly capacity: number;
  readonly cost: number;
  flow: number;
}

/**
 * A directed graph along whose edges something flows, such as tasks to processes (Kafka: `Graph`). Searches go through
 * nodes and edges in the order of their numbers, as Kafka's do, so that of equally good answers they give the same one.
 */
export class FlowGraph {
  readonly #edges: Edge[] = [];

  add(from: number, to: number, edge: { capacity: number; cost?: number; flow?: number }): void {
    this.#edges.push({ from, to, cost: 0, flow: 0, ...edge });
  }

  /** Where something flows to from a node, in the order of numbers. */
  flowsFrom(node: number): readonly number[] {
    const flowing = this.#edges.filter(({ from, flow }) => from === node && flow > 0);
    return flowing.map(({ to }) => to).sort((left, right) => left - right);
  }

  /** Lets as much flow as can (Ford and Fulkerson), whatever it costs. */
  maximizeFlow(source: number, sink: number): void {
    const residual = new Residual(this.#edges);
    for (
      let path = residual.path(source, sink);
      path.length > 0;
      path = residual.path(source, sink)
    )
      residual.push(path);
    residual.store();
  }

  /** Lets the same flow at the least cost: as long as there is a circle of negative cost, it is used up. */
  minimizeCost(): void {
    const residual = new Residual(this.#edges);
    for (let circle = residual.circle(); circle.length > 0; circle = residual.circle())
      residual.push(circle);
    residual.store();
  }
}

class Residual {
  readonly #edges: readonly Edge[];
  readonly #forward: readonly Arc[];
  /** Of each node, in the order of numbers. */
  readonly #arcs: ReadonlyMap<number, readonly Arc[]>;
  readonly #nodeCount: number;

  constructor(edges: readonly Edge[]) {
    this.#edges = edges;
    this.#forward = edges.map((edge) => {
      const { from, to, cost, capacity, flow } = edge;
      const arc: Arc = { from, to, cost, left: capacity - flow, counter: undefined };
      arc.counter = { from: to, to: from, cost: -cost, left: flow, counter: arc };
      return arc;
    });
    const all = this.#forward.flatMap((arc) =>
      arc.counter === undefined ? [] : [arc, arc.counter],
    );
    all.sort((left, right) => left.from - right.from || left.to - right.to);
    this.#arcs = Map.groupBy(all, ({ from }) => from);
    this.#nodeCount = this.#arcs.size;
  }

  /** Writes what flows now back to the edges. */
  store(): void {
    for (const [index, edge] of this.#edges.entries())
      edge.flow = edge.capacity - this.#forward[index].left;
  }

  /** As much as goes through all of them. */
  push(arcs: readonly Arc[]): void {
    const amount = Math.min(...arcs.map(({ left }) => left));
    for (const arc of arcs) {
      arc.left -= amount;
      if (arc.counter !== undefined) arc.counter.left += amount;
    }
  }

  /** The shortest way that has something left; empty: there is none. */
  path(source: number, sink: number): readonly Arc[] {
    const reached = new Map<number, Arc | undefined>([[source, undefined]]);
    for (const node of reached.keys()) {
      for (const arc of this.#arcs.get(node) ?? []) {
        if (reached.has(arc.to) || arc.left <= 0) continue;
        reached.set(arc.to, arc);
        if (arc.to === sink) return wayTo(sink, reached);
      }
    }
    return [];
  }

  /** A circle of negative cost that has something left (Bellman and Ford); empty: there is none. */
  circle(): readonly Arc[] {
    // As if a node before all others led to each of them for nothing.
    const distances = new Map([...this.#arcs.keys()].map((node) => [node, 0]));
    const parents = new Map<number, Arc>();
    for (let round = 0; round <= this.#nodeCount; round++)
      for (const [node, arcs] of this.#arcs)
        for (const arc of arcs) {
          const distance = (distances.get(node) ?? 0) + arc.cost;
          if (arc.left === 0 || (distances.get(arc.to) ?? 0) <= distance) continue;
          distances.set(arc.to, distance);
          parents.set(arc.to, arc);
          if (round === this.#nodeCount) return circleBefore(arc.to, parents);
        }
    return [];
  }
}

function wayTo(sink: number, reached: ReadonlyMap<number, Arc | undefined>): readonly Arc[] {
  const way: Arc[] = [];
  for (let arc = reached.get(sink); arc !== undefined; arc = reached.get(arc.from)) way.push(arc);
  return way;
}

/** A node that is reached in the last round lies behind a circle, if not on it. */
function circleBefore(node: number, parents: ReadonlyMap<number, Arc>): readonly Arc[] {
  const visited = new Set<number>();
  let at = node;
  while (!visited.has(at)) {
    visited.add(at);
    at = parents.get(at)?.from ?? at;
  }
  const circle: Arc[] = [];
  for (let arc = parents.get(at); arc !== undefined; arc = parents.get(arc.from)) {
    circle.push(arc);
    if (arc.from === at) break;
  }
  return circle;
}
