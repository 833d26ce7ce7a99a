import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { FileSystem, Logger } from "@millrace/platform";
import { CheckpointError } from "./checkpoint-file.ts";
import { NotedOffsets } from "./noted-offsets.ts";
import { readOffsetCheckpoint, type PartitionOffset } from "./offset-checkpoint.ts";

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
 * How far the logs of a directory are durable, and from where on they are there. The first can be found out from the
 * logs if its file is damaged; nothing else knows the second, so its file is there twice.
 */
export class DirectoryOffsets {
  readonly #recoveryPoints: NotedOffsets;
  readonly #logStartOffsets: NotedOffsets;

  /** @throws CheckpointError no copy of the log starts can be read */
  constructor(fileSystem: FileSystem, directory: string, logger: Logger) {
    const recoveryPath = `${directory}/recovery-point-offset-checkpoint`;
    const startPath = `${directory}/log-start-offset-checkpoint`;
    const copyPath = `${startPath}.copy`;
    let damage: CheckpointError | undefined;
    const lost = (error: CheckpointError): void => {
      damage = error;
      logger.log("warn", "log.checkpoint-rebuilt", { path: error.path, error });
    };
    const recovery = readOr(fileSystem, recoveryPath, lost);
    this.#recoveryPoints = new NotedOffsets(fileSystem, [recoveryPath], {
      offsets: recovery ?? new Map(),
      isSaved: recovery !== undefined,
    });
    damage = undefined;
    const first = readOr(fileSystem, startPath, lost);
    const copy =
      first === undefined
        ? readOffsetCheckpoint(fileSystem, copyPath)
        : readOr(fileSystem, copyPath, lost);
    if (first === undefined && copy === undefined && damage !== undefined) throw damage;
    this.#logStartOffsets = new NotedOffsets(fileSystem, [startPath, copyPath], {
      // Of two that differ the first is the newer one.
      offsets: first ?? copy ?? new Map(),
      isSaved: first !== undefined && copy !== undefined,
    });
  }

  recoveryPoint(name: string): Offset | undefined {
    return this.#recoveryPoints.get(name);
  }

  logStartOffset(name: string): Offset {
    return this.#logStartOffsets.get(name) ?? 0;
  }

  /** Whether records are known to have been in the log, deleted ones too. */
  hasSeenRecords(name: string): boolean {
    return (this.recoveryPoint(name) ?? 0) > 0 || this.logStartOffset(name) > 0;
  }

  forget(name: string): void {
    this.#recoveryPoints.forget(name);
    this.#logStartOffsets.forget(name);
  }

  forgetUnless(isKnown: (partition: TopicPartition) => boolean): void {
    this.#recoveryPoints.forgetUnless(isKnown);
    this.#logStartOffsets.forgetUnless(isKnown);
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
    await this.#recoveryPoints.save();
    await this.#logStartOffsets.save();
  }

  async saveLogStartOffset(partition: TopicPartition, offset: Offset): Promise<void> {
    const known = this.logStartOffset(topicPartitionName(partition.topic, partition.partition));
    if (offset > known) this.#logStartOffsets.note(partition, offset);
    await this.#logStartOffsets.save();
  }
}

/** Undefined where it is missing, or damaged, which is told. */
function readOr(
  fileSystem: FileSystem,
  path: string,
  damaged: (error: CheckpointError) => void,
): Map<string, PartitionOffset> | undefined {
  try {
    return readOffsetCheckpoint(fileSystem, path);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    damaged(error);
    return undefined;
  }
}
