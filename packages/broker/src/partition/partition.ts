import type { Offset } from "@millrace/model";
import type {
  AbortedTransaction,
  AppendOptions,
  AppendResult,
  EpochEndOffset,
  LogSlice,
  ReadOptions,
  TimestampOffset,
} from "@millrace/log";

/**
 * One partition as the broker's handlers and coordinators see it: a log, and how far of it is safe to show.
 *
 *     logStartOffset <= lastStableOffset <= highWatermark <= logEndOffset
 */
export interface PartitionShape {
  readonly topic: string;
  readonly partition: number;
  /** Text form of the UUID. */
  readonly topicId: string;
  readonly leaderEpoch: number;
  readonly logStartOffset: Offset;
  readonly lastStableOffset: Offset;
  /** What the durability level has reached: consumers see nothing at or above it. */
  readonly highWatermark: Offset;
  /** Offset that the next record gets. */
  readonly logEndOffset: Offset;

  /**
   * Appends at once; durable comes later: `whenDurable(result.lastOffset + 1, ...)`.
   *
   * @throws LogRequestError, LogStorageError
   */
  append(batches: Uint8Array, options: AppendOptions): AppendResult;
  /**
   * Calls back once the high watermark has reached `endOffset`: at once if it has, else in the order of the calls.
   * A failure of the log (its sync failed, it was closed or deleted) is handed over instead.
   */
  whenDurable(endOffset: Offset, callback: (failure: Error | undefined) => void): void;
  /** Views that stay valid; they must not be changed. */
  read(offset: Offset, options: ReadOptions): LogSlice;
  /** Called back once something more can be read, the log start moved, or the partition went away. */
  waitForData(waiter: PartitionWaiter): PartitionWait;
  abortedTransactions(from: Offset, to: Offset): readonly AbortedTransaction[];
  offsetForTimestamp(timestampMs: number): TimestampOffset | undefined;
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset | undefined;
  /** Moves the log start; resolves with it once durable. */
  deleteRecordsBefore(offset: Offset): Promise<Offset>;
}

/** Told about every change until it is cancelled. Must not throw. */
export type PartitionWaiter = () => void;

export interface PartitionWait {
  /** Calling twice is fine. */
  cancel(): void;
}
