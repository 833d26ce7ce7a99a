import type { LogDirectory } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { GroupOffsets } from "../coordinator/group/offsets/group-offsets.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { UpkeepMetrics } from "../metrics/upkeep-metrics.ts";
import type { Partitions } from "../partition/partitions.ts";
import type { StorageGuard } from "../partition/storage-guard.ts";
import type { MetadataSnapshots } from "../metadata/metadata-snapshots.ts";
import type { MetadataStore } from "../metadata/metadata-store.ts";
import type { Partition } from "../partition/partition.ts";
import { inTurns } from "./in-turns.ts";
import { MetadataSnapshotter } from "./metadata-snapshotter.ts";
import { Cleaner } from "./compaction.ts";
import { RecurringJobs, type RecurringJob } from "./recurring-jobs.ts";
import { retainAll } from "./retention.ts";

/** A crash costs a scan, and a second write, of what came after the last one. */
const recoveryPointIntervalMs = 1000;
/** How long files stay beyond their time at most. */
const removalIntervalMs = 1000;
/** Some 24 days. */
const timerMsMax = 2 ** 31 - 1;
/** How often it is looked whether a snapshot of the metadata is due. */
const snapshotCheckIntervalMs = 1000;

export interface UpkeepParts {
  readonly directory: LogDirectory;
  readonly partitions: Partitions;
  readonly coordinators: {
    readonly groups: { readonly offsets: Pick<GroupOffsets, "expire"> };
    readonly transactions: Pick<TransactionCoordinator, "expireIds">;
    readonly share: Pick<ShareCoordinator, "snapshotCold" | "prune">;
  };
  readonly metadata: MetadataStore;
  readonly metadataLog: Partition;
  readonly metadataSnapshots: MetadataSnapshots;
  readonly storage: StorageGuard;
  readonly metrics: UpkeepMetrics;
}

/** What a broker does by itself, without being asked (Kafka: `LogManager`'s scheduled tasks). */
export function startUpkeep(
  platform: Platform,
  config: BrokerConfig,
  parts: UpkeepParts,
): RecurringJobs {
  const { directory, partitions, coordinators, storage, metrics } = parts;
  const jobs = new RecurringJobs(platform);
  /** Milliseconds, or the property that says how many. */
  const every = (interval: number | string, name: string, run: RecurringJob["run"]) => {
    const intervalMs = () => (typeof interval === "number" ? interval : config.number(interval));
    jobs.start({ name, delayMs: intervalMs(), intervalMs, run });
  };
  every(recoveryPointIntervalMs, "checkpoint", () => directory.checkpoint());
  const each = (signal: AbortSignal, act: (partition: Partition) => void) =>
    inTurns(platform, partitions.all(), { act, signal });
  every("producer.id.expiration.check.interval.ms", "producers", (signal) =>
    each(signal, (partition) => partition.removeExpiredProducers()),
  );
  jobs.start({
    name: "retention",
    delayMs: config.number("log.initial.task.delay.ms"),
    intervalMs: () => config.number("log.retention.check.interval.ms"),
    run: (signal) => retainAll({ platform, metrics }, partitions.all(), signal),
  });
  const admitWrite = () => storage.admitWrite();
  const cleaner = new Cleaner({ platform, config, partitions, metrics, admitWrite });
  every("log.cleaner.backoff.ms", "compaction", (signal) => cleaner.run(signal));
  const snapshotter = new MetadataSnapshotter({ ...parts, platform, config, admitWrite });
  every(snapshotCheckIntervalMs, "metadata-snapshots", (signal) => snapshotter.run(signal));
  const flushIntervalMs = config.number("log.flush.scheduler.interval.ms");
  // By default never: a timer cannot wait for so long.
  if (flushIntervalMs <= timerMsMax)
    every(Math.max(1, flushIntervalMs), "flush", (signal) => {
      const nowMs = platform.clock.monotonicMs();
      return each(signal, (partition) => partition.flushOld(nowMs));
    });
  every(removalIntervalMs, "removal", (signal) =>
    each(signal, (partition) => partition.removeRetired()),
  );
  const { groups, transactions, share } = coordinators;
  every("offsets.retention.check.interval.ms", "offsets", (signal) =>
    groups.offsets.expire(signal),
  );
  every("transaction.remove.expired.transaction.cleanup.interval.ms", "transactional-ids", () =>
    transactions.expireIds(),
  );
  every("share.coordinator.cold.partition.snapshot.interval.ms", "share-state-snapshots", () =>
    share.snapshotCold(),
  );
  every("share.coordinator.state.topic.prune.interval.ms", "share-state-pruning", () =>
    share.prune(),
  );
  return jobs;
}
