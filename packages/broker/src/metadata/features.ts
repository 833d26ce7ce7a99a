/** A feature of the cluster, the range that is understood here, and what a new cluster is set to. */
export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/**
 * Kafka 4.3's features, as far as something stands behind them here. `transaction.version` 2 makes clients use
 * TV2; `group.version`, `streams.version` and `share.version` come with their protocols; the level of
 * `metadata.version` is what tools show as Kafka's version.
 */
export const supportedFeatures: readonly SupportedFeature[] = Object.freeze([
  { name: "eligible.leader.replicas.version", minVersion: 0, maxVersion: 1 },
  { name: "kraft.version", minVersion: 0, maxVersion: 1 },
  { name: "metadata.version", minVersion: 7, maxVersion: 30 },
  { name: "transaction.version", minVersion: 0, maxVersion: 2 },
]);

/** What a new cluster starts with. */
export const initialFeatureLevels: ReadonlyMap<string, number> = new Map([
  ["eligible.leader.replicas.version", 1],
  ["metadata.version", 30],
  ["transaction.version", 2],
]);
