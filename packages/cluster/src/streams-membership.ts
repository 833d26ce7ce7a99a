import type { TopicPartition } from "@millrace/model";
import type { GroupMetadata, OffsetAndMetadata } from "./offset-and-metadata.ts";

/** A topic that the application has made for itself, by the group. */
export interface StreamsTopic {
  readonly name: string;
  /** 0: as many as its inputs have. */
  readonly partitionCount: number;
  /** -1: the cluster's default. */
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** A part of the topology as the group is told of it. */
export interface StreamsSubtopology {
  readonly subtopologyId: string;
  /** Those that the application does not make itself; sorted. */
  readonly sourceTopics: readonly string[];
  /** Repartition topics that it writes; sorted. */
  readonly repartitionSinkTopics: readonly string[];
  readonly repartitionSourceTopics: readonly StreamsTopic[];
  readonly changelogTopics: readonly StreamsTopic[];
  /** Inputs whose partitions must match one by one. */
  readonly copartitionGroups: readonly (readonly string[])[];
}

export interface StreamsMembershipOptions {
  readonly groupId: string;
  /** One that is kept takes its own place again after a restart. */
  readonly memberId: string;
  /** Equal for members that share state. */
  readonly processId: string;
  readonly subtopologies: readonly StreamsSubtopology[];
  readonly userEndPoint?: { readonly host: string; readonly port: number };
  readonly clientTags?: ReadonlyMap<string, string>;
  /** After this long without an answer nothing is owned any more. Default 45,000. */
  readonly sessionTimeoutMs?: number;
  /** How long a member may take to give tasks up. Default 300,000. */
  readonly rebalanceTimeoutMs?: number;
}

/** Partitions by the ids of sub-topologies: each is a task. */
export type TaskPartitions = ReadonlyMap<string, readonly number[]>;

export interface StreamsTasks {
  readonly active: TaskPartitions;
  readonly standby: TaskPartitions;
  readonly warmup: TaskPartitions;
}

/** What keeps a group from going on, or is to be known of it (Kafka: `StreamsGroupHeartbeatResponse.Status`). */
export type StreamsStatusKind =
  | "stale-topology"
  | "missing-source-topics"
  | "incorrectly-partitioned-topics"
  | "missing-internal-topics"
  | "shutdown-application"
  | "assignment-delayed"
  | "other";

export interface StreamsStatus {
  readonly kind: StreamsStatusKind;
  readonly detail: string;
}

export interface StreamsEndpoint {
  readonly host: string;
  readonly port: number;
  readonly active: readonly TopicPartition[];
  readonly standby: readonly TopicPartition[];
}

/**
 * A member of a group whose tasks the broker shares out (KIP-1071). The owner takes what `target` says, gives up what it
 * is without, and reports what it has; heartbeats go on while `follow` runs.
 */
export interface StreamsMembership {
  /** Another object at each change; undefined: the group has not decided yet, or has forgotten this member. */
  readonly target: StreamsTasks | undefined;
  /** Of the last heartbeat. */
  readonly statuses: readonly StreamsStatus[];
  readonly endpoints: readonly StreamsEndpoint[];
  readonly heartbeatIntervalMs: number;
  /** False: what was owned is lost. */
  readonly isMember: boolean;
  /**
   * By the wall clock, when this member asked last what the group then answered as to a member: nobody else had what it
   * owns until then. Whoever stood still since does not know what others have done. Undefined: not yet.
   */
  readonly confirmedMs: number | undefined;
  /** How often all was lost. */
  readonly lossCount: number;
  /** Its generation is the member's epoch. */
  readonly groupMetadata: GroupMetadata;
  /** Calls back after one of the above has changed. */
  onChange(callback: () => void): void;
  /**
   * Takes part in the group until the signal aborts; call it again where it has rejected.
   *
   * @throws ClusterError `UNSUPPORTED_BY_CLUSTER`, `GROUP_REFUSED`, `NOT_AUTHORIZED`
   */
  follow(signal: AbortSignal): Promise<void>;
  /** Asks the group at once what it would tell at the next heartbeat. */
  hear(): void;
  /** Tells what is owned, whenever that has changed. */
  report(owned: StreamsTasks): void;
  /** Committed offsets; stable ones only (waits while a transaction is pending). Partitions without one are left out. */
  committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]>;
  /** Commits outside a transaction. */
  commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void>;
  /** Has the group end the application: all members are told `shutdown-application`. */
  endApplication(signal?: AbortSignal): Promise<void>;
  /** Leaves the group; waits at most `timeoutMs`. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}
