import { TopologyError } from "../../error/topology-error.ts";
import { offsetResetText } from "../../topology/offset-reset.ts";
import type { PlanGraph, PlanVertex } from "../plan-graph.ts";
import type { StreamSourcePlan } from "../plan-node.ts";

/** Streams of the same topics share one source node: the first, with its serdes and its timestamp extractor. */
export function mergeDuplicateSources(graph: PlanGraph): void {
  const byTopic = new Map<string, PlanVertex>();
  const byPattern = new Map<string, PlanVertex>();
  for (const vertex of graph.root.children) {
    const source = vertex.plan;
    if (source?.kind !== "streamSource") continue;
    if (source.pattern !== undefined) {
      const key = `${source.pattern.source}/${source.pattern.flags}`;
      const main = byPattern.get(key);
      if (main === undefined) byPattern.set(key, vertex);
      else mergeInto(main, vertex, graph);
      continue;
    }
    for (const topic of new Set(source.topics)) {
      const main = byTopic.get(topic);
      if (main === undefined) byTopic.set(topic, vertex);
      else if (main !== vertex) {
        checkSameTopics(main, source, topic);
        mergeInto(main, vertex, graph);
      }
    }
  }
}

function checkSameTopics(main: PlanVertex, source: StreamSourcePlan, topic: string): void {
  if (main.plan?.kind !== "streamSource") return;
  const left = new Set(main.plan.topics);
  const right = new Set(source.topics);
  if (left.size === right.size && [...left].every((name) => right.has(name))) return;
  throw new TopologyError(
    "OVERLAPPING_TOPICS",
    `topic ${topic} is read by two streams with different lists of topics ([${[...left].join(", ")}] and ` +
      `[${[...right].join(", ")}]); read each topic in one stream and merge those`,
  );
}

function mergeInto(main: PlanVertex, other: PlanVertex, graph: PlanGraph): void {
  const left = main.plan;
  const right = other.plan;
  if (left?.kind === "streamSource" && right?.kind === "streamSource") {
    if (offsetResetText(left.offsetReset) !== offsetResetText(right.offsetReset))
      throw new TopologyError(
        "OFFSET_RESET_CONFLICT",
        `topics [${left.topics.join(", ")}] are read twice with different offsetReset; use the same one`,
      );
  }
  for (const child of other.children) {
    other.removeChild(child);
    main.addChild(child);
  }
  graph.root.removeChild(other);
  graph.replace(other, main);
}
