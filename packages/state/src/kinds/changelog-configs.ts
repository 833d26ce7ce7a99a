import type { StoreSpecification } from "../contract/store-specification.ts";

/** What a changelog keeps longer than its store, so that clocks and restores may be late (Kafka's default). */
const additionalRetentionMs = 86_400_000;

/** Of the changelog of a store that keeps the last value of each key, and what the user says over them. */
export function compactedChangelog({
  logging,
}: StoreSpecification): Readonly<Record<string, string>> {
  return {
    "cleanup.policy": "compact",
    "message.timestamp.type": "CreateTime",
    ...configsOf(logging),
  };
}

/** Of the changelog of a store whose rows expire, and what the user says over them. */
export function expiringChangelog(
  { logging }: StoreSpecification,
  retentionMs: number,
  policy: "compact,delete" | "delete",
): Readonly<Record<string, string>> {
  return {
    "cleanup.policy": policy,
    "message.timestamp.type": "CreateTime",
    "retention.ms": longText(retentionMs + additionalRetentionMs),
    ...configsOf(logging),
  };
}

/** Of the changelog of a versioned store: versions that may still be asked for are not compacted. */
export function versionedChangelog(
  specification: StoreSpecification,
  historyRetentionMs: number,
): Readonly<Record<string, string>> {
  return {
    "cleanup.policy": "compact",
    "message.timestamp.type": "CreateTime",
    "min.compaction.lag.ms": String(historyRetentionMs + additionalRetentionMs),
    ...configsOf(specification.logging),
  };
}

/** Windows may have no end: then the highest long stands for it, as in Java. */
function longText(value: number): string {
  return value >= 2 ** 63 ? "9223372036854775807" : String(value);
}

function configsOf(logging: StoreSpecification["logging"]): Readonly<Record<string, string>> {
  return typeof logging === "boolean" ? {} : logging;
}
