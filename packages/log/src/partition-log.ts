import { invariant, type Offset, type Timestamp } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import {
  answerDuplicate,
  assignOffsets,
  planAppend,
  type AppendPlan,
} from "./append/append-plan.ts";
import { indexBatches } from "./append/index-batches.ts";
import { isRollDue } from "./append/is-roll-due.ts";
import type { ProducerStates } from "./producer/producer-states.ts";
import { makeDurableDirectory } from "./checkpoint/make-durable-directory.ts";
import type { LeaderEpochs } from "./checkpoint/leader-epochs.ts";
import { claimTopicId } from "./checkpoint/partition-metadata.ts";
import { defaultLogConfig, type LogConfig } from "./log-config.ts";
import {
  LogCorruptedError,
  LogRequestError,
  LogStorageError,
  type LogDamage,
} from "./log-error.ts";
import type {
  AbortedTransaction,
  AppendOptions,
  AppendResult,
  EpochEndOffset,
  LogSlice,
  PartitionLogOptions,
  ProducerDescription,
  ReadOptions,
  RecoveryReport,
  SegmentDescription,
  TimestampOffset,
  VerificationGuard,
} from "./log-types.ts";
import { reach } from "./probe.ts";
import { findMaxTimestamp, findTimestamp } from "./read/find-timestamp.ts";
import { emptySlice, readFromCache, readFromFiles } from "./read/read-batches.ts";
import { TailCache } from "./read/tail-cache.ts";
import { DirtyFiles } from "./segment/dirty-files.ts";
import { LogSegment } from "./segment/log-segment.ts";
import { SegmentList } from "./segment/segment-list.ts";
import { SyncQueue } from "./segment/sync-queue.ts";
import { recoverLog, type RecoveredLog } from "./upkeep/recover-log.ts";
import { removeSegmentsBelow } from "./upkeep/remove-segments.ts";
import { listProducerSnapshots, writeProducerSnapshot } from "./producer/replay-producers.ts";

/**
 * One partition's log in one directory, with Kafka's file names and bytes (Kafka: `UnifiedLog`).
 *
 *   log start <= last stable offset <= high watermark <= log end          (LOG-2)
 *   durable offset <= log end; nothing is acknowledged above the durable offset
 *
 * Appends and reads are synchronous and meet the page cache; `sync` alone waits for the device. Its owner, which is
 * one, acknowledges and moves the high watermark when the durability level is reached.
 *
 * @example
 * const log = await PartitionLog.open({ platform, path: "/data/orders-0", topic: "orders", partition: 0, leaderEpoch: 1 });
 * const { baseOffset } = log.append(batch, { origin: "client" });
 * await log.sync();
 * log.advanceHighWatermark(log.durableOffset);
 * const slice = log.read(baseOffset, { maxBytes: 1_048_576, upTo: log.highWatermark, minOneBatch: true });
 */
export class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  /** Directory of the partition. */
  readonly path: string;
  readonly topicId: string | undefined;
  readonly leaderEpoch: number;
  /** What opening had to do. */
  readonly recovery: RecoveryReport;

  readonly #options: PartitionLogOptions;
  readonly #platform: Platform;
  readonly #fileSystem: FileSystem;
  readonly #segments: SegmentList;
  readonly #producers: ProducerStates;
  readonly #epochs: LeaderEpochs;
  readonly #cache: TailCache;
  readonly #dirty: DirtyFiles;
  readonly #syncs = new SyncQueue(() => this.#syncOnce());
  #config: LogConfig;
  #logStartOffset: Offset;
  #highWatermark: Offset;
  #durableOffset: Offset;
  #lastSnapshotOffset: Offset;
  #failure: LogStorageError | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Recovers what the directory holds, or makes it. A damaged log opens too: see `damage`.
   *
   * @throws FileSystemError, CheckpointError
   */
  static async open(options: PartitionLogOptions): Promise<PartitionLog> {
    const { fileSystem } = options.platform;
    const config = { ...defaultLogConfig, ...options.config };
    await makeDurableDirectory(fileSystem, options.path, options.syncParent);
    const topicId = await claimTopicId(fileSystem, options.path, options.topicId);
    const recovered = await recoverLog({ ...options, config });
    return new PartitionLog(options, { config, topicId, recovered });
  }

  private constructor(
    options: PartitionLogOptions,
    state: { config: LogConfig; topicId: string | undefined; recovered: RecoveredLog },
  ) {
    const { recovered, config } = state;
    this.topic = options.topic;
    this.partition = options.partition;
    this.path = options.path;
    this.topicId = state.topicId;
    this.leaderEpoch = options.leaderEpoch;
    this.recovery = recovered.report;
    this.#options = options;
    this.#platform = options.platform;
    this.#fileSystem = options.platform.fileSystem;
    this.#config = config;
    this.#segments = new SegmentList(recovered.segments, () => this.#config.indexIntervalBytes);
    this.#producers = recovered.producers;
    this.#epochs = recovered.epochs;
    this.#cache = new TailCache(config.tailCacheBytes);
    this.#dirty = new DirtyFiles(this.#fileSystem, options.path);
    const end = this.#segments.active.endOffset;
    const first = this.#segments.all[0].baseOffset;
    this.#logStartOffset = Math.min(Math.max(options.logStartOffset ?? 0, first), end);
    this.#highWatermark = end;
    this.#durableOffset = end;
    this.#lastSnapshotOffset = listProducerSnapshots(this.#fileSystem, this.path).at(-1) ?? -1;
    this.#epochs.truncateFromStart(this.#logStartOffset);
    this.#producers.advanceHighWatermark(end);
  }

  get config(): LogConfig {
    return this.#config;
  }

  /** What is damaged; undefined while the log is sound. */
  get damage(): LogDamage | undefined {
    return this.recovery.damage;
  }

  /** Set once nothing may be written any more: the process should end and start again. */
  get failure(): LogStorageError | undefined {
    return this.#failure;
  }

  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  /** First offset that can be read. */
  get logStartOffset(): Offset {
    return this.#logStartOffset;
  }

  /** What consumers may see; after opening all that was recovered, then moved by the owner. */
  get highWatermark(): Offset {
    return this.#highWatermark;
  }

  /** First offset of a transaction whose outcome readers cannot see yet, else the high watermark (LSO). */
  get lastStableOffset(): Offset {
    const unstable = this.#producers.firstUnstableOffset;
    if (unstable === undefined || unstable >= this.#highWatermark) return this.#highWatermark;
    return Math.max(unstable, this.#logStartOffset);
  }

  /** Everything below is on the device. */
  get durableOffset(): Offset {
    return this.#durableOffset;
  }

  /** First offset of the segment that is written to: all below lies in closed ones. */
  get activeBaseOffset(): Offset {
    return this.#segments.active.baseOffset;
  }

  /** Offset that the next record gets (LEO); of a damaged log, the first one that cannot be read. */
  get logEndOffset(): Offset {
    return this.#segments.active.endOffset;
  }

  /**
   * Checks batches, gives them offsets in place and writes them to the page cache. The bytes belong to the log from
   * then on and must not change. A refused append changes nothing but base offsets, epochs and stamps in the bytes.
   *
   * @throws LogRequestError what Kafka would answer
   * @throws LogCorruptedError the log is damaged
   * @throws LogStorageError `WRITE_FAILED`, `LOG_FAILED`, `LOG_CLOSED`
   */
  append(batches: Uint8Array, options: AppendOptions): AppendResult {
    this.#checkWritable();
    const baseOffset = this.logEndOffset;
    const nowMs = this.#platform.clock.wallMs();
    const plan = planAppend(batches, options, {
      config: this.#config,
      producers: this.#producers,
      codecs: this.#options.codecs,
      nowMs,
      logEndOffset: baseOffset,
    });
    const logStartOffset = this.#logStartOffset;
    if (plan.duplicate !== undefined) return answerDuplicate(plan.duplicate, logStartOffset);
    this.#write(plan, baseOffset, nowMs);
    return {
      isDuplicate: false,
      baseOffset,
      lastOffset: plan.endOffset - 1,
      logAppendTime: this.#config.messageTimestampType === "LogAppendTime" ? nowMs : -1,
      logStartOffset,
      sizeBytes: plan.bytes.length,
    };
  }

  /**
   * Everything appended before the call is on the device once it resolves; calls share the work. A failed sync is
   * never tried again: the log has failed then (`failure`).
   *
   * @throws LogStorageError `LOG_FAILED`, `LOG_CLOSED`
   */
  sync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closing !== undefined) return Promise.reject(closed(this.path));
    return this.#syncs.sync();
  }

  /** Lets consumers see up to this offset. Never goes back. */
  advanceHighWatermark(offset: Offset): void {
    if (offset <= this.#highWatermark) return;
    invariant(offset <= this.logEndOffset, "LOG-2", { offset, logEndOffset: this.logEndOffset });
    this.#highWatermark = offset;
    this.#producers.advanceHighWatermark(offset);
  }

  /**
   * Whole batches from the one that holds the offset on, up to the end of its segment at most, as Kafka reads.
   * Nothing at the end of the log.
   *
   * @throws LogRequestError `OFFSET_OUT_OF_RANGE`
   * @throws LogCorruptedError at and above the damage
   */
  read(offset: Offset, options: ReadOptions): LogSlice {
    if (this.#closing !== undefined) throw closed(this.path);
    const end = this.logEndOffset;
    if (offset >= end && this.damage !== undefined) throw new LogCorruptedError(this.damage);
    if (offset < this.#logStartOffset || offset > end)
      throw new LogRequestError(
        "OFFSET_OUT_OF_RANGE",
        `offset ${offset} is outside of ${this.#logStartOffset} to ${end}`,
      );
    if (offset >= options.upTo || offset === end) return emptySlice(offset);
    const source = { cache: this.#cache, segments: this.#segments };
    return readFromCache(source, offset, options) ?? readFromFiles(source, offset, options);
  }

  /** Aborted transactions that overlap [from, to), for readers of committed records. */
  abortedTransactions(from: Offset, to: Offset): readonly AbortedTransaction[] {
    const found: AbortedTransaction[] = [];
    const { all } = this.#segments;
    for (let index = this.#segments.indexOf(from); index < all.length; index++)
      if (all[index].transactionIndex.collect(from, to, found)) break;
    return found;
  }

  /** First record whose timestamp is at least the given one, exact to the record (ListOffsets). */
  offsetForTimestamp(timestamp: Timestamp): TimestampOffset | undefined {
    return findTimestamp(this.#segments, timestamp, this.#searchStart());
  }

  /** First record with the largest timestamp (ListOffsets with -3). */
  maxTimestamp(): TimestampOffset | undefined {
    return findMaxTimestamp(this.#segments, this.#searchStart());
  }

  /** End of the largest epoch not above the given one (OffsetForLeaderEpoch). */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset | undefined {
    return this.#epochs.endOffsetFor(leaderEpoch, this.logEndOffset);
  }

  /** Epoch in which the record at the offset was appended; -1 where it is not known. */
  epochForOffset(offset: Offset): number {
    return this.#epochs.epochAt(offset);
  }

  /** Newest epoch that has a record; -1 without one. */
  get latestEpoch(): number {
    return this.#epochs.entries.at(-1)?.epoch ?? -1;
  }

  /**
   * Moves the log start up (DeleteRecords): made durable first, then segments that lie below altogether are removed.
   * Resolves with the log start.
   *
   * @throws LogRequestError `OFFSET_OUT_OF_RANGE` above the high watermark
   */
  async deleteRecordsBefore(offset: Offset): Promise<Offset> {
    this.#checkWritable();
    if (offset > this.#highWatermark)
      throw new LogRequestError(
        "OFFSET_OUT_OF_RANGE",
        `records up to ${offset} cannot be deleted: the high watermark is ${this.#highWatermark}`,
      );
    if (offset <= this.#logStartOffset) return this.#logStartOffset;
    await this.#options.saveLogStartOffset?.(offset);
    reach(this.#platform, "C11");
    if (offset > this.#logStartOffset && this.#closing === undefined) {
      this.#logStartOffset = offset;
      this.#epochs.truncateFromStart(offset);
      removeSegmentsBelow(offset, this.#segments, this.#dirty, this.#platform.fileSystem);
    }
    return this.#logStartOffset;
  }

  /**
   * Asks for a guard to append the first batch of a transaction with, once the coordinator confirmed it (KIP-890);
   * undefined where the transaction is open already and no guard is needed.
   */
  startTransactionVerification(asked: {
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly baseSequence: number;
    readonly supportsEpochBump: boolean;
  }): VerificationGuard | undefined {
    if (this.hasOngoingTransaction(asked.producerId, asked.producerEpoch)) return undefined;
    const { baseSequence: lowestSequence, ...producer } = asked;
    const startedMs = this.#platform.clock.wallMs();
    return this.#producers.startVerification({ ...producer, lowestSequence, startedMs });
  }

  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    return this.#producers.hasOngoingTransaction(producerId, producerEpoch);
  }

  /** State of all producers (DescribeProducers). */
  producers(): readonly ProducerDescription[] {
    return this.#producers.describe();
  }

  /** Forgets producers that were silent for `producer.id.expiration.ms`. */
  removeExpiredProducers(): void {
    const nowMs = this.#platform.clock.wallMs();
    this.#producers.removeExpired(nowMs, this.#config.producerIdExpirationMs);
  }

  /** Oldest first; the last one is active. Enough to decide on retention, without reading a record. */
  segments(): readonly SegmentDescription[] {
    return this.#segments.all.map((_, index) => {
      const segment = this.#segments.use(index);
      const { baseOffset, endOffset, sizeBytes, maxTimestamp } = segment;
      const isActive = segment === this.#segments.active;
      return { baseOffset, endOffset, sizeBytes, largestTimestamp: maxTimestamp, isActive };
    });
  }

  updateConfig(changes: Partial<LogConfig>): void {
    this.#config = { ...this.#config, ...changes };
    this.#cache.setBytesMax(this.#config.tailCacheBytes);
  }

  /** Closes the active segment and begins the next one. Nothing happens to an empty one. */
  roll(): void {
    this.#checkWritable();
    if (this.#segments.active.sizeBytes > 0) this.#guardWrite(() => this.#roll());
  }

  /**
   * Makes all durable, writes indexes and a producer snapshot, and closes the files. A damaged or failed log is
   * left as it is. Calling twice is fine.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes the files as they are: they are going to be removed. */
  discard(): void {
    this.#closing ??= Promise.resolve();
    this.#dirty.closeHandles();
    this.#segments.closeHandles();
    this.#cache.clear();
  }

  #searchStart() {
    return { offset: this.#logStartOffset, codecs: this.#options.codecs };
  }

  #checkWritable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined) throw closed(this.path);
    if (this.damage !== undefined) throw new LogCorruptedError(this.damage);
  }

  #write(plan: AppendPlan, baseOffset: Offset, nowMs: Timestamp): void {
    const { bytes } = plan;
    this.#guardWrite(() => {
      if (isRollDue(this.#segments.active, plan, this.#config, nowMs)) this.#roll();
      assignOffsets(bytes, baseOffset, this.leaderEpoch);
      reach(this.#platform, "C1");
      this.#segments.active.write([bytes], bytes.length);
    });
    reach(this.#platform, "C3");
    const segment = this.#segments.active;
    this.#dirty.addSegment(segment);
    this.#epochs.assign(this.leaderEpoch, baseOffset);
    indexBatches(bytes, segment, this.#cache, this.#config.indexIntervalBytes);
    invariant(segment.endOffset === plan.endOffset, "LOG-1", plan.endOffset);
    for (const aborted of this.#producers.commit(plan.producers))
      segment.transactionIndex.append(aborted);
  }

  /** A failed write leaves the log as it was, unless even taking it back failed. */
  #guardWrite(write: () => void): void {
    const segment = this.#segments.active;
    const { sizeBytes } = segment;
    try {
      write();
    } catch (error) {
      reach(this.#platform, "C4");
      const active = this.#segments.active;
      const expected = active === segment ? sizeBytes : 0;
      const onDisk = this.#fileSystem.stat(active.path)?.sizeBytes;
      if (onDisk !== expected) throw this.#fail(`${active.path}: a partial write stays`, error);
      throw new LogStorageError(
        "WRITE_FAILED",
        `${active.path}: nothing was appended; free space or check the disk, then try again`,
        error,
      );
    }
  }

  #roll(): void {
    const full = this.#segments.active;
    reach(this.#platform, "C6");
    full.seal();
    this.#dirty.addHandles(full.flushIndexes());
    this.#writeSnapshot();
    const nowMs = this.#platform.clock.wallMs();
    const next = new LogSegment(this.#fileSystem, this.path, full.endOffset, nowMs);
    reach(this.#platform, "C5");
    next.create();
    this.#segments.add(next);
    this.#dirty.addSegment(next);
    this.#dirty.addDirectory();
  }

  #writeSnapshot(): void {
    const offset = this.logEndOffset;
    if (offset <= this.#lastSnapshotOffset) return;
    const snapshot = { offset, producers: this.#producers };
    this.#dirty.addHandles([writeProducerSnapshot(this.#fileSystem, this.path, snapshot)]);
    this.#dirty.addDirectory();
    this.#lastSnapshotOffset = offset;
  }

  async #syncOnce(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const target = this.logEndOffset;
    try {
      reach(this.#platform, "C2");
      await this.#dirty.sync();
      await this.#epochs.save();
    } catch (error) {
      throw this.#fail(`${this.path}: a sync failed`, error);
    }
    invariant(target >= this.#durableOffset, "LOG-3", target);
    this.#durableOffset = target;
  }

  #fail(what: string, cause: unknown): LogStorageError {
    this.#failure ??= new LogStorageError(
      "LOG_FAILED",
      `${what}; what the device holds is unknown. End the process: a restart reads what is there`,
      cause,
    );
    this.#platform.logger.log("error", "log.failed", { path: this.path });
    return this.#failure;
  }

  async #close(): Promise<void> {
    try {
      if (this.damage !== undefined || this.#failure !== undefined) return;
      await this.#syncs.sync();
      const { active } = this.#segments;
      active.seal();
      this.#dirty.addHandles(active.flushIndexes());
      this.#writeSnapshot();
      await this.#syncs.sync();
    } finally {
      this.discard();
    }
  }
}

function closed(path: string): LogStorageError {
  return new LogStorageError("LOG_CLOSED", `${path}: the log is closed`);
}
