import type { StoreSpecification } from "@millrace/state";

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
  /** Names of sources whose topics are joined by key, and need equal numbers of partitions. */
  readonly copartitioned: readonly (readonly string[])[];
}
