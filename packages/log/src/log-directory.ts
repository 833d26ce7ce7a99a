import {
  decodeUtf8,
  encodeUtf8,
  invariant,
  topicPartitionName,
  type TopicPartition,
} from "@millrace/model";
import type { FileLock, FileSystem, Platform } from "@millrace/platform";
import { parentOf, readWholeFile, replaceFile } from "./checkpoint/checkpoint-file.ts";
import { DirectoryOffsets } from "./checkpoint/directory-offsets.ts";
import {
  newDirectoryId,
  readDirectoryProperties,
  writeDirectoryProperties,
  type DirectoryProperties,
} from "./checkpoint/directory-properties.ts";
import { SyncQueue } from "./checkpoint/sync-queue.ts";
import { lockDirectory, lockName } from "./lock-directory.ts";
import { LogDirectoryError, LogStorageError } from "./log-error.ts";
import type { PartitionLogOptions } from "./log-types.ts";
import { type PartitionFolder, PartitionFolders, type StrayFolder } from "./partition-folders.ts";
import { PartitionLog } from "./partition-log.ts";
import { reach } from "./probe.ts";

const propertiesName = "meta.properties";
const cleanShutdownName = ".kafka_cleanshutdown";

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
  | "logStartOffset"
  | "saveLogStartOffset"
  | "syncParent"
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
  readonly #fileSystem: FileSystem;
  readonly #lock: FileLock;
  readonly #logs = new Map<string, PartitionLog>();
  readonly #opening = new Map<string, Promise<PartitionLog>>();
  readonly #offsets: DirectoryOffsets;
  readonly #folders: PartitionFolders;
  readonly #syncs: SyncQueue;
  /** Folders that are renamed, on their way out. */
  #removing: Promise<void> = Promise.resolve();
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
      const properties = await settleProperties(options);
      const marker = `${path}/${cleanShutdownName}`;
      const wasCleanlyClosed = readCleanShutdown(fileSystem, marker);
      fileSystem.remove(marker);
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
    found: {
      readonly lock: FileLock;
      readonly properties: DirectoryProperties;
      readonly wasCleanlyClosed: boolean;
    },
  ) {
    const { fileSystem } = options.platform;
    this.path = options.path;
    this.properties = found.properties;
    this.wasCleanlyClosed = found.wasCleanlyClosed;
    this.#platform = options.platform;
    this.#fileSystem = fileSystem;
    this.#lock = found.lock;
    this.#offsets = new DirectoryOffsets(fileSystem, this.path, options.platform.logger);
    this.#folders = new PartitionFolders(fileSystem, this.path, options.platform.random);
    this.#syncs = new SyncQueue(() => fileSystem.syncDirectory(this.path));
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
    invariant(this.#fileSystem.stat(`${this.path}/${name}`) === undefined, "LOG-8", name);
    const log = PartitionLog.create(this.#optionsOf(name, options));
    this.#logs.set(name, log);
    return log;
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
      logStartOffset: this.#offsets.logStartOffset(name),
      saveLogStartOffset: (offset) =>
        this.#offsets.saveLogStartOffset({ topic, partition }, offset),
      syncParent: () => this.#syncs.sync(),
    };
  }

  /**
   * Takes partitions away: their logs are closed, their folders renamed (`<name>.<id>-delete`, so that a crash leaves
   * a partition or what is recognised as rubbish) and their offsets forgotten. What is left, making that durable and
   * removing the files, goes on in the background: see `removed`. A folder that resists stays, and is told.
   */
  async deleteLogs(partitions: readonly TopicPartition[]): Promise<void> {
    const doomed: string[] = [];
    for (const partition of partitions) {
      const name = topicPartitionName(partition.topic, partition.partition);
      await this.#opening.get(name)?.catch(() => {});
      await this.#logs.get(name)?.discard();
      this.#logs.delete(name);
      this.#offsets.forget(name);
      this.#attempt(this.#folders.pathOf(partition), () => {
        const path = this.#folders.doom(partition);
        if (path !== undefined) doomed.push(path);
      });
    }
    this.#removeLater(doomed);
  }

  /**
   * Takes a folder away that is no log of this directory's.
   *
   * @throws FileSystemError it resists
   */
  removeFolder(partition: TopicPartition): void {
    const path = this.#folders.doom(partition);
    if (path !== undefined) this.#removeLater([path]);
  }

  /** Resolves once all that was deleted is so durably, and its files are gone as far as they do not resist. */
  removed(): Promise<void> {
    return this.#removing;
  }

  /** Removes folders that an interrupted deletion left. */
  removeDeletedLogs(): Promise<void> {
    return this.#removeFolders(this.#folders.doomed());
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
      await Promise.allSettled([...this.#opening.values(), this.#removing]);
      const logs = [...this.#logs.values()];
      const results = await Promise.allSettled(logs.map((log) => log.close()));
      for (const result of results) if (result.status === "rejected") throw result.reason;
      if (logs.some((log) => log.failure !== undefined)) return;
      await this.checkpoint();
      if (logs.some((log) => log.damage !== undefined)) return;
      // Logs that a start which failed has not come to are still as the crash before it left them.
      if (!this.wasCleanlyClosed && !this.#hasOpenedAll()) return;
      reach(this.#platform, "C7");
      const content = encodeUtf8(JSON.stringify({ version: 0, brokerEpoch: -1 }));
      await replaceFile(this.#fileSystem, `${this.path}/${cleanShutdownName}`, content);
    } finally {
      this.#lock.release();
    }
  }

  #hasOpenedAll(): boolean {
    return this.partitions().every(
      ({ topic, partition }) => this.log(topic, partition) !== undefined,
    );
  }

  #removeLater(doomed: readonly string[]): void {
    this.#removing = Promise.all([this.#removing, this.#remove(doomed)]).then(() => {});
  }

  async #remove(doomed: readonly string[]): Promise<void> {
    try {
      await this.#syncs.sync();
      await this.#offsets.save();
    } catch (error) {
      // The next checkpoint tries again; what is looked at first at a start is the metadata, not the offsets.
      this.#platform.logger.log("warn", "log.checkpoint-failed", { path: this.path, error });
    }
    await this.#removeFolders(doomed);
  }

  async #removeFolders(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      this.#attempt(path, () => this.#folders.remove(path));
      await this.#platform.timers.yield();
    }
  }

  /** One folder that resists does not stop the others, or a start. */
  #attempt(path: string, remove: () => void): void {
    try {
      remove();
    } catch (error) {
      this.#platform.logger.log("error", "log.folder-resists", {
        path,
        advice: "it belongs to a deleted topic: look at its rights, or remove it by hand",
        error,
      });
    }
  }
}

async function settleProperties(options: LogDirectoryOptions): Promise<DirectoryProperties> {
  const { path, platform, clusterId, nodeId } = options;
  const ignored = platform.fileSystem.list(path).filter((name) => name.startsWith(lockName));
  const known = readDirectoryProperties(platform.fileSystem, path, ignored);
  if (known === undefined) {
    const properties = { clusterId, nodeId, directoryId: newDirectoryId(platform.random) };
    await writeDirectoryProperties(platform.fileSystem, path, properties);
    return properties;
  }
  if (known.clusterId !== clusterId)
    throw new LogDirectoryError(
      "WRONG_CLUSTER",
      path,
      `it belongs to cluster ${known.clusterId}, not ${clusterId}`,
    );
  return known;
}

/** A marker that does not parse counts as none: scanning is always safe. */
function readCleanShutdown(fileSystem: FileSystem, path: string): boolean {
  const bytes = readWholeFile(fileSystem, path);
  if (bytes === undefined) return false;
  try {
    const content: unknown = JSON.parse(decodeUtf8(bytes));
    return typeof content === "object" && content !== null && "version" in content;
  } catch {
    return false;
  }
}
