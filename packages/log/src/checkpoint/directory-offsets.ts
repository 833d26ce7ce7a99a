import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { FileSystem, Logger } from "@millrace/platform";
import { NotedOffsets } from "./noted-offsets.ts";
import { findCleanedOffsets, findOffsets } from "./twice-kept-offsets.ts";

/** What of a log is noted. */
export interface NotedLog extends TopicPartition {
  readonly durableOffset: Offset;
  readonly logStartOffset: Offset;
  readonly isNew: boolean;
  readonly damage: unknown;
  readonly failure: unknown;
  readonly recovery: { readonly recoveryPoint: Offset };
}

/**
 * How far the logs of a directory are durable, and from where on they are there. Nothing else knows either once a log's
 * last file is gone, so each is there twice.
 */
export class DirectoryOffsets {
  /** They were noted, and cannot be read. */
  readonly areRecoveryPointsLost: boolean;
  readonly #recoveryPoints: NotedOffsets;
  readonly #logStartOffsets: NotedOffsets;
  /** A log of which nothing is noted is compacted from its begin on. */
  readonly #cleanedOffsets: NotedOffsets;

  /** @throws CheckpointError the log starts are lost, in both files */
  constructor(fileSystem: FileSystem, directory: string, logger: Logger) {
    const { recoveryPoints, logStarts, areStartsLost } = findOffsets(fileSystem, directory);
    if (areStartsLost) throw logStarts.faults[0];
    for (const error of [...recoveryPoints.faults, ...logStarts.faults])
      logger.log("warn", "log.checkpoint-rebuilt", { path: error.path, error });
    this.areRecoveryPointsLost =
      recoveryPoints.offsets === undefined && recoveryPoints.faults.length > 0;
    this.#recoveryPoints = new NotedOffsets(fileSystem, recoveryPoints);
    this.#logStartOffsets = new NotedOffsets(fileSystem, logStarts);
    this.#cleanedOffsets = new NotedOffsets(fileSystem, findCleanedOffsets(fileSystem, directory));
  }

  recoveryPoint(name: string): Offset | undefined {
    return this.#recoveryPoints.get(name);
  }

  logStartOffset(name: string): Offset {
    return this.#logStartOffsets.get(name) ?? 0;
  }

  /** Compacted up to here; undefined: never, as far as is known. */
  cleanedOffset(name: string): Offset | undefined {
    return this.#cleanedOffsets.get(name);
  }

  /** Whether records are known to have been in the log, deleted ones too. */
  hasSeenRecords(name: string): boolean {
    return (this.recoveryPoint(name) ?? 0) > 0 || this.logStartOffset(name) > 0;
  }

  forget(name: string): void {
    this.#recoveryPoints.forget(name);
    this.#logStartOffsets.forget(name);
    this.#cleanedOffsets.forget(name);
  }

  forgetUnless(isKnown: (partition: TopicPartition) => boolean): void {
    this.#recoveryPoints.forgetUnless(isKnown);
    this.#logStartOffsets.forgetUnless(isKnown);
    this.#cleanedOffsets.forgetUnless(isKnown);
  }

  /**
   * Of damaged and failed logs what was durable when they were opened stays: it must not be forgotten, for the next start
   * would take what is missing for what a crash has torn. That a log is noted says that its folder is on the device.
   */
  collect(logs: Iterable<NotedLog>): void {
    for (const log of logs) {
      if (log.isNew) continue;
      if (log.damage === undefined && log.failure === undefined)
        this.#recoveryPoints.note(log, log.durableOffset);
      else if (this.recoveryPoint(topicPartitionName(log.topic, log.partition)) === undefined)
        this.#recoveryPoints.note(log, log.recovery.recoveryPoint);
    }
  }

  /** Writes what has changed; resolves once it is durable, together with all that is being written. */
  async save(): Promise<void> {
    await this.#logStartOffsets.save();
    await this.#recoveryPoints.save();
    await this.#cleanedOffsets.save();
  }

  async saveLogStartOffset(partition: TopicPartition, offset: Offset): Promise<void> {
    const known = this.logStartOffset(topicPartitionName(partition.topic, partition.partition));
    if (offset > known) this.#logStartOffsets.note(partition, offset);
    await this.#logStartOffsets.save();
  }

  async saveRecoveryPoint(partition: TopicPartition, offset: Offset): Promise<void> {
    const known = this.recoveryPoint(topicPartitionName(partition.topic, partition.partition));
    if (offset > (known ?? -1)) this.#recoveryPoints.note(partition, offset);
    await this.#logStartOffsets.save();
    await this.#recoveryPoints.save();
  }

  async saveCleanedOffset(partition: TopicPartition, offset: Offset): Promise<void> {
    this.#cleanedOffsets.note(partition, offset);
    await this.#cleanedOffsets.save();
  }
}
