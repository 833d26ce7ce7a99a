import type { StoreSpecification } from "@millrace/state";

import type { TopologyNode } from "./topology-node.ts";

/** A store that is fed with all partitions of a topic, by a source and a processor of its own (Kafka: `GlobalStore`). */
export interface GlobalStoreNodes {
  readonly specification: StoreSpecification;
  /** Names of nodes. */
  readonly source: string;
  readonly processor: string;
  /** True: it holds the records of its topic as they are, as a global table does. */
  readonly holdsTopic: boolean;
}

/** What a `TopologyBuilder` has gathered. */
export interface TopologyContents {
  /** Parents before children. */
  readonly nodes: readonly TopologyNode[];
  readonly stores: readonly StoreSpecification[];
  /** Stores that each process has whole: they are not among `stores`, their nodes are among `nodes`. */
  readonly globalStores: readonly GlobalStoreNodes[];
  /** Topics that the application makes, without its id, with the partitions that were asked for. */
  readonly internalTopics: ReadonlyMap<string, number | undefined>;
  /** Source topics that serve as changelogs, by store. */
  readonly sourceChangelogs: ReadonlyMap<string, string>;
  /** Names of sources whose topics are joined by key, and need equal numbers of partitions. */
  readonly copartitioned: readonly (readonly string[])[];
}
