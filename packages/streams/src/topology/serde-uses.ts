import { SerdeUses, type Serde, type SerdePreparation } from "@millrace/serde";

import type { GlobalStore } from "./global-topology.ts";
import { changelogName, type Subtopology } from "./subtopology.ts";

interface Serdes {
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
}

/**
 * What the serdes of a topology are used for, as far as that is known before it runs: sources, sinks, repartition topics,
 * stores, and what processors keep as bytes of their own. Not: the topics that a pattern matches, or a function chooses.
 */
export function serdeUsesOf(
  subtopologies: readonly Subtopology[],
  globalStores: readonly GlobalStore[],
): readonly SerdePreparation[] {
  const uses = new SerdeUses();
  const add = (
    { key, value }: Serdes,
    use: { readonly topic: string; readonly reads: boolean; readonly writes: boolean },
  ): void => {
    uses.add(key, { ...use, part: "key" });
    uses.add(value, { ...use, part: "value" });
  };
  for (const { applicationId, nodes, stores, changelogTopics } of subtopologies) {
    for (const node of nodes) {
      if (node.kind === "processor") {
        for (const { serde, part, topic } of node.serdeUses ?? [])
          uses.add(serde, { topic: `${applicationId}-${topic}`, part, reads: true, writes: true });
        continue;
      }
      const serdes = { key: node.keySerde, value: node.valueSerde };
      if (node.kind === "source")
        for (const topic of node.topics) add(serdes, { topic, reads: true, writes: false });
      else if (typeof node.topic === "string")
        add(serdes, { topic: node.topic, reads: false, writes: true });
    }
    for (const store of stores) {
      const changelog = changelogTopics.find((topic) => topic.store === store.name);
      const topic = changelog?.name ?? `${applicationId}-${changelogName(store.name)}`;
      add(store, { topic, reads: true, writes: true });
    }
  }
  for (const { specification, topic, source } of globalStores) {
    add({ key: source.keySerde, value: source.valueSerde }, { topic, reads: true, writes: false });
    add(specification, { topic, reads: true, writes: true });
  }
  return uses.preparations;
}
