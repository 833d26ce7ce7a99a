import { type Offset, type Timestamp } from "@millrace/model";
import type { LogConfig } from "./log-config.ts";
import type { LogDamage } from "./log-error.ts";
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

/** Shape of `PartitionLog`. */
export interface PartitionLogShape {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
  readonly config: LogConfig;
  readonly leaderEpoch: number;
  readonly recovery: RecoveryReport;
  /** Undefined while the log is sound. */
  readonly damage: LogDamage | undefined;
  readonly sizeBytes: number;

  /** First offset that can be read. */
  readonly logStartOffset: Offset;
  /** First offset of an open transaction, else the high watermark (LSO). */
  readonly lastStableOffset: Offset;
  /** What consumers may see: moved by the owner through `advanceHighWatermark`. */
  readonly highWatermark: Offset;
  /** Everything below is on the device. */
  readonly durableOffset: Offset;
  /** Offset that the next record gets (LEO). */
  readonly logEndOffset: Offset;

  append(batches: Uint8Array, options: AppendOptions): AppendResult;
  sync(): Promise<void>;
  advanceHighWatermark(offset: Offset): void;
  read(offset: Offset, options: ReadOptions): LogSlice;
  abortedTransactions(from: Offset, to: Offset): readonly AbortedTransaction[];
  offsetForTimestamp(timestamp: Timestamp): TimestampOffset | undefined;
  maxTimestamp(): TimestampOffset | undefined;
  /** Moves the log start; resolves with it once durable. */
  deleteRecordsBefore(offset: Offset): Promise<Offset>;
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset | undefined;
  startTransactionVerification(
    producerId: number,
    producerEpoch: number,
    baseSequence: number,
    supportsEpochBump: boolean,
  ): VerificationGuard | undefined;
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean;
  producers(): readonly ProducerDescription[];
  removeExpiredProducers(): void;
  segments(): readonly SegmentDescription[];
  updateConfig(changes: Partial<LogConfig>): void;
  roll(): void;
  close(): Promise<void>;
}

export type { PartitionLogOptions };
