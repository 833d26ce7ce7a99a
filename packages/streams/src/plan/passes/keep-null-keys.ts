import type { PlanGraph, PlanVertex } from "../plan-graph.ts";

/** A left join takes records without a key: the repartition topics above it let them through. */
export function keepNullKeys(graph: PlanGraph): void {
  leadsToKeeper(graph.root, new Map());
}

function leadsToKeeper(vertex: PlanVertex, known: Map<PlanVertex, boolean>): boolean {
  const found = known.get(vertex);
  if (found !== undefined) return found;
  let leads = false;
  for (const child of vertex.children) {
    const isKeeper = child.plan?.kind === "operator" && child.plan.keepsNullKeys;
    if (leadsToKeeper(child, known) || isKeeper) leads = true;
  }
  if (leads && vertex.plan?.kind === "repartition") vertex.plan = vertex.plan.keepingNullKeys();
  known.set(vertex, leads);
  return leads;
}
