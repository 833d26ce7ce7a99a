import type { Offset } from "@millrace/model";
import type {
  AbortedTransaction,
  AppendOptions,
  AppendResult,
  Cleanable,
  CompactionOptions,
  CompactionResult,
  EpochEndOffset,
  LogConfig,
  LogDamage,
  LogSlice,
  ProducerDescription,
  ReadOptions,
  RetentionResult,
  SegmentDescription,
  TimestampOffset,
  VerificationGuard,
} from "@millrace/log";
import { LogCorruptedError, LogStorageError } from "@millrace/log";
import { invariant } from "@millrace/model";
import { AbsentLog, type AbsentLogOfPartition, type AbsentLogPlace } from "./absent-log.ts";
import type { Durability } from "./durability.ts";
import type { LogOfPartition } from "./log-of-partition.ts";
import { PartitionSync } from "./partition-sync.ts";
import { type PartitionWait, type PartitionWaiter, PartitionWaits } from "./partition-waits.ts";
import { StableOffsetHolds } from "./stable-offset-holds.ts";

/**
 * One partition as the broker's handlers and coordinators see it: a log, and how far of it is safe to show
 * (Kafka: `Partition`).
 *
 *     logStartOffset <= lastStableOffset <= highWatermark <= logEndOffset
 *
 *     append ──▶ log ──▶ `PartitionSync` ──▶ high watermark ──▶ `PartitionWaits`
 */
export class Partition {
  readonly topic: string;
  readonly partition: number;
  /** Text form of the UUID. */
  readonly topicId: string;
  readonly leaderEpoch: number;
  /** What is read; the same as what is written, once it is made. */
  #log: AbsentLogOfPartition;
  #made: LogOfPartition | undefined;
  #make: (() => LogOfPartition) | undefined;
  readonly #durability: Durability;
  readonly #waits = new PartitionWaits();
  readonly #stableHolds = new StableOffsetHolds();
  readonly #sync: PartitionSync;
  #failure: LogStorageError | undefined;

  private constructor(log: AbsentLogOfPartition, topicId: string, durability: Durability) {
    this.topic = log.topic;
    this.partition = log.partition;
    this.topicId = topicId;
    this.leaderEpoch = log.leaderEpoch;
    this.#log = log;
    this.#durability = durability;
    this.#sync = new PartitionSync({
      durability,
      reached: (offset) => this.#reach(offset),
      failed: (error) => this.#failed(error),
    });
  }

  /** Its log is there. */
  static of(log: LogOfPartition, topicId: string, durability: Durability): Partition {
    const partition = new Partition(log, topicId, durability);
    partition.#attach(log);
    return partition;
  }

  /** Nothing was ever written to it: it has no folder, and reads as empty. `make` makes its log at the first write. */
  static unwritten(
    place: AbsentLogPlace,
    topicId: string,
    { durability, make }: { readonly durability: Durability; readonly make: () => LogOfPartition },
  ): Partition {
    const partition = new Partition(new AbsentLog(place), topicId, durability);
    partition.#make = make;
    return partition;
  }

  /** Whether it has a log, and not just a place. */
  get isMade(): boolean {
    return this.#made !== undefined;
  }

  /** Whether clients can be sent here. */
  get hasLeader(): boolean {
    return this.#failure === undefined;
  }

  get logStartOffset(): Offset {
    return this.#log.logStartOffset;
  }

  get lastStableOffset(): Offset {
    return Math.min(this.#log.lastStableOffset, this.#stableHolds.lowest);
  }

  /** What the durability level has reached: consumers see nothing at or above it. */
  get highWatermark(): Offset {
    return this.#log.highWatermark;
  }

  /** Offset that the next record gets. */
  get logEndOffset(): Offset {
    return this.#log.logEndOffset;
  }

  get sizeBytes(): number {
    return this.#log.sizeBytes;
  }

  /** Where its files lie. */
  get path(): string {
    return this.#log.path;
  }

  segments(): readonly SegmentDescription[] {
    return this.#log.segments();
  }

  get config(): LogConfig {
    return this.#log.config;
  }

  /** What is damaged: readable below, nothing can be appended. Undefined while the log is sound. */
  get damage(): LogDamage | undefined {
    return this.#log.damage;
  }

  /** @throws LogCorruptedError where the log ends and who wrote to it last is not known behind a damage */
  checkSound(): void {
    const { damage } = this.#log;
    if (damage !== undefined) throw new LogCorruptedError(damage);
  }

  /** Why nothing can be written or read; undefined while all is well. */
  get failure(): LogStorageError | undefined {
    return this.#failure;
  }

  /**
   * Appends at once; durable comes later: `whenDurable(result.lastOffset + 1, ...)`.
   *
   * @throws LogRequestError, LogStorageError, LogCorruptedError
   */
  append(batches: Uint8Array, options: AppendOptions): AppendResult {
    if (this.#failure !== undefined) throw this.#failure;
    const log = this.#writable();
    const result = log.append(batches, options);
    if (!result.isDuplicate) this.#sync.written(log);
    return result;
  }

  /**
   * Calls back once the high watermark has reached `endOffset`: at once if it has, else in the order of the calls.
   * A failure of the log (its sync failed, it was closed or deleted) is handed over instead.
   */
  whenDurable(endOffset: Offset, callback: (failure: Error | undefined) => void): void {
    if (this.#failure !== undefined) callback(this.#failure);
    else if (endOffset <= this.#log.highWatermark) callback(undefined);
    else this.#waits.addWriter(endOffset, callback);
  }

  /** Readers of committed records see nothing new until the function that is given back is called. */
  holdStableOffset(): () => void {
    const release = this.#stableHolds.add(this.#log.lastStableOffset);
    return () => {
      release();
      this.#waits.changed();
    };
  }

  /** Whole batches; views that stay valid and must not be changed. */
  read(offset: Offset, options: ReadOptions): LogSlice {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#reading((log) => log.read(offset, options));
  }

  /** Calls back whenever more can be read, the log start moved, damage was found, or the partition went away. */
  waitForData(waiter: PartitionWaiter): PartitionWait {
    return this.#waits.addReader(waiter);
  }

  abortedTransactions(from: Offset, to: Offset): readonly AbortedTransaction[] {
    return this.#reading((log) => log.abortedTransactions(from, to));
  }

  offsetForTimestamp(timestampMs: number): TimestampOffset | undefined {
    return this.#reading((log) => log.offsetForTimestamp(timestampMs));
  }

  maxTimestamp(): TimestampOffset | undefined {
    return this.#reading((log) => log.maxTimestamp());
  }

  /** Epoch of the record at the offset; of the next one at the end of the log, -1 where it is not known. */
  epochForOffset(offset: Offset): number {
    return offset === this.#log.logEndOffset ? this.leaderEpoch : this.#log.epochForOffset(offset);
  }

  /**
   * The present epoch is known from the broker's start on, with or without records.
   *
   * @throws LogCorruptedError it may have ended behind a damage
   */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset | undefined {
    const { logEndOffset } = this.#log;
    const end = this.#log.endOffsetForEpoch(leaderEpoch) ?? this.#endBehindRecords(leaderEpoch);
    if (end === undefined || end.endOffset >= logEndOffset) this.checkSound();
    return end;
  }

  /** The log knows of no record of this epoch, nor of a later one: the present epoch begins, or has begun, at its end. */
  #endBehindRecords(leaderEpoch: number): EpochEndOffset | undefined {
    if (leaderEpoch < 0 || leaderEpoch > this.leaderEpoch) return undefined;
    const { logEndOffset: endOffset } = this.#log;
    const latest = this.#log.epochForOffset(endOffset);
    const isPast = leaderEpoch < this.leaderEpoch && latest >= 0;
    return { leaderEpoch: isPast ? latest : leaderEpoch, endOffset };
  }

  /** Undefined: the transaction is open here already, and nothing is to be verified. */
  startTransactionVerification(asked: {
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly baseSequence: number;
    readonly supportsEpochBump: boolean;
  }): VerificationGuard | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#writable().startTransactionVerification(asked);
  }

  producers(): readonly ProducerDescription[] {
    return this.#log.producers();
  }

  producer(producerId: number): ProducerDescription | undefined {
    return this.#log.producers().find((producer) => producer.producerId === producerId);
  }

  /** Moves the log start; resolves with it once durable. */
  async deleteRecordsBefore(offset: Offset): Promise<Offset> {
    if (this.#failure !== undefined) throw this.#failure;
    const start = await this.#telling(this.#log.deleteRecordsBefore(offset));
    this.#waits.changed();
    return start;
  }

  /** Takes old records away; undefined: there are none, or nothing can be done here. */
  async retain(): Promise<RetentionResult | undefined> {
    const log = this.#cared;
    if (log === undefined) return undefined;
    const result = await this.#telling(log.upkeep.retain());
    if (result !== undefined) this.#waits.changed();
    return result;
  }

  /** Ends the segment that is written to, so that it can go once all of it is given up. */
  roll(): void {
    this.#cared?.roll();
  }

  /** What there is to compact; undefined: nothing, or nothing can be done here. */
  cleanable(): Cleanable | undefined {
    return this.#cared?.upkeep.cleanable();
  }

  /** Compacts it; undefined: nothing was done. Readers, and who waits, notice nothing. */
  async compact(options: CompactionOptions): Promise<CompactionResult | undefined> {
    const log = this.#cared;
    return log === undefined ? undefined : this.#telling(log.upkeep.compact(options));
  }

  /** Syncs what has waited for longer than `flush.ms`. */
  flushOld(nowMs: number): void {
    const log = this.#cared;
    if (log !== undefined) this.#sync.flushOld(log, nowMs);
  }

  /** Removes files of what was taken away. @throws FileSystemError */
  removeRetired(): void {
    this.#cared?.upkeep.removeRetired();
  }

  updateConfig(changes: Partial<LogConfig>): void {
    this.#log.updateConfig(changes);
  }

  removeExpiredProducers(): void {
    if (this.#failure === undefined) this.#log.removeExpiredProducers();
  }

  /** Nothing more can be done with it; whoever waits is told. */
  fail(failure: LogStorageError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#sync.stop();
    this.#waits.failed(failure);
  }

  /** Makes everything durable and closes the log. Calling twice is fine. */
  async close(): Promise<void> {
    try {
      await this.#log.close();
      await this.#sync.idle();
      if (this.#failure === undefined) this.#reach(this.#log.logEndOffset);
    } finally {
      this.fail(new LogStorageError("LOG_CLOSED", `${this.topic}-${this.partition} is closed`));
    }
  }

  /** What upkeep may touch: a damaged log stays as it is. */
  get #cared(): LogOfPartition | undefined {
    return this.#failure === undefined && this.#log.damage === undefined ? this.#made : undefined;
  }

  #writable(): LogOfPartition {
    if (this.#made !== undefined) return this.#made;
    invariant(this.#make !== undefined, "BROKER-11", this.topic);
    const log = this.#make();
    this.#attach(log);
    return log;
  }

  #attach(log: LogOfPartition): void {
    invariant(log.latestEpoch <= log.leaderEpoch, "BROKER-10", log.latestEpoch);
    // What a log holds once it is open was made durable by its recovery: C2.
    if (log.highWatermark < log.logEndOffset) log.advanceHighWatermark(log.logEndOffset);
    this.#log = log;
    this.#made = log;
    this.#make = undefined;
  }

  /** Work on the log in which a sync may fail: all must know of that, as of any other. */
  async #telling<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      const isNews = this.#failure === undefined && error instanceof LogStorageError;
      if (isNews && error.code === "LOG_FAILED") this.#failed(error);
      throw error;
    }
  }

  /** A sync failed, or the log did on the way. */
  #failed(error: unknown): void {
    const failure =
      error instanceof LogStorageError
        ? error
        : new LogStorageError("LOG_FAILED", `${this.topic}-${this.partition} failed`, error);
    this.fail(failure);
    if (failure.code !== "LOG_CLOSED") this.#durability.failed(failure);
  }

  #reach(offset: Offset): void {
    this.#log.advanceHighWatermark(offset);
    this.#waits.reached(offset);
  }

  /** Who waits at the end of a log has to know that it is damaged, whoever found that. */
  #reading<Result>(read: (log: AbsentLogOfPartition) => Result): Result {
    const log = this.#log;
    const known = log.damage;
    try {
      return read(log);
    } finally {
      if (log.damage !== known) this.#waits.changed();
    }
  }
}
