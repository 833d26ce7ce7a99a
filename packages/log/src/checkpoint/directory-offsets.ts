import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import {
  readOffsetCheckpoint,
  writeOffsetCheckpoint,
  type OffsetCheckpointName,
  type PartitionOffset,
} from "./offset-checkpoint.ts";

/** What of a log is noted. */
export interface NotedLog extends TopicPartition {
  readonly durableOffset: Offset;
  readonly highWatermark: Offset;
  readonly logStartOffset: Offset;
  readonly damage: unknown;
  readonly failure: unknown;
}

/** One checkpoint file, in memory, and whether the file may lack something of it. */
class NotedOffsets {
  readonly name: OffsetCheckpointName;
  readonly offsets: Map<string, PartitionOffset>;
  isUnsaved = false;

  constructor(fileSystem: FileSystem, directory: string, name: OffsetCheckpointName) {
    this.name = name;
    this.offsets = readOffsetCheckpoint(fileSystem, directory, name);
  }

  note({ topic, partition }: TopicPartition, offset: Offset): void {
    const name = topicPartitionName(topic, partition);
    if (this.offsets.get(name)?.offset === offset) return;
    this.offsets.set(name, { topic, partition, offset });
    this.isUnsaved = true;
  }

  forget(name: string): void {
    if (this.offsets.delete(name)) this.isUnsaved = true;
  }
}

/** How far the logs of a directory are durable, visible and deleted, and the three files that say so. */
export class DirectoryOffsets {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #recoveryPoints: NotedOffsets;
  readonly #logStartOffsets: NotedOffsets;
  readonly #highWatermarks: NotedOffsets;
  /** Files are written one after the other: two at once would share a temporary file. */
  #writing: Promise<void> = Promise.resolve();

  /** @throws CheckpointError */
  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    const read = (name: OffsetCheckpointName) => new NotedOffsets(fileSystem, directory, name);
    this.#recoveryPoints = read("recovery-point-offset-checkpoint");
    this.#logStartOffsets = read("log-start-offset-checkpoint");
    this.#highWatermarks = read("replication-offset-checkpoint");
  }

  recoveryPoint(name: string): Offset | undefined {
    return this.#recoveryPoints.offsets.get(name)?.offset;
  }

  logStartOffset(name: string): Offset | undefined {
    return this.#logStartOffsets.offsets.get(name)?.offset;
  }

  /** Whether records are known to have been in the log, deleted ones too. */
  hasSeenRecords(name: string): boolean {
    return this.#all.some(({ offsets }) => (offsets.get(name)?.offset ?? 0) > 0);
  }

  forget(name: string): void {
    for (const noted of this.#all) noted.forget(name);
  }

  forgetUnless(isKnown: (partition: TopicPartition) => boolean): void {
    for (const noted of this.#all)
      for (const [name, partition] of noted.offsets) if (!isKnown(partition)) noted.forget(name);
  }

  /** Of damaged and failed logs the old values stay: what was durable once must not be forgotten. */
  collect(logs: Iterable<NotedLog>): void {
    for (const log of logs) {
      if (log.damage !== undefined || log.failure !== undefined) continue;
      this.#recoveryPoints.note(log, log.durableOffset);
      this.#highWatermarks.note(log, log.highWatermark);
      if (log.logStartOffset > 0) this.#logStartOffsets.note(log, log.logStartOffset);
    }
  }

  collectRecoveryPoints(logs: Iterable<NotedLog>): void {
    for (const log of logs)
      if (log.damage === undefined && log.failure === undefined)
        this.#recoveryPoints.note(log, log.durableOffset);
  }

  /** Writes what has changed; resolves once it is durable, together with all that is being written. */
  save(): Promise<void> {
    return this.#serialised(async () => {
      for (const noted of this.#all) await this.#write(noted);
    });
  }

  saveRecoveryPoints(): Promise<void> {
    return this.#serialised(() => this.#write(this.#recoveryPoints));
  }

  async saveLogStartOffset(partition: TopicPartition, offset: Offset): Promise<void> {
    const known = this.logStartOffset(topicPartitionName(partition.topic, partition.partition));
    if (offset > (known ?? 0)) this.#logStartOffsets.note(partition, offset);
    await this.#serialised(() => this.#write(this.#logStartOffsets));
  }

  get #all(): readonly NotedOffsets[] {
    return [this.#recoveryPoints, this.#logStartOffsets, this.#highWatermarks];
  }

  async #write(noted: NotedOffsets): Promise<void> {
    if (!noted.isUnsaved) return;
    // What moves while this is being written is for the next time.
    noted.isUnsaved = false;
    try {
      const path = `${this.#directory}/${noted.name}`;
      await writeOffsetCheckpoint(this.#fileSystem, path, noted.offsets.values());
    } catch (error) {
      noted.isUnsaved = true;
      throw error;
    }
  }

  #serialised(write: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(write);
    this.#writing = turn.catch(() => {});
    return turn;
  }
}
