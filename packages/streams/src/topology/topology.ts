import { encodeUtf8, murmur2 } from "@millrace/model";
import type { StoreSpecification } from "@millrace/state";

import { describeTopology } from "./describe.ts";
import { repartitionConfigs } from "./internal-topic-configs.ts";
import { nodeGroups } from "./node-groups.ts";
import type { ChangelogTopic, InternalTopic, Subtopology } from "./subtopology.ts";
import type { TopologyNode } from "./topology-node.ts";

/** What a `TopologyBuilder` has gathered. */
export interface TopologyContents {
  /** Parents before children. */
  readonly nodes: readonly TopologyNode[];
  readonly stores: readonly StoreSpecification[];
  /** Topics that the application makes, without its id, with the partitions that were asked for. */
  readonly internalTopics: ReadonlyMap<string, number | undefined>;
  /** Source topics that serve as changelogs, by store. */
  readonly sourceChangelogs: ReadonlyMap<string, string>;
}

/**
 * A finished program: what `StreamsBuilder.build()` gives and an application runs (Kafka: `Topology`). Frozen.
 *
 * @example
 * const topology = builder.build();
 * console.log(topology.describe());
 */
export class Topology {
  readonly #contents: TopologyContents;

  constructor(contents: TopologyContents) {
    this.#contents = Object.freeze(contents);
  }

  /** Kafka's text, byte for byte. */
  describe(): string {
    return describeTopology(this.#contents.nodes);
  }

  /** All nodes, parents before children. Internal topics are without the application's id. */
  get nodes(): readonly TopologyNode[] {
    return this.#contents.nodes;
  }

  /** Names of all stores. */
  get storeNames(): readonly string[] {
    return this.#contents.stores.map((store) => store.name);
  }

  /** The connected parts, in Kafka's order: one task per partition each. */
  subtopologies(applicationId: string): readonly Subtopology[] {
    return nodeGroups(this.#contents.nodes).map((group, id) =>
      this.#resolve(group, id, applicationId),
    );
  }

  /** All parts as one, for a driver that runs the whole topology in a single task. */
  merged(applicationId: string): Subtopology {
    return this.#resolve(this.#contents.nodes, 0, applicationId);
  }

  /**
   * A short text that is equal for topologies whose instances can share their work: it covers sub-topologies,
   * source topics, stores and internal topics, but not operators, so that a rolling change of those is fine.
   */
  fingerprint(): string {
    const text = JSON.stringify(
      this.subtopologies("").map((part) => [
        part.id,
        part.sourceTopics,
        part.sourcePatterns.map((pattern) => pattern.source),
        part.stores.map((store) => [store.name, store.kind.name]),
        part.repartitionTopics.map((topic) => [topic.name, topic.partitionCount ?? -1]),
        part.changelogTopics.map((topic) => topic.name),
      ]),
    );
    return ["a", "b"].map((salt) => hashText(salt + text)).join("");
  }

  #resolve(group: readonly TopologyNode[], id: number, applicationId: string): Subtopology {
    const { internalTopics } = this.#contents;
    const full = (topic: string): string =>
      internalTopics.has(topic) ? `${applicationId}-${topic}` : topic;
    const nodes = group.map((node) => resolveNode(node, full));
    const rawSources = group.flatMap((node) => (node.kind === "source" ? node.topics : []));
    const sinks = nodes.flatMap((node) =>
      node.kind === "sink" && typeof node.topic === "string" ? [node.topic] : [],
    );
    const names = new Set(nodes.flatMap((node) => (node.kind === "processor" ? node.stores : [])));
    const stores = [...names].flatMap((name) =>
      this.#contents.stores.filter((store) => store.name === name),
    );
    const changelogs = stores.flatMap((store) => this.#changelog(store, applicationId));
    return Object.freeze({
      id,
      nodes,
      stores,
      sourceTopics: sortedSet(rawSources.map(full)),
      sourcePatterns: nodes.flatMap((node) =>
        node.kind === "source" && node.pattern !== undefined ? [node.pattern] : [],
      ),
      sinkTopics: sortedSet(sinks),
      repartitionTopics: sortedSet(rawSources.filter((topic) => internalTopics.has(topic))).map(
        (topic): InternalTopic => ({
          name: full(topic),
          partitionCount: internalTopics.get(topic),
          configs: repartitionConfigs,
        }),
      ),
      changelogTopics: changelogs.toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    });
  }

  #changelog(store: StoreSpecification, applicationId: string): readonly ChangelogTopic[] {
    const source = this.#contents.sourceChangelogs.get(store.name);
    if (source === undefined && store.logging === false) return [];
    return [
      {
        name: source ?? `${applicationId}-${store.name}-changelog`,
        store: store.name,
        isSourceTopic: source !== undefined,
        partitionCount: undefined,
        configs: store.kind.changelogConfigs(store),
      },
    ];
  }
}

function resolveNode(node: TopologyNode, full: (topic: string) => string): TopologyNode {
  switch (node.kind) {
    case "source":
      return { ...node, topics: node.topics.map(full) };
    case "sink":
      return typeof node.topic === "string" ? { ...node, topic: full(node.topic) } : node;
    case "processor":
      return node;
  }
}

function sortedSet(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

function hashText(text: string): string {
  return (murmur2(encodeUtf8(text)) >>> 0).toString(16).padStart(8, "0");
}
