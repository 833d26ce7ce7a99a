import { findUpward, PlanVertex, type PlanGraph } from "../plan-graph.ts";
import type { RepartitionPlan } from "../plan-node.ts";
import { mergedRepartitionPlan } from "../repartition-plan.ts";

type KeyChangers = Map<PlanVertex, Set<PlanVertex>>;

/**
 * Repartitions below one change of key, with no change of value in between, become one, right under it
 * (`merge.repartition.topics`).
 */
export function mergeRepartitionTopics(graph: PlanGraph): void {
  const keyChangers = repartitionsByKeyChanger(graph);
  replaceByMerges(graph, keyChangers);
  for (const [changer, repartitions] of keyChangers) {
    const first = [...repartitions].find((vertex) => vertex.plan?.kind === "repartition");
    if (first?.plan?.kind !== "repartition") continue;
    const merged = new PlanVertex(mergedRepartitionPlan(first.plan), changer.priority);
    for (const repartition of repartitions) moveBelow(merged, repartition, changer);
    changer.addChild(merged);
  }
}

function moveBelow(merged: PlanVertex, repartition: PlanVertex, changer: PlanVertex): void {
  const child = findUpward(repartition, (vertex) => vertex.parents.has(changer));
  if (child === undefined) return;
  merged.addChild(child);
  changer.removeChild(child);
  const parents = [...repartition.parents];
  for (const below of repartition.children) for (const parent of parents) parent.addChild(below);
  for (const parent of parents) parent.removeChild(repartition);
  repartition.clearChildren();
}

function repartitionsByKeyChanger(graph: PlanGraph): KeyChangers {
  const found: KeyChangers = new Map();
  for (const vertex of graph.vertices) {
    if (changesKey(vertex)) found.set(vertex, new Set());
    else if (isOptimizable(vertex)) {
      const changer = findUpward(vertex, changesKey);
      const nearest = findUpward(vertex, (above) => changesKey(above) || changesValue(above));
      if (changer !== undefined && changer === nearest) found.get(changer)?.add(vertex);
    }
  }
  return found;
}

/** Where streams with changed keys are merged first, the merge counts as what changed the key. */
function replaceByMerges(graph: PlanGraph, keyChangers: KeyChangers): void {
  const merges = graph.vertices.filter(
    ({ plan }) => plan?.kind === "operator" && plan.isMerge && !plan.changesKey,
  );
  const changersOfMerges = new Map<PlanVertex, PlanVertex[]>();
  for (const merge of merges) {
    const changers = [...keyChangers].flatMap(([changer, repartitions]) => {
      const areBelow = [...repartitions].every((repartition) =>
        findUpward(repartition, (vertex) => vertex.parents.has(merge)),
      );
      const isAbove = findUpward(merge, (vertex) => vertex.parents.has(changer)) !== undefined;
      return areBelow && isAbove ? [changer] : [];
    });
    changersOfMerges.set(merge, changers);
  }
  const replaced = new Set<PlanVertex>();
  for (const [merge, changers] of changersOfMerges) {
    const repartitions = new Set<PlanVertex>();
    for (const changer of changers) {
      for (const repartition of keyChangers.get(changer) ?? []) repartitions.add(repartition);
      replaced.add(changer);
    }
    keyChangers.set(merge, repartitions);
  }
  for (const changer of replaced) keyChangers.delete(changer);
}

function changesKey({ plan }: PlanVertex): boolean {
  return plan?.kind === "operator" && plan.changesKey;
}

function changesValue({ plan }: PlanVertex): boolean {
  return plan?.kind === "operator" && plan.changesValue;
}

function isOptimizable({ plan }: PlanVertex): boolean {
  return plan?.kind === "repartition" && (plan as RepartitionPlan).isOptimizable;
}
