import { SerdeUses, type Serde, type SerdePreparation } from "@millrace/serde";

import type { GlobalStore } from "./global-topology.ts";
import type { Subtopology } from "./subtopology.ts";

interface Serdes {
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
}

/**
 * What the serdes of a topology are used for, as far as that is known before it runs: sources, sinks, repartition topics
 * and stores. Not: the topics that a pattern matches, or a function chooses.
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
  for (const { nodes, stores, changelogTopics } of subtopologies) {
    for (const node of nodes) {
      if (node.kind === "processor") continue;
      const serdes = { key: node.keySerde, value: node.valueSerde };
      if (node.kind === "source")
        for (const topic of node.topics) add(serdes, { topic, reads: true, writes: false });
      else if (typeof node.topic === "string")
        add(serdes, { topic: node.topic, reads: false, writes: true });
    }
    for (const store of stores) {
      const changelog = changelogTopics.find((topic) => topic.store === store.name);
      add(store, { topic: changelog?.name ?? store.name, reads: true, writes: true });
    }
  }
  for (const { specification, topic, source } of globalStores) {
    add({ key: source.keySerde, value: source.valueSerde }, { topic, reads: true, writes: false });
    add(specification, { topic, reads: true, writes: true });
  }
  return uses.preparations;
}
