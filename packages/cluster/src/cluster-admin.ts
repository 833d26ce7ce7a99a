import type { Offset, TopicPartition } from "@millrace/model";

/** What a program asks of a cluster beside records. */
export interface ClusterAdmin {
  describeCluster(signal?: AbortSignal): Promise<ClusterDescription>;
  /** Topics that are not there are not in the map. */
  describeTopics(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicDescription>>;
  listTopics(signal?: AbortSignal): Promise<readonly TopicDescription[]>;
  /** One result per topic, in order: a topic that fails does not keep the others from being made. */
  createTopics(topics: readonly NewTopic[], signal?: AbortSignal): Promise<readonly TopicResult[]>;
  deleteTopics(topics: readonly string[], signal?: AbortSignal): Promise<readonly TopicResult[]>;
  /** How topics are set up. @throws of the first one that is not there, or that the principal may not ask about */
  describeConfigs(
    topics: readonly { readonly kind: "topic"; readonly name: string }[],
    signal?: AbortSignal,
  ): Promise<readonly TopicConfigs[]>;
  /** `latest` honours the isolation: the last stable offset for read_committed. */
  listOffsets(
    partitions: readonly (TopicPartition & { readonly at: OffsetSpecification })[],
    options?: {
      readonly isolation?: "read_committed" | "read_uncommitted";
      readonly signal?: AbortSignal;
    },
  ): Promise<readonly (TopicPartition & { readonly offset: Offset; readonly timestamp: number })[]>;
  /** Records below the offsets may be deleted from now on. */
  deleteRecords(
    offsets: readonly (TopicPartition & { readonly offset: Offset })[],
    signal?: AbortSignal,
  ): Promise<void>;
}

/** `{ timestamp }`: the first record at or after it; -1 if there is none. */
export type OffsetSpecification = "earliest" | "latest" | { readonly timestamp: number };

export interface ClusterDescription {
  readonly clusterId: string;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
  }[];
}

export interface TopicDescription {
  readonly name: string;
  /** Undefined where the cluster has none. */
  readonly topicId: string | undefined;
  readonly partitionCount: number;
  readonly isInternal: boolean;
  /** By partition, the racks of its replicas; undefined where it is not known of each. */
  readonly replicaRacks?: readonly (readonly string[] | undefined)[];
}

export interface NewTopic {
  readonly name: string;
  /** -1: the cluster's default. */
  readonly partitionCount: number;
  /** -1 or absent: the cluster's default. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

export interface TopicConfigs {
  readonly name: string;
  /** All of them, also those that nobody has set. */
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface TopicResult {
  readonly name: string;
  /** Undefined: done. */
  readonly error: Error | undefined;
}
