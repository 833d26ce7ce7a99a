import type { Plan } from "./plan.ts";
import type { PlanNode } from "./plan-node.ts";

/** A place in the graph: passes put another plan into it, or move its edges. */
export class PlanVertex {
  /** Undefined: the root above all sources. */
  plan: PlanNode | undefined;
  /** Vertices are lowered in this order, once their parents are. */
  priority: number;
  readonly parents = new Set<PlanVertex>();
  readonly children = new Set<PlanVertex>();
  /** Where the program made it. */
  readonly place: string | undefined;

  constructor(plan: PlanNode | undefined, priority: number, place?: string) {
    this.plan = plan;
    this.place = place;
    this.priority = priority;
  }

  addChild(child: PlanVertex): void {
    this.children.add(child);
    child.parents.add(this);
  }

  removeChild(child: PlanVertex): void {
    this.children.delete(child);
    child.parents.delete(this);
  }

  clearChildren(): void {
    for (const child of this.children) this.removeChild(child);
  }
}

/** The plan as a graph that passes may change; made anew for each build. */
export class PlanGraph {
  readonly root = new PlanVertex(undefined, -1);
  /** In the order in which their nodes were first added. */
  readonly vertices: readonly PlanVertex[];
  readonly #places: Map<PlanNode, PlanVertex>;

  constructor(plan: Plan) {
    const vertices = new Map<PlanNode, PlanVertex>();
    plan.edges.forEach(({ parent, child, place }, priority) => {
      let vertex = vertices.get(child);
      if (vertex === undefined) {
        vertex = new PlanVertex(child, priority, place);
        vertices.set(child, vertex);
      }
      vertex.priority = priority;
      const above = parent === undefined ? this.root : vertices.get(parent);
      above?.addChild(vertex);
    });
    this.vertices = [...vertices.values()];
    this.#places = vertices;
  }

  /** Where each node of the program has come to stand. */
  get places(): ReadonlyMap<PlanNode, PlanVertex> {
    return this.#places;
  }

  /** One place does for two: what the first was asked for, the second gives. */
  replace(vertex: PlanVertex, other: PlanVertex): void {
    for (const [plan, place] of this.#places) if (place === vertex) this.#places.set(plan, other);
  }
}

/** The vertex itself or the nearest above it, first parents first, that fits; undefined if none does. */
export function findUpward(
  start: PlanVertex,
  fits: (vertex: PlanVertex) => boolean,
): PlanVertex | undefined {
  if (fits(start)) return start;
  for (const parent of start.parents) {
    const found = findUpward(parent, fits);
    if (found !== undefined) return found;
  }
  return undefined;
}
