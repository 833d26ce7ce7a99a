import type {
  NodeDescription,
  SubtopologyDescription,
  TopologyDescription,
} from "./topology-description.ts";

const classes = [
  "  classDef topic fill:#fff4d6,stroke:#b58900,color:#1a1a1a",
  "  classDef internal fill:#eeeeee,stroke:#888888,color:#1a1a1a,stroke-dasharray:4 3",
  "  classDef store fill:#dcecff,stroke:#268bd2,color:#1a1a1a",
];

/**
 * The topology as a flowchart of Mermaid: topics (those of the application's own are dashed), a box for each
 * sub-topology, stores as cylinders.
 *
 * @example console.log("```mermaid\n" + mermaidOf(topology.description()) + "```");
 */
export function mermaidOf({ subtopologies }: Pick<TopologyDescription, "subtopologies">): string {
  const chart = new Chart(
    subtopologies.flatMap(({ repartitionTopics }) => repartitionTopics.map(({ name }) => name)),
  );
  for (const subtopology of subtopologies) chart.addSubtopology(subtopology);
  return chart.text();
}

/** Names may be anything, so that shapes go by numbers. */
class Chart {
  readonly #internalTopics: ReadonlySet<string>;
  readonly #ids = new Map<string, string>();
  readonly #topics: string[] = [];
  readonly #boxes: string[] = [];
  readonly #edges: string[] = [];

  constructor(internalTopics: readonly string[]) {
    this.#internalTopics = new Set(internalTopics);
  }

  addSubtopology({ id, isGlobal, nodes, stores }: SubtopologyDescription): void {
    const title = isGlobal ? `Sub-topology ${id}, for a global store` : `Sub-topology ${id}`;
    this.#boxes.push(`  subgraph g${id}[${quoted(title)}]`);
    for (const node of nodes) this.#boxes.push(`    ${this.#nodeText(node)}`);
    for (const { name, kind } of stores)
      this.#boxes.push(`    ${this.#idOf("store", name)}[(${quoted(name, `(${kind})`)})]:::store`);
    this.#boxes.push("  end");
    for (const node of nodes) this.#addEdges(node);
  }

  text(): string {
    return ["flowchart TD", ...this.#topics, ...this.#boxes, ...this.#edges, ...classes, ""].join(
      "\n",
    );
  }

  #nodeText({ kind, name }: NodeDescription): string {
    const id = this.#idOf("node", name);
    return kind === "processor" ? `${id}[${quoted(name)}]` : `${id}([${quoted(name)}])`;
  }

  #addEdges(node: NodeDescription): void {
    const id = this.#idOf("node", node.name);
    for (const parent of node.parents)
      this.#edges.push(`  ${this.#idOf("node", parent)} --> ${id}`);
    switch (node.kind) {
      case "source":
        for (const topic of node.pattern === null ? node.topics : [`/${node.pattern}/`])
          this.#edges.push(`  ${this.#topicOf(topic)} --> ${id}`);
        return;
      case "processor":
        for (const store of node.stores)
          this.#edges.push(`  ${id} -.- ${this.#idOf("store", store)}`);
        return;
      case "sink":
        this.#edges.push(`  ${id} --> ${this.#topicOf(node.topic ?? `${node.extractor}(…)`)}`);
    }
  }

  #topicOf(topic: string): string {
    const known = this.#ids.size;
    const id = this.#idOf("topic", topic);
    const kind = this.#internalTopics.has(topic) ? "internal" : "topic";
    if (this.#ids.size > known) this.#topics.push(`  ${id}[/${quoted(topic)}/]:::${kind}`);
    return id;
  }

  #idOf(kind: "node" | "store" | "topic", name: string): string {
    const key = `${kind} ${name}`;
    const id = this.#ids.get(key) ?? `${kind[0]}${this.#ids.size}`;
    this.#ids.set(key, id);
    return id;
  }
}

/** What could end a text, or begin a tag or an entity, is written by its number. */
function quoted(...lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    line.replace(/[^\p{L}\p{N} ._,:()/…-]/gu, (character) => `#${character.codePointAt(0)};`),
  );
  return `"${escaped.join("<br>")}"`;
}
