/** What is set for a share group (Kafka: `share.*` of the group, else `group.share.*`). */
export interface ShareGroupConfig {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly sizeMax: number;
  readonly assignmentIntervalMs: number;
  /** After so long without an answer, the state of a partition is begun once more. */
  readonly initializeRetryIntervalMs: number;
}

/** Kafka's defaults. */
export const defaultShareGroupConfig: ShareGroupConfig = Object.freeze({
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  sizeMax: 200,
  assignmentIntervalMs: 1_000,
  initializeRetryIntervalMs: 30_000,
});
