import { hashSetOrder, TreeSet } from "../java-order.ts";
import type { NodeDescription, TopologyDescription } from "./topology-description.ts";

/** A node with its neighbours, in the order in which Kafka prints them. */
interface DescribedNode {
  readonly node: NodeDescription;
  readonly predecessors: TreeSet<DescribedNode>;
  readonly successors: TreeSet<DescribedNode>;
  readonly linked: DescribedNode[];
  /** Nodes in the graph below, itself included; one counts as often as it is reached. */
  size: number;
}

/** The text of Kafka's `Topology.describe()`, byte for byte. */
export function describeTopology({
  subtopologies,
}: Pick<TopologyDescription, "subtopologies">): string {
  let text = "Topologies:\n ";
  for (const { id, isGlobal, nodes: group } of subtopologies) {
    const nodes = describeGroup(group);
    text += isGlobal
      ? `  Sub-topology: ${id} for global store (will not generate tasks)\n${nodes}`
      : `  Sub-topology: ${id}\n${nodes}\n`;
  }
  return text;
}

function describeGroup(group: readonly NodeDescription[]): string {
  const byName = new Map<string, DescribedNode>();
  const nodes = new Map(group.map((node) => [node.name, node]));
  const order = hashSetOrder(group.map((node) => node.name));
  for (const name of order) {
    const node = nodes.get(name);
    if (node !== undefined) byName.set(name, describedNode(node));
  }
  for (const described of byName.values()) {
    for (const name of described.node.parents) {
      const parent = byName.get(name);
      if (parent === undefined) continue;
      described.predecessors.add(parent);
      described.linked.push(parent);
      parent.successors.add(described);
      grow(parent, described.size);
    }
  }
  const sorted = new TreeSet(compareNodes);
  for (const described of byName.values()) sorted.add(described);
  return sorted
    .items()
    .map((described) => `    ${nodeText(described)}\n`)
    .join("");
}

function describedNode(node: NodeDescription): DescribedNode {
  return {
    node,
    predecessors: new TreeSet(compareNodes),
    successors: new TreeSet(compareNodes),
    linked: [],
    size: 1,
  };
}

function grow(node: DescribedNode, amount: number): void {
  node.size += amount;
  for (const parent of new Set(node.linked)) grow(parent, amount);
}

/** Larger sub-graphs first, then by name. */
function compareNodes(left: DescribedNode, right: DescribedNode): number {
  if (left === right) return 0;
  if (left.size !== right.size) return right.size - left.size;
  return left.node.name < right.node.name ? -1 : 1;
}

function nodeText({ node, predecessors, successors }: DescribedNode): string {
  const next = `\n      --> ${names(successors)}`;
  const previous = `\n      <-- ${names(predecessors)}`;
  switch (node.kind) {
    case "source": {
      const topics = node.pattern ?? `[${hashSetOrder(node.topics).join(", ")}]`;
      return `Source: ${node.name} (topics: ${topics})${next}`;
    }
    case "processor":
      return `Processor: ${node.name} (stores: [${hashSetOrder(node.stores).join(", ")}])${next}${previous}`;
    case "sink": {
      const target =
        node.topic === null ? `extractor class: ${node.extractor}` : `topic: ${node.topic}`;
      return `Sink: ${node.name} (${target})${previous}`;
    }
  }
}

function names(nodes: TreeSet<DescribedNode>): string {
  const found = nodes.items().map(({ node }) => node.name);
  return found.length === 0 ? "none" : found.join(", ");
}
