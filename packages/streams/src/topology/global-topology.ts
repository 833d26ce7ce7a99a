import type { StoreSpecification } from "@millrace/state";

import type { TopologyContents } from "./topology-contents.ts";
import type { ProcessorNode, SourceNode, TopologyNode } from "./topology-node.ts";

/** A store that every process has whole, with the nodes that feed it from all partitions of a topic. */
export interface GlobalStore {
  readonly specification: StoreSpecification;
  readonly topic: string;
  readonly source: SourceNode;
  readonly processor: ProcessorNode;
  /** True: it holds the records of its topic as they are, as a global table does. */
  readonly holdsTopic: boolean;
}

/** The global stores of a topology, in the order in which they were added. */
export function globalStoresOf({ nodes, globalStores }: TopologyContents): readonly GlobalStore[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return globalStores.flatMap(({ specification, holdsTopic, ...names }) => {
    const source = byName.get(names.source);
    const processor = byName.get(names.processor);
    if (source?.kind !== "source" || processor?.kind !== "processor") return [];
    return [{ specification, topic: source.topics[0], source, processor, holdsTopic }];
  });
}

/** True: the nodes are those of a global store, and make no tasks. */
export function isGlobalGroup(
  group: readonly TopologyNode[],
  { globalStores }: TopologyContents,
): boolean {
  return globalStores.some(({ source }) => group.some(({ name }) => name === source));
}
