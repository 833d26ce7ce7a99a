import type { PlanGraph } from "../plan-graph.ts";

/** Tables that are read from a topic need no changelog: the topic is one (`reuse.ktable.source.topics`). */
export function reuseSourceTopics(graph: PlanGraph): void {
  for (const vertex of graph.vertices)
    if (vertex.plan?.kind === "tableSource") vertex.plan = vertex.plan.reusingSourceTopic();
}
