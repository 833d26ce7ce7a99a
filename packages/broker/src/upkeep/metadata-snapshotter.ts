import type { LogDirectory } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { MetadataSnapshots } from "../metadata/metadata-snapshots.ts";
import type { MetadataStore } from "../metadata/metadata-store.ts";
import type { Partition } from "../partition/partition.ts";

export interface SnapshotterParts {
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly directory: Pick<LogDirectory, "removed">;
  readonly metadata: MetadataStore;
  readonly metadataLog: Partition;
  readonly metadataSnapshots: MetadataSnapshots;
  /** Throws while there is no room for what is written. */
  readonly admitWrite: () => void;
}

/**
 * Bounds the metadata's log by snapshots (Kafka: `SnapshotGenerator`, `KafkaRaftLog.maybeClean`): each is written
 * where enough has come since the last one, and the log begins at the one before it then.
 */
export class MetadataSnapshotter {
  readonly #parts: SnapshotterParts;
  /** When one was tried, by the monotonic clock, and the bytes of records that there were. */
  #triedMs: number;
  #triedBytes = 0;

  constructor(parts: SnapshotterParts) {
    this.#parts = parts;
    this.#triedMs = parts.platform.clock.monotonicMs();
  }

  /** Takes one if it is due. */
  async run(signal: AbortSignal): Promise<void> {
    if (!this.#isDue()) return;
    const { platform, metadata, metadataLog, metadataSnapshots, admitWrite } = this.#parts;
    this.#triedMs = platform.clock.monotonicMs();
    this.#triedBytes = metadata.recordBytes;
    admitWrite();
    const before = metadataSnapshots.newest;
    // So that what the snapshot stands for can go as a whole.
    metadataLog.roll();
    const logTimestamp = metadataLog.maxTimestamp()?.timestamp ?? 0;
    const { offset, epoch } = await metadataSnapshots.write(metadata.image, logTimestamp, signal);
    const { path } = metadataLog;
    platform.logger.log("info", "broker.metadata-snapshot-taken", { path, offset, epoch });
    if (before !== undefined) await this.#begin(before.offset);
  }

  #isDue(): boolean {
    const { platform, config, metadata } = this.#parts;
    const bytes = metadata.recordBytes - this.#triedBytes;
    if (bytes >= config.number("metadata.log.max.record.bytes.between.snapshots")) return true;
    const intervalMs = config.number("metadata.log.max.snapshot.interval.ms");
    const elapsedMs = platform.clock.monotonicMs() - this.#triedMs;
    return bytes > 0 && intervalMs > 0 && elapsedMs >= intervalMs;
  }

  /** Two snapshots are kept, and all that came after the older one. */
  async #begin(offset: number): Promise<void> {
    const { platform, directory, metadataLog, metadataSnapshots } = this.#parts;
    // The log alone explains a folder that a crash brings back.
    await directory.removed();
    platform.probe?.("C17");
    await metadataLog.deleteRecordsBefore(offset);
    platform.probe?.("C17");
    metadataSnapshots.removeBelow(offset);
  }
}
