import { invariant, topicPartitionName, type TopicPartition } from "@millrace/model";
import { FileSystemError, type FileLock, type Platform } from "@millrace/platform";
import { parentOf } from "./checkpoint/checkpoint-file.ts";
import { CleanShutdown } from "./checkpoint/clean-shutdown.ts";
import { DirectoryOffsets } from "./checkpoint/directory-offsets.ts";
import {
  propertiesName,
  settleProperties,
  type DirectoryProperties,
} from "./checkpoint/directory-properties.ts";
import { SyncQueue } from "./checkpoint/sync-queue.ts";
import { FailedWrites } from "./failed-writes.ts";
import { FolderRemoval } from "./folder-removal.ts";
import { lockDirectory, lockName } from "./lock-directory.ts";
import { LogStorageError } from "./log-error.ts";
import type { PartitionLogOptions } from "./log-types.ts";
import { type PartitionFolder, PartitionFolders, type StrayFolder } from "./partition-folders.ts";
import { PartitionLog } from "./partition-log.ts";
import { reach } from "./probe.ts";

export interface LogDirectoryOptions {
  readonly platform: Platform;
  readonly path: string;
  /** For a new directory; an existing one must belong to the same cluster. */
  readonly clusterId: string;
  readonly nodeId: number;
  /** Told to others who find the directory in use, such as the broker's address. */
  readonly lockNote?: string;
}

/** How a partition's log is opened; the directory knows the rest. */
export type OpenLogOptions = Omit<
  PartitionLogOptions,
  | "platform"
  | "path"
  | "wasCleanlyClosed"
  | "recoveryPoint"
  | "isRecoveryPointLost"
  | "logStartOffset"
  | "saveLogStartOffset"
  | "saveRecoveryPoint"
  | "cleanedOffset"
  | "saveCleanedOffset"
  | "syncParent"
  | "failedWrites"
>;

/**
 * A folder of partitions with its lock, its checkpoints and the marker of an orderly close, laid out as Kafka's
 * log directory (Kafka: `LogManager`).
 *
 *   open: lock -> meta.properties -> checkpoints -> marker read and removed, durably, before any append (C7)
 *   close: logs closed -> checkpoints -> marker, if every log is sound and durable -> lock released
 *
 * @example
 * await using directory = await LogDirectory.open({ platform, path: "/data", clusterId, nodeId: 1 });
 * const log = await directory.openLog({ topic: "orders", partition: 0, leaderEpoch: 7 });
 */
export class LogDirectory {
  readonly path: string;
  readonly properties: DirectoryProperties;
  /** The last run ended in order, so that logs are taken as they are. */
  readonly wasCleanlyClosed: boolean;

  readonly #platform: Platform;
  readonly #lock: FileLock;
  readonly #logs = new Map<string, PartitionLog>();
  readonly #opening = new Map<string, Promise<PartitionLog>>();
  readonly #offsets: DirectoryOffsets;
  readonly #folders: PartitionFolders;
  readonly #syncs: SyncQueue;
  readonly #removal: FolderRemoval;
  readonly #failedWrites: FailedWrites;
  #closing: Promise<void> | undefined;

  /**
   * @throws LogDirectoryError `FOREIGN_FOLDER`, `VERSION_TOO_NEW`, `PROPERTIES_DAMAGED`, `WRONG_CLUSTER`, `IN_USE`
   * @throws FileSystemError, CheckpointError
   */
  static async open(options: LogDirectoryOptions): Promise<LogDirectory> {
    const { path, platform } = options;
    const { fileSystem } = platform;
    fileSystem.makeDirectory(path);
    // Also where a run before made it and was killed before its entry was on the device.
    if (fileSystem.stat(`${path}/${propertiesName}`) === undefined)
      await fileSystem.syncDirectory(parentOf(path));
    const lock = await lockDirectory(fileSystem, path, options.lockNote);
    try {
      const ignored = fileSystem.list(path).filter((name) => name.startsWith(lockName));
      const properties = await settleProperties(platform, path, { ...options, ignored });
      const wasCleanlyClosed = new CleanShutdown(fileSystem, path).take();
      reach(platform, "C7");
      await fileSystem.syncDirectory(path);
      return new LogDirectory(options, { lock, properties, wasCleanlyClosed });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(
    options: LogDirectoryOptions,
    found: Pick<LogDirectory, "properties" | "wasCleanlyClosed"> & { readonly lock: FileLock },
  ) {
    const { fileSystem } = options.platform;
    this.path = options.path;
    this.properties = found.properties;
    this.wasCleanlyClosed = found.wasCleanlyClosed;
    this.#platform = options.platform;
    this.#failedWrites = new FailedWrites(options.platform);
    this.#lock = found.lock;
    this.#offsets = new DirectoryOffsets(fileSystem, this.path, options.platform.logger);
    this.#folders = new PartitionFolders(fileSystem, this.path, options.platform.random);
    this.#syncs = new SyncQueue(() => fileSystem.syncDirectory(this.path));
    this.#removal = new FolderRemoval(options.platform, this.#folders, async () => {
      await this.#syncs.sync();
      await this.#offsets.save();
    });
  }

  /** Appends that the device refused since the directory was opened, each said in the log of the process. */
  get failedWriteCount(): number {
    return this.#failedWrites.count;
  }

  /** Open logs. */
  get logs(): Iterable<PartitionLog> {
    return this.#logs.values();
  }

  /** Partitions that have a folder here, open or not. */
  partitions(): readonly TopicPartition[] {
    return this.#folders.list();
  }

  /** The folder of a partition, as it lies on the disk; undefined where there is none. */
  folder(partition: TopicPartition): PartitionFolder | undefined {
    return this.#folders.find(partition);
  }

  /** Folders that `setAside` has moved, now or at an earlier start. */
  strays(): readonly StrayFolder[] {
    return this.#folders.strays();
  }

  /** Whether the checkpoints know of records in the partition's log, deleted ones too. */
  hasSeenRecords({ topic, partition }: TopicPartition): boolean {
    return this.#offsets.hasSeenRecords(topicPartitionName(topic, partition));
  }

  log(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(topicPartitionName(topic, partition));
  }

  /**
   * Makes the log of a partition that has no folder. Nothing of it is on the device before it is synced.
   *
   * @throws FileSystemError
   */
  createLog(options: OpenLogOptions): PartitionLog {
    this.#checkOpen();
    const name = topicPartitionName(options.topic, options.partition);
    invariant(this.#platform.fileSystem.stat(`${this.path}/${name}`) === undefined, "LOG-8", name);
    try {
      const log = PartitionLog.create(this.#optionsOf(name, options));
      this.#logs.set(name, log);
      return log;
    } catch (error) {
      if (error instanceof FileSystemError) this.#failedWrites.tell(`${this.path}/${name}`, error);
      throw error;
    }
  }

  /** Opens or makes the log of a partition. One that is open already is given again. */
  async openLog(options: OpenLogOptions): Promise<PartitionLog> {
    const name = topicPartitionName(options.topic, options.partition);
    const known = this.#logs.get(name);
    if (known !== undefined) return known;
    this.#checkOpen();
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#open(name, options).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined)
      throw new LogStorageError("LOG_CLOSED", `${this.path}: the directory is closed`);
  }

  async #open(name: string, options: OpenLogOptions): Promise<PartitionLog> {
    const log = await PartitionLog.open(this.#optionsOf(name, options));
    this.#logs.set(name, log);
    return log;
  }

  #optionsOf(name: string, options: OpenLogOptions): PartitionLogOptions {
    const { topic, partition } = options;
    return {
      ...options,
      platform: this.#platform,
      path: `${this.path}/${name}`,
      wasCleanlyClosed: this.wasCleanlyClosed,
      recoveryPoint: this.#offsets.recoveryPoint(name),
      isRecoveryPointLost: this.#offsets.areRecoveryPointsLost,
      logStartOffset: this.#offsets.logStartOffset(name),
      saveLogStartOffset: (offset) =>
        this.#offsets.saveLogStartOffset({ topic, partition }, offset),
      saveRecoveryPoint: (offset) => this.#offsets.saveRecoveryPoint({ topic, partition }, offset),
      cleanedOffset: this.#offsets.cleanedOffset(name),
      saveCleanedOffset: (offset) => this.#offsets.saveCleanedOffset({ topic, partition }, offset),
      syncParent: () => this.#syncs.sync(),
      failedWrites: this.#failedWrites,
    };
  }

  /**
   * Takes partitions away: their logs are closed, their folders renamed and their offsets forgotten. Making that durable
   * and removing the files goes on in the background: see `removed`.
   */
  async deleteLogs(partitions: readonly TopicPartition[]): Promise<void> {
    const doomed: string[] = [];
    for (const partition of partitions) {
      const name = topicPartitionName(partition.topic, partition.partition);
      await this.#opening.get(name)?.catch(() => {});
      await this.#logs.get(name)?.discard();
      this.#logs.delete(name);
      this.#offsets.forget(name);
      doomed.push(...this.#removal.doom(partition));
    }
    this.#removal.removeLater(doomed);
  }

  /**
   * Takes a folder away that is no log of this directory's.
   *
   * @throws FileSystemError it resists
   */
  removeFolder(partition: TopicPartition): void {
    this.#removal.remove(partition);
  }

  /** Resolves once all that was deleted is so durably, and its files are gone as far as they do not resist. */
  removed(): Promise<void> {
    return this.#removal.finished();
  }

  /** Removes folders that an interrupted deletion left. */
  removeDeletedLogs(): Promise<void> {
    return this.#removal.removeLeftovers();
  }

  /**
   * Moves the folder of a partition out of the way, so that nothing takes it for a partition and nothing removes it.
   *
   * @throws FileSystemError
   */
  setAside(partition: TopicPartition): StrayFolder {
    return this.#folders.setAside(partition);
  }

  /** Removes a folder in which there is no byte of a log. */
  removeBlank(folder: PartitionFolder): void {
    invariant(folder.isBlank, "LOG-7", folder);
    this.#folders.remove(this.#folders.pathOf(folder));
  }

  /** Forgets the offsets of partitions that are no more, durably. */
  async forgetOffsets(isKnown: (partition: TopicPartition) => boolean): Promise<void> {
    this.#offsets.forgetUnless(isKnown);
    await this.#offsets.save();
  }

  /**
   * Notes how far logs are durable, if that has changed since the last time: cheap enough to do it every second, so
   * that little has to be scanned and written again after a crash.
   */
  async checkpoint(): Promise<void> {
    this.#offsets.collect(this.logs);
    await this.#offsets.save();
  }

  setLockNote(note: string): void {
    this.#lock.setNote(note);
  }

  /** Closes all logs; the marker is left only where every one is sound. Calling twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    try {
      await Promise.allSettled([...this.#opening.values(), this.removed()]);
      const logs = [...this.#logs.values()];
      const results = await Promise.allSettled(logs.map((log) => log.close()));
      for (const result of results) if (result.status === "rejected") throw result.reason;
      if (logs.some((log) => log.failure !== undefined)) return;
      await this.checkpoint();
      if (logs.some((log) => log.damage !== undefined)) return;
      // Logs that a start which failed has not come to are still as the crash before it left them.
      if (!this.wasCleanlyClosed && !this.#hasOpenedAll()) return;
      reach(this.#platform, "C7");
      await new CleanShutdown(this.#platform.fileSystem, this.path).leave();
    } finally {
      this.#lock.release();
    }
  }

  #hasOpenedAll(): boolean {
    return this.partitions().every(
      ({ topic, partition }) => this.log(topic, partition) !== undefined,
    );
  }
}
