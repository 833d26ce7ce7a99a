/** What is set for a consumer group (Kafka: `consumer.*` of the group, else `group.consumer.*`). */
export interface ConsumerGroupConfig {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly assignmentIntervalMs: number;
  readonly sizeMax: number;
  /** How old the topics that a pattern has matched may get. */
  readonly regexRefreshIntervalMs: number;
  /** Names of the assignors that members may ask for; the first one is the default. */
  readonly assignors: readonly string[];
  /** A classic group of consumers becomes a consumer group when a member of that protocol joins. */
  readonly isUpgradeEnabled: boolean;
  /** A consumer group becomes a classic one when its last member of that protocol leaves. */
  readonly isDowngradeEnabled: boolean;
}

/** Kafka's defaults. */
export const defaultConsumerGroupConfig: ConsumerGroupConfig = Object.freeze({
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  assignmentIntervalMs: 1_000,
  sizeMax: 2 ** 31 - 1,
  regexRefreshIntervalMs: 600_000,
  assignors: ["uniform", "range"],
  isUpgradeEnabled: true,
  isDowngradeEnabled: true,
});
