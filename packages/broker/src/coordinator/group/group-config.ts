import type { ConsumerGroupConfig } from "./consumer/consumer-config.ts";
import type { ShareGroupConfig } from "./share/share-config.ts";
import type { StreamsGroupConfig } from "./streams/streams-config.ts";

/** What is set for groups: for all of them, or for each one. */
export interface GroupConfigs {
  readonly classic: GroupConfig;
  readonly consumerOf: (groupId: string) => ConsumerGroupConfig;
  readonly shareOf: (groupId: string) => ShareGroupConfig;
  readonly streamsOf: (groupId: string) => StreamsGroupConfig;
}

/** In parentheses: Kafka's property, whose default it has. */
export interface GroupConfig {
  /** `group.min.session.timeout.ms` */
  readonly sessionTimeoutMsMin: number;
  /** `group.max.session.timeout.ms` */
  readonly sessionTimeoutMsMax: number;
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number;
  /** `group.max.size` */
  readonly sizeMax: number;
  /** How long a new member may wait in its first join. */
  readonly newMemberJoinTimeoutMs: number;
  /** `offset.metadata.max.bytes`, which Kafka counts in UTF-16 units. */
  readonly offsetMetadataLengthMax: number;
  /** `offsets.retention.minutes` */
  readonly offsetsRetentionMs: number;
}

export const defaultGroupConfig: GroupConfig = {
  sessionTimeoutMsMin: 6_000,
  sessionTimeoutMsMax: 1_800_000,
  initialRebalanceDelayMs: 3_000,
  sizeMax: 2_147_483_647,
  newMemberJoinTimeoutMs: 300_000,
  offsetMetadataLengthMax: 4_096,
  offsetsRetentionMs: 604_800_000,
};
