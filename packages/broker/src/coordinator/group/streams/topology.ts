import type { StreamsGroupTopologyValue } from "@millrace/protocol/definitions";
import { byText } from "../partition-sets.ts";

/** What an application reads, keeps and writes, as its members have told it. */
export type Topology = StreamsGroupTopologyValue;
export type Subtopology = Topology["subtopologies"][number];
export type TopicInfo = Subtopology["stateChangelogTopics"][number];

/** Topics of a heartbeat's topology that must be there, or must be made. */
export function topicsOf(topology: {
  readonly subtopologies: readonly Pick<
    Subtopology,
    "sourceTopics" | "repartitionSinkTopics" | "repartitionSourceTopics" | "stateChangelogTopics"
  >[];
}): Set<string> {
  const topics = new Set<string>();
  for (const subtopology of topology.subtopologies) {
    for (const topic of subtopology.sourceTopics) topics.add(topic);
    for (const topic of subtopology.repartitionSinkTopics) topics.add(topic);
    for (const { name } of subtopology.repartitionSourceTopics) topics.add(name);
    for (const { name } of subtopology.stateChangelogTopics) topics.add(name);
  }
  return topics;
}

/** The same, without those that are only written to. */
export function requiredTopicsOf(topology: Topology): Set<string> {
  const topics = new Set<string>();
  for (const subtopology of topology.subtopologies) {
    for (const topic of inputsOf(subtopology)) topics.add(topic);
    for (const { name } of subtopology.stateChangelogTopics) topics.add(name);
  }
  return topics;
}

export function inputsOf(subtopology: Subtopology): string[] {
  const { sourceTopics, repartitionSourceTopics } = subtopology;
  return [...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)];
}

/** The subtopology that reads a topic. */
export function readerOf(topology: Topology, topic: string): Subtopology | undefined {
  return topology.subtopologies.find((subtopology) => inputsOf(subtopology).includes(topic));
}

/** Equal but for the order of subtopologies. */
export function topologiesEqual(left: Topology, right: Topology): boolean {
  return textOf(left) === textOf(right);
}

function textOf({ epoch, subtopologies }: Topology): string {
  const sorted = subtopologies.toSorted((a, b) => byText(a.subtopologyId, b.subtopologyId));
  return JSON.stringify([epoch, sorted]);
}
