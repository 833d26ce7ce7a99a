import type { StoreSpecification } from "@millrace/state";

import type { TopologyNode } from "./topology-node.ts";

/**
 * A connected part of a topology, the work of one task per partition (Kafka: `Subtopology`). Internal topics
 * have their full names, with the application id in front.
 */
export interface Subtopology {
  readonly id: number;
  readonly applicationId: string;
  /** Parents come before their children. */
  readonly nodes: readonly TopologyNode[];
  /** In registration order. */
  readonly stores: readonly StoreSpecification[];
  /** Sorted; repartition topics included, topics of patterns not. */
  readonly sourceTopics: readonly string[];
  readonly sourcePatterns: readonly RegExp[];
  /** Sorted; those that are known beforehand. */
  readonly sinkTopics: readonly string[];
  /** Internal topics that it reads: the partition counts come from the sub-topologies that write them. */
  readonly repartitionTopics: readonly InternalTopic[];
  /** Inputs that are joined by key: their partitions must match one by one. */
  readonly copartitionGroups: readonly CopartitionGroup[];
  /** One per logged store, and those source topics that serve as one. */
  readonly changelogTopics: readonly ChangelogTopic[];
}

/** Inputs that are joined by key. */
export interface CopartitionGroup {
  /** Sorted; topics of patterns not. */
  readonly topics: readonly string[];
  readonly patterns: readonly RegExp[];
}

/**
 * What the changelog of a store is called, without the application's id. Serdes are told it for a store without one, too,
 * as in Kafka.
 */
export function changelogName(store: string): string {
  return `${store}-changelog`;
}

/** A topic that the application makes for itself. */
export interface InternalTopic {
  readonly name: string;
  /** Undefined: as many as the topics upstream have. */
  readonly partitionCount: number | undefined;
  /** Kafka's topic configs. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface ChangelogTopic extends InternalTopic {
  readonly store: string;
  /** True: an input topic of the sub-topology; it is neither created nor written. */
  readonly isSourceTopic: boolean;
}
