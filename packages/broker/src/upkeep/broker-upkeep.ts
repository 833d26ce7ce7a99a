import type { LogDirectory } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { UpkeepMetrics } from "../metrics/upkeep-metrics.ts";
import type { Partitions } from "../partition/partitions.ts";
import type { StorageGuard } from "../partition/storage-guard.ts";
import { Cleaner } from "./compaction.ts";
import { RecurringJobs } from "./recurring-jobs.ts";
import { retainAll } from "./retention.ts";

/** A crash costs a scan, and a second write, of what came after the last one. */
const recoveryPointIntervalMs = 1000;
/** How long files stay beyond their time at most. */
const removalIntervalMs = 1000;

export interface UpkeepParts {
  readonly directory: LogDirectory;
  readonly partitions: Partitions;
  readonly share: Pick<ShareCoordinator, "snapshotCold" | "prune">;
  readonly storage: StorageGuard;
  readonly metrics: UpkeepMetrics;
}

/** What a broker does by itself, without being asked (Kafka: `LogManager`'s scheduled tasks). */
export function startUpkeep(
  platform: Platform,
  config: BrokerConfig,
  { directory, partitions, share, storage, metrics }: UpkeepParts,
): RecurringJobs {
  const jobs = new RecurringJobs(platform);
  jobs.start({
    name: "checkpoint",
    delayMs: recoveryPointIntervalMs,
    intervalMs: () => recoveryPointIntervalMs,
    run: () => directory.checkpoint(),
  });
  jobs.start({
    name: "producers",
    delayMs: config.number("producer.id.expiration.check.interval.ms"),
    intervalMs: () => config.number("producer.id.expiration.check.interval.ms"),
    run: async () => {
      for (const partition of partitions.all()) partition.removeExpiredProducers();
    },
  });
  jobs.start({
    name: "retention",
    delayMs: config.number("log.initial.task.delay.ms"),
    intervalMs: () => config.number("log.retention.check.interval.ms"),
    run: (signal) => retainAll({ platform, metrics }, partitions.all(), signal),
  });
  const admitWrite = () => storage.admitWrite();
  const cleaner = new Cleaner({ platform, config, partitions, metrics, admitWrite });
  jobs.start({
    name: "compaction",
    delayMs: config.number("log.cleaner.backoff.ms"),
    intervalMs: () => config.number("log.cleaner.backoff.ms"),
    run: (signal) => cleaner.run(signal),
  });
  jobs.start({
    name: "removal",
    delayMs: removalIntervalMs,
    intervalMs: () => removalIntervalMs,
    run: async () => {
      for (const partition of partitions.all()) partition.removeRetired();
    },
  });
  jobs.start({
    name: "share-state-snapshots",
    delayMs: config.number("share.coordinator.cold.partition.snapshot.interval.ms"),
    intervalMs: () => config.number("share.coordinator.cold.partition.snapshot.interval.ms"),
    run: () => share.snapshotCold(),
  });
  jobs.start({
    name: "share-state-pruning",
    delayMs: config.number("share.coordinator.state.topic.prune.interval.ms"),
    intervalMs: () => config.number("share.coordinator.state.topic.prune.interval.ms"),
    run: () => share.prune(),
  });
  return jobs;
}
