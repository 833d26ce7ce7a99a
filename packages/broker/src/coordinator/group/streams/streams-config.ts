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
