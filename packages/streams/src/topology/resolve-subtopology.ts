import type { StoreSpecification } from "@millrace/state";

import { repartitionConfigs } from "./internal-topic-configs.ts";
import {
  changelogName,
  type ChangelogTopic,
  type CopartitionGroup,
  type InternalTopic,
  type Subtopology,
} from "./subtopology.ts";
import type { TopologyContents } from "./topology-contents.ts";
import type { TopologyNode } from "./topology-node.ts";

export interface SubtopologyIdentity {
  readonly id: number;
  readonly applicationId: string;
}

/** A connected group of nodes as an application runs it: with the full names of internal topics, and its stores. */
export function resolveSubtopology(
  contents: TopologyContents,
  group: readonly TopologyNode[],
  { id, applicationId }: SubtopologyIdentity,
): Subtopology {
  const { internalTopics } = contents;
  const full = (topic: string): string =>
    internalTopics.has(topic) ? `${applicationId}-${topic}` : topic;
  const nodes = group.map((node) => resolveNode(node, full));
  const rawSources = topicsOf(group);
  const sinks = nodes.flatMap((node) =>
    node.kind === "sink" && typeof node.topic === "string" ? [node.topic] : [],
  );
  const names = new Set(nodes.flatMap((node) => (node.kind === "processor" ? node.stores : [])));
  const stores = [...names].flatMap((name) =>
    contents.stores.filter((store) => store.name === name),
  );
  const changelogs = stores.flatMap((store) => changelogOf(store, contents, applicationId));
  return Object.freeze({
    id,
    applicationId,
    nodes,
    stores,
    sourceTopics: sortedSet(rawSources.map(full)),
    sourcePatterns: patternsOf(group),
    sinkTopics: sortedSet(sinks),
    repartitionTopics: sortedSet(rawSources.filter((topic) => internalTopics.has(topic))).map(
      (topic): InternalTopic => ({
        name: full(topic),
        partitionCount: internalTopics.get(topic),
        configs: repartitionConfigs,
      }),
    ),
    copartitionGroups: contents.copartitioned
      .map((sources): CopartitionGroup => {
        const joined = group.filter(
          (node) => node.kind === "source" && sources.includes(node.name),
        );
        return {
          topics: sortedSet(topicsOf(joined).map(full)),
          patterns: patternsOf(joined),
        };
      })
      .filter(({ topics, patterns }) => topics.length + patterns.length > 1),
    changelogTopics: changelogs.toSorted((left, right) => (left.name < right.name ? -1 : 1)),
  });
}

function topicsOf(nodes: readonly TopologyNode[]): readonly string[] {
  return nodes.flatMap((node) => (node.kind === "source" ? node.topics : []));
}

function patternsOf(nodes: readonly TopologyNode[]): readonly RegExp[] {
  return nodes.flatMap((node) =>
    node.kind === "source" && node.pattern !== undefined ? [node.pattern] : [],
  );
}

function changelogOf(
  store: StoreSpecification,
  contents: TopologyContents,
  applicationId: string,
): readonly ChangelogTopic[] {
  const source = contents.sourceChangelogs.get(store.name);
  if (source === undefined && store.logging === false) return [];
  return [
    {
      name: source ?? `${applicationId}-${changelogName(store.name)}`,
      store: store.name,
      isSourceTopic: source !== undefined,
      partitionCount: undefined,
      configs: store.kind.changelogConfigs(store),
    },
  ];
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
