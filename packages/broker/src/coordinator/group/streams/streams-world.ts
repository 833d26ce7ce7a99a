import type { Clock } from "@millrace/platform";
import type { ShardResult, ShardTimers } from "../../coordinator-shard.ts";
import type { TopicLookup } from "../../topic-lookup.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsRecord } from "./streams-record.ts";

/** What is set for a group (Kafka: `streams.*` of the group, else `group.streams.*`). */
export interface StreamsGroupConfig {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly sizeMax: number;
  readonly standbyReplicas: number;
  readonly initialRebalanceDelayMs: number;
  readonly assignmentIntervalMs: number;
}

/** Kafka's defaults. */
export const defaultStreamsGroupConfig: StreamsGroupConfig = Object.freeze({
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  sizeMax: 2 ** 31 - 1,
  standbyReplicas: 0,
  initialRebalanceDelayMs: 3_000,
  assignmentIntervalMs: 1_000,
});

/** The topics, and a number that changes whenever they may have changed. */
export interface VersionedTopics extends Pick<TopicLookup, "partitionCount" | "topicId"> {
  readonly appliedOffset: number;
}

/** What streams groups need of the shard that they are in. */
export interface StreamsWorld {
  readonly clock: Clock;
  readonly timers: ShardTimers<StreamsRecord>;
  readonly groups: Map<string, StreamsGroup>;
  readonly topics: VersionedTopics;
  readonly configOf: (groupId: string) => StreamsGroupConfig;
}

export type StreamsResult<Response = void> = ShardResult<StreamsRecord, Response>;

/** Timer keys. Ids are free texts: the length keeps them apart. */
export function sessionTimer(groupId: string, memberId: string): string {
  return `streams session ${groupId.length} ${groupId} ${memberId}`;
}

export function rebalanceTimer(groupId: string, memberId: string): string {
  return `streams rebalance ${groupId.length} ${groupId} ${memberId}`;
}

export function initialTimer(groupId: string): string {
  return `streams initial ${groupId}`;
}
