/** A feature of the cluster, and the range that is understood here. */
export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/**
 * Kafka 4.3's features. `transaction.version` 2 makes clients use TV2; `group.version`, `streams.version` and
 * `share.version` come with their protocols; the level of `metadata.version` is what tools show as Kafka's version.
 */
export const supportedFeatures: readonly SupportedFeature[] = Object.freeze([
  { name: "eligible.leader.replicas.version", minVersion: 0, maxVersion: 1 },
  { name: "group.version", minVersion: 0, maxVersion: 1 },
  { name: "kraft.version", minVersion: 0, maxVersion: 1 },
  { name: "metadata.version", minVersion: 7, maxVersion: 30 },
  { name: "share.version", minVersion: 0, maxVersion: 1 },
  { name: "streams.version", minVersion: 0, maxVersion: 1 },
  { name: "transaction.version", minVersion: 0, maxVersion: 2 },
]);

/** What a new cluster starts with, and an older one gets where it was never set. */
export const initialFeatureLevels: ReadonlyMap<string, number> = new Map([
  ["eligible.leader.replicas.version", 1],
  ["group.version", 1],
  ["metadata.version", 30],
  ["share.version", 1],
  ["streams.version", 1],
  ["transaction.version", 2],
]);
