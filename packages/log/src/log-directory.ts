import {
  decodeUtf8,
  encodeUtf8,
  topicPartitionName,
  type Offset,
  type TopicPartition,
} from "@millrace/model";
import { FileSystemError, type FileLock, type FileSystem, type Platform } from "@millrace/platform";
import { parentOf, readWholeFile, replaceFile } from "./checkpoint/checkpoint-file.ts";
import {
  readDirectoryProperties,
  writeDirectoryProperties,
  type DirectoryProperties,
} from "./checkpoint/directory-properties.ts";
import {
  readOffsetCheckpoint,
  writeOffsetCheckpoint,
  type OffsetCheckpointName,
  type PartitionOffset,
} from "./checkpoint/offset-checkpoint.ts";
import { LogDirectoryError } from "./log-error.ts";
import type { PartitionLogOptions } from "./log-types.ts";
import { PartitionLog } from "./partition-log.ts";
import { reach } from "./probe.ts";

const lockName = ".lock";
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
  readonly #recoveryPoints: Map<string, PartitionOffset>;
  readonly #logStartOffsets: Map<string, PartitionOffset>;
  readonly #highWatermarks: Map<string, PartitionOffset>;
  /** Checkpoints are written one after the other: two at once would share a temporary file. */
  #writing: Promise<void> = Promise.resolve();
  #areRecoveryPointsUnsaved = false;
  #closing: Promise<void> | undefined;

  /**
   * @throws LogDirectoryError `FOREIGN_FOLDER`, `VERSION_TOO_NEW`, `WRONG_CLUSTER`, `IN_USE`
   * @throws FileSystemError, CheckpointError
   */
  static async open(options: LogDirectoryOptions): Promise<LogDirectory> {
    const { path, platform } = options;
    const { fileSystem } = platform;
    fileSystem.makeDirectory(path);
    // Also where a run before made it and was killed before its entry was on the device.
    if (fileSystem.stat(`${path}/${propertiesName}`) === undefined)
      await fileSystem.syncDirectory(parentOf(path));
    const lock = await takeLock(fileSystem, path, options.lockNote);
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
    const read = (name: OffsetCheckpointName) => readOffsetCheckpoint(fileSystem, this.path, name);
    this.#recoveryPoints = read("recovery-point-offset-checkpoint");
    this.#logStartOffsets = read("log-start-offset-checkpoint");
    this.#highWatermarks = read("replication-offset-checkpoint");
  }

  /** Open logs. */
  get logs(): Iterable<PartitionLog> {
    return this.#logs.values();
  }

  /** Partitions that have a folder here, open or not. */
  partitions(): readonly TopicPartition[] {
    const found: TopicPartition[] = [];
    for (const name of this.#fileSystem.list(this.path)) {
      const match = /^(.+)-(\d+)$/.exec(name);
      if (match === null) continue;
      if (this.#fileSystem.stat(`${this.path}/${name}`)?.kind !== "directory") continue;
      found.push({ topic: match[1], partition: Number(match[2]) });
    }
    return found;
  }

  log(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(topicPartitionName(topic, partition));
  }

  /** Opens or makes the log of a partition. One that is open already is given again. */
  async openLog(options: OpenLogOptions): Promise<PartitionLog> {
    const name = topicPartitionName(options.topic, options.partition);
    const known = this.#logs.get(name);
    if (known !== undefined) return known;
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#open(name, options).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  async #open(name: string, options: OpenLogOptions): Promise<PartitionLog> {
    const { topic, partition } = options;
    const log = await PartitionLog.open({
      ...options,
      platform: this.#platform,
      path: `${this.path}/${name}`,
      wasCleanlyClosed: this.wasCleanlyClosed,
      recoveryPoint: this.#recoveryPoints.get(name)?.offset,
      logStartOffset: this.#logStartOffsets.get(name)?.offset,
      saveLogStartOffset: (offset) => this.#saveLogStartOffset(name, { topic, partition, offset }),
    });
    this.#logs.set(name, log);
    return log;
  }

  /**
   * Closes a partition's log and removes its files. The folder is renamed first (`<name>.<n>-delete`), so that a
   * crash leaves a partition or what is recognised as rubbish.
   */
  async deleteLog(topic: string, partition: number): Promise<void> {
    const name = topicPartitionName(topic, partition);
    await this.#logs.get(name)?.close();
    this.#logs.delete(name);
    for (const offsets of [this.#recoveryPoints, this.#logStartOffsets, this.#highWatermarks])
      offsets.delete(name);
    const path = `${this.path}/${name}`;
    if (this.#fileSystem.stat(path) !== undefined) {
      const doomed = `${path}.${this.#platform.random.nextUint32()}-delete`;
      this.#fileSystem.rename(path, doomed);
      await this.#fileSystem.syncDirectory(this.path);
      this.#removeFolder(doomed);
    }
    await this.checkpoint();
  }

  /** Removes folders that an interrupted deletion left. */
  removeDeletedLogs(): void {
    for (const name of this.#fileSystem.list(this.path))
      if (name.endsWith("-delete")) this.#removeFolder(`${this.path}/${name}`);
  }

  /**
   * Notes how far logs are durable, visible and deleted. The later this happened before a crash, the less has to be
   * scanned.
   */
  async checkpoint(): Promise<void> {
    this.#collectOffsets();
    this.#collectRecoveryPoints();
    await this.#serialised(async () => {
      await this.#writeOffsets("recovery-point-offset-checkpoint", this.#recoveryPoints);
      await this.#writeOffsets("log-start-offset-checkpoint", this.#logStartOffsets);
      await this.#writeOffsets("replication-offset-checkpoint", this.#highWatermarks);
    });
  }

  /**
   * Notes how far logs are durable, if that has changed since the last time: cheap enough to do it every second, so
   * that little has to be scanned and written again after a crash.
   */
  async checkpointRecoveryPoints(): Promise<void> {
    if (!this.#collectRecoveryPoints()) return;
    await this.#serialised(() =>
      this.#writeOffsets("recovery-point-offset-checkpoint", this.#recoveryPoints),
    );
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
      await Promise.allSettled(this.#opening.values());
      const logs = [...this.#logs.values()];
      const results = await Promise.allSettled(logs.map((log) => log.close()));
      for (const result of results) if (result.status === "rejected") throw result.reason;
      if (logs.some((log) => log.damage !== undefined || log.failure !== undefined)) return;
      await this.checkpoint();
      reach(this.#platform, "C7");
      const content = encodeUtf8(JSON.stringify({ version: 0, brokerEpoch: -1 }));
      await replaceFile(this.#fileSystem, `${this.path}/${cleanShutdownName}`, content);
    } finally {
      this.#lock.release();
    }
  }

  /** Of damaged and failed logs the old values stay: what was durable once must not be forgotten. */
  #collectOffsets(): void {
    for (const [name, log] of this.#logs) {
      if (log.damage !== undefined || log.failure !== undefined) continue;
      const { topic, partition } = log;
      const note = (offsets: Map<string, PartitionOffset>, offset: Offset) =>
        offsets.set(name, { topic, partition, offset });
      note(this.#highWatermarks, log.highWatermark);
      if (log.logStartOffset > 0) note(this.#logStartOffsets, log.logStartOffset);
    }
  }

  /** Whether any of them has moved, or is not in the file for sure. */
  #collectRecoveryPoints(): boolean {
    let hasChanged = this.#areRecoveryPointsUnsaved;
    for (const [name, log] of this.#logs) {
      if (log.damage !== undefined || log.failure !== undefined) continue;
      const offset = log.durableOffset;
      if (this.#recoveryPoints.get(name)?.offset === offset) continue;
      this.#recoveryPoints.set(name, { topic: log.topic, partition: log.partition, offset });
      hasChanged = true;
    }
    this.#areRecoveryPointsUnsaved = hasChanged;
    return hasChanged;
  }

  async #saveLogStartOffset(name: string, entry: PartitionOffset): Promise<void> {
    const known = this.#logStartOffsets.get(name)?.offset ?? 0;
    if (entry.offset > known) this.#logStartOffsets.set(name, entry);
    await this.#serialised(() =>
      this.#writeOffsets("log-start-offset-checkpoint", this.#logStartOffsets),
    );
  }

  async #writeOffsets(
    name: OffsetCheckpointName,
    offsets: ReadonlyMap<string, PartitionOffset>,
  ): Promise<void> {
    const isOfRecovery = offsets === this.#recoveryPoints;
    // What moves while this is being written is for the next time.
    if (isOfRecovery) this.#areRecoveryPointsUnsaved = false;
    try {
      await writeOffsetCheckpoint(this.#fileSystem, `${this.path}/${name}`, offsets.values());
    } catch (error) {
      if (isOfRecovery) this.#areRecoveryPointsUnsaved = true;
      throw error;
    }
  }

  #serialised(write: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(write);
    this.#writing = turn.catch(() => {});
    return turn;
  }

  #removeFolder(path: string): void {
    for (const name of this.#fileSystem.list(path)) this.#fileSystem.remove(`${path}/${name}`);
    this.#fileSystem.removeDirectory(path);
  }
}

async function takeLock(
  fileSystem: FileSystem,
  path: string,
  note: string | undefined,
): Promise<FileLock> {
  const lockPath = `${path}/${lockName}`;
  try {
    return await fileSystem.lock(lockPath, note);
  } catch (error) {
    if (!(error instanceof FileSystemError) || error.code !== "LOCKED") throw error;
    const holder = fileSystem.readLockNote(lockPath) ?? "unknown";
    throw new LogDirectoryError(
      "IN_USE",
      path,
      `another process uses it (${holder}); connect to that one, or stop it first`,
      error,
    );
  }
}

async function settleProperties(options: LogDirectoryOptions): Promise<DirectoryProperties> {
  const { path, platform, clusterId, nodeId } = options;
  const ignored = platform.fileSystem.list(path).filter((name) => name.startsWith(lockName));
  const known = readDirectoryProperties(platform.fileSystem, path, ignored);
  if (known === undefined) {
    const properties = { clusterId, nodeId, directoryId: platform.random.uuid() };
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
