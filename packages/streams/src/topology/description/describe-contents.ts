import type { StoreSpecification } from "@millrace/state";

import { globalStoresOf, isGlobalGroup } from "../global-topology.ts";
import { nodeGroups } from "../node-groups.ts";
import { offsetResetText } from "../offset-reset.ts";
import { changelogName } from "../subtopology.ts";
import type { TopologyContents } from "../topology-contents.ts";
import type { TopologyNode } from "../topology-node.ts";
import type {
  ChangelogDescription,
  NodeDescription,
  StoreDescription,
  SubtopologyDescription,
} from "./topology-description.ts";

/** Sub-topologies as data. */
export function describeContents(contents: TopologyContents): readonly SubtopologyDescription[] {
  return nodeGroups(contents.nodes).map((group, id) => {
    const isGlobal = isGlobalGroup(group, contents);
    const used = new Set(group.flatMap((node) => (node.kind === "processor" ? node.stores : [])));
    const stores = [
      ...contents.stores,
      ...contents.globalStores.map(({ specification }) => specification),
    ];
    const sources = group.filter((node) => node.kind === "source");
    const read = new Set(sources.flatMap(({ topics }) => topics));
    return {
      id,
      isGlobal,
      nodes: group.map(describeNode),
      stores: [...used].flatMap((name) =>
        stores
          .filter((store) => store.name === name)
          .map((store) => describeStore(store, changelogOf(store, contents))),
      ),
      repartitionTopics: [...contents.internalTopics]
        .filter(([topic]) => read.has(topic))
        .map(([name, partitionCount]) => ({ name, partitionCount: partitionCount ?? null })),
      copartitioned: contents.copartitioned
        .map((names) => names.filter((name) => sources.some((source) => source.name === name)))
        .filter((names) => names.length > 1),
    };
  });
}

function describeNode(node: TopologyNode): NodeDescription {
  const { name } = node;
  const parents = [...node.parents];
  switch (node.kind) {
    case "source":
      return {
        kind: "source",
        name,
        topics: [...node.topics],
        pattern: node.pattern?.source ?? null,
        key: node.keySerde.name,
        value: node.valueSerde.name,
        offsetReset: node.offsetReset === undefined ? null : offsetResetText(node.offsetReset),
        parents,
      };
    case "processor":
      return { kind: "processor", name, stores: [...node.stores], parents };
    case "sink": {
      const { topic } = node;
      return {
        kind: "sink",
        name,
        topic: typeof topic === "string" ? topic : null,
        extractor: typeof topic === "string" ? null : topic.name,
        key: node.keySerde.name,
        value: node.valueSerde.name,
        parents,
      };
    }
  }
}

const commonSettings = new Set(["caching", "logging"]);

function describeStore(
  specification: StoreSpecification,
  changelog: ChangelogDescription | null,
): StoreDescription {
  const { name, kind, engine, caching, key, value } = specification;
  const settings = Object.entries(specification).filter(
    (entry): entry is [string, number | boolean | string] =>
      !commonSettings.has(entry[0]) &&
      (typeof entry[1] === "number" ||
        typeof entry[1] === "boolean" ||
        (entry[0] === "windows" && typeof entry[1] === "string")),
  );
  return {
    name,
    kind: kind.name,
    layout: kind.layout,
    engine,
    caching,
    key: key.name,
    value: value.name,
    changelog,
    settings: {
      ...Object.fromEntries(settings),
      ...(kind.segmentSpanMs && { segmentSpanMs: kind.segmentSpanMs(specification) }),
    },
  };
}

function changelogOf(
  store: StoreSpecification,
  contents: TopologyContents,
): ChangelogDescription | null {
  const global = globalStoresOf(contents).find(({ specification }) => specification === store);
  const source = global?.topic ?? contents.sourceChangelogs.get(store.name);
  if (source !== undefined) return { topic: source, isSourceTopic: true, configs: {} };
  if (store.logging === false) return null;
  const configs = { ...store.kind.changelogConfigs(store) };
  return { topic: changelogName(store.name), isSourceTopic: false, configs };
}
