import { invariant, type Offset, type Timestamp } from "@millrace/model";
import { makeDurableDirectory } from "./checkpoint/make-durable-directory.ts";
import { claimTopicId } from "./checkpoint/partition-metadata.ts";
import { defaultLogConfig, type LogConfig } from "./log-config.ts";
import { LogStorageError, type LogDamage } from "./log-error.ts";
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
import { LogReader } from "./partition/log-reader.ts";
import { lastStableOffsetOf, LogState } from "./partition/log-state.ts";
import { LogUpkeep } from "./partition/log-upkeep.ts";
import { LogWriter } from "./partition/log-writer.ts";
import { createLog } from "./upkeep/create-log.ts";
import { recoverLog, type RecoveredLog } from "./upkeep/recover-log.ts";

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
  /** What takes old records away. */
  readonly upkeep: LogUpkeep;

  readonly #state: LogState;
  readonly #reader: LogReader;
  readonly #writer: LogWriter;
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
    const topicId = await claimTopicId(fileSystem, options.path, {
      topicId: options.topicId,
      partition: options.partition,
      isDurable: options.recoveryPoint !== undefined,
    });
    const recovered = await recoverLog({ ...options, config });
    return new PartitionLog(options, { config, topicId, recovered });
  }

  /**
   * Makes a log whose folder is not there; all of it comes to the device with the first `sync`.
   *
   * @throws FileSystemError
   */
  static create(options: PartitionLogOptions): PartitionLog {
    const config = { ...defaultLogConfig, ...options.config };
    const recovered = createLog({ ...options, config });
    return new PartitionLog(options, { config, topicId: options.topicId, recovered });
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
    this.#state = new LogState(options, config, recovered);
    this.#reader = new LogReader(this.#state);
    this.#writer = new LogWriter(this.#state);
    this.upkeep = new LogUpkeep(this.#state, this.#writer);
  }

  get config(): LogConfig {
    return this.#state.config;
  }

  /** What is damaged; undefined while the log is sound. */
  get damage(): LogDamage | undefined {
    return this.#state.damage;
  }

  /** Set once nothing may be written any more: the process should end and start again. */
  get failure(): LogStorageError | undefined {
    return this.#state.failure;
  }

  /** Made by this run, and nothing of it is known to be on the device. */
  get isNew(): boolean {
    return this.#state.dirty.isNew;
  }

  get sizeBytes(): number {
    return this.#state.segments.sizeBytes;
  }

  /** First offset that can be read. */
  get logStartOffset(): Offset {
    return this.#state.logStartOffset;
  }

  /** What consumers may see; after opening all that was recovered, then moved by the owner. */
  get highWatermark(): Offset {
    return this.#state.highWatermark;
  }

  /** First offset of a transaction whose outcome readers cannot see yet, else the high watermark (LSO). */
  get lastStableOffset(): Offset {
    return lastStableOffsetOf(this.#state);
  }

  /** Everything below is on the device. */
  get durableOffset(): Offset {
    return this.#state.durableOffset;
  }

  /** First offset of the segment that is written to: all below lies in closed ones. */
  get activeBaseOffset(): Offset {
    return this.#state.segments.active.baseOffset;
  }

  /** Offset that the next record gets (LEO); of a damaged log, the first one that cannot be read. */
  get logEndOffset(): Offset {
    return this.#state.logEndOffset;
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
    return this.#writer.append(batches, options);
  }

  /**
   * Everything appended before the call is on the device once it resolves; calls share the work. A failed sync is
   * never tried again: the log has failed then (`failure`).
   *
   * @throws LogStorageError `LOG_FAILED`, `LOG_CLOSED`
   */
  sync(): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closed(this.path));
    return this.#writer.sync();
  }

  /** Lets consumers see up to this offset. Never goes back. */
  advanceHighWatermark(offset: Offset): void {
    const state = this.#state;
    if (offset <= state.highWatermark) return;
    invariant(offset <= state.logEndOffset, "LOG-2", { offset, logEndOffset: state.logEndOffset });
    state.highWatermark = offset;
    state.producers.advanceHighWatermark(offset);
  }

  /**
   * Whole batches from the one that holds the offset on, up to the end of its segment at most, as Kafka reads.
   * Nothing at the end of the log.
   *
   * @throws LogRequestError `OFFSET_OUT_OF_RANGE`
   * @throws LogCorruptedError at and above the damage
   */
  read(offset: Offset, options: ReadOptions): LogSlice {
    return this.#reader.read(offset, options);
  }

  /** Aborted transactions that overlap [from, to), for readers of committed records. */
  abortedTransactions(from: Offset, to: Offset): readonly AbortedTransaction[] {
    return this.#reader.abortedTransactions(from, to);
  }

  /** First record whose timestamp is at least the given one, exact to the record (ListOffsets). */
  offsetForTimestamp(timestamp: Timestamp): TimestampOffset | undefined {
    return this.#reader.offsetForTimestamp(timestamp);
  }

  /** First record with the largest timestamp (ListOffsets with -3). */
  maxTimestamp(): TimestampOffset | undefined {
    return this.#reader.maxTimestamp();
  }

  /** End of the largest epoch not above the given one (OffsetForLeaderEpoch). */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset | undefined {
    return this.#state.epochs.endOffsetFor(leaderEpoch, this.logEndOffset);
  }

  /** Epoch in which the record at the offset was appended; -1 where it is not known. */
  epochForOffset(offset: Offset): number {
    return this.#state.epochs.epochAt(offset);
  }

  /** Newest epoch that has a record; -1 without one. */
  get latestEpoch(): number {
    return this.#state.epochs.entries.at(-1)?.epoch ?? -1;
  }

  /**
   * Moves the log start up (DeleteRecords): made durable first, then segments that lie below altogether are removed.
   * Resolves with the log start.
   *
   * @throws LogRequestError `OFFSET_OUT_OF_RANGE` above the high watermark
   */
  deleteRecordsBefore(offset: Offset): Promise<Offset> {
    return this.upkeep.deleteRecords(offset);
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
    const startedMs = this.#state.platform.clock.wallMs();
    return this.#state.producers.startVerification({ ...producer, lowestSequence, startedMs });
  }

  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    return this.#state.producers.hasOngoingTransaction(producerId, producerEpoch);
  }

  /** State of all producers (DescribeProducers). */
  producers(): readonly ProducerDescription[] {
    return this.#state.producers.describe();
  }

  /** Forgets producers that were silent for `producer.id.expiration.ms`. */
  removeExpiredProducers(): void {
    const nowMs = this.#state.platform.clock.wallMs();
    this.#state.producers.removeExpired(nowMs, this.#state.config.producerIdExpirationMs);
  }

  /** Oldest first; the last one is active. Enough to decide on retention, without reading a record. */
  segments(): readonly SegmentDescription[] {
    const { segments } = this.#state;
    return segments.all.map((segment) => {
      const { baseOffset, endOffset, sizeBytes, maxTimestamp } = segment;
      const isActive = segment === segments.active;
      return { baseOffset, endOffset, sizeBytes, largestTimestamp: maxTimestamp, isActive };
    });
  }

  updateConfig(changes: Partial<LogConfig>): void {
    const state = this.#state;
    state.config = { ...state.config, ...changes };
    state.cache.setBytesMax(state.config.tailCacheBytes);
  }

  /** Closes the active segment and begins the next one. Nothing happens to an empty one. */
  roll(): void {
    this.#writer.roll();
  }

  /**
   * Makes all durable, writes indexes and a producer snapshot, and closes the files. A damaged or failed log is
   * left as it is. Calling twice is fine.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes the files as they are: they are going to be removed. A sync that goes on is waited for. */
  discard(): Promise<void> {
    this.#closing ??= this.#discard();
    return this.#closing;
  }

  async #discard(): Promise<void> {
    this.#state.isClosed = true;
    await this.#state.idle();
    await this.#writer.idle();
    this.#state.close();
  }

  async #close(): Promise<void> {
    const state = this.#state;
    state.isClosed = true;
    try {
      await state.idle();
      if (state.failure === undefined) state.retired.removeAll();
      if (state.damage === undefined && state.failure === undefined) await this.#writer.finish();
    } finally {
      state.close();
    }
  }
}

function closed(path: string): LogStorageError {
  return new LogStorageError("LOG_CLOSED", `${path}: the log is closed`);
}
