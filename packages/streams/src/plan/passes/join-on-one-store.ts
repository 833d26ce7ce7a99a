import type { PlanGraph } from "../plan-graph.ts";

/** A join of a stream with itself needs its records in one store (`single.store.self.join`). */
export function joinOnOneStore(graph: PlanGraph): void {
  for (const vertex of graph.vertices) {
    const { plan } = vertex;
    if (plan?.kind !== "operator" || plan.selfJoin === undefined) continue;
    const [parent, ...others] = vertex.parents;
    if (parent === undefined || others.length > 0) continue;
    const { otherWindowed, onOneStore } = plan.selfJoin;
    for (const child of parent.children)
      if (child.plan === otherWindowed) parent.removeChild(child);
    vertex.plan = onOneStore;
  }
}
