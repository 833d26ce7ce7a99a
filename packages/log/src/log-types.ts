import type { Offset, Timestamp } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { Compression } from "@millrace/protocol/records";
import type { FailedWrites } from "./failed-writes.ts";
import type { LogDamage } from "./log-error.ts";
import type { LogConfig } from "./log-config.ts";
import type { ReadMemory } from "./read/read-memory.ts";

/** How a log is opened. `LogDirectory.openLog` fills in what belongs to the directory. */
export interface PartitionLogOptions {
  readonly platform: Platform;
  /** Directory of the partition, `<log directory>/<topic>-<partition>`; made if it is missing. */
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
  /** Written to `partition.metadata`; an existing file must name the same one. Text form of Kafka's `Uuid`. */
  readonly topicId?: string;
  /** Differences from `defaultLogConfig`. */
  readonly config?: Partial<LogConfig>;
  /** Epoch that is stamped into appended batches: raised by the broker at every start. */
  readonly leaderEpoch: number;
  /** The directory was closed in order, so that its files are taken as they are. */
  readonly wasCleanlyClosed?: boolean;
  /** Offsets below this are known to be on the device (Kafka: recovery point). Default 0. */
  readonly recoveryPoint?: Offset;
  /** It was noted, and what it was noted in cannot be read: nobody knows what compaction has taken. */
  readonly isRecoveryPointLost?: boolean;
  /** Offset below which records were deleted. Default: the first one stored. */
  readonly logStartOffset?: Offset;
  /** Needed to look into compressed batches: lookups by time, keys of compacted topics. */
  readonly codecs?: Compression;
  /** What its directory counts. Default: told, and counted by itself alone. */
  readonly failedWrites?: FailedWrites;
  /** Makes a new log start durable; awaited before any segment is removed. */
  readonly saveLogStartOffset?: (offset: Offset) => Promise<void>;
  /** Makes durable that all below is on the device; awaited before compaction rewrites any of it. */
  readonly saveRecoveryPoint?: (offset: Offset) => Promise<void>;
  /** Compacted up to here. Default: never. */
  readonly cleanedOffset?: Offset;
  readonly saveCleanedOffset?: (offset: Offset) => Promise<void>;
  /** Makes the folder's own entry durable; given where many folders share that. */
  readonly syncParent?: () => Promise<void>;
}

/**
 * Who appends (Kafka: `AppendOrigin`).
 *
 * - `client`: one batch with base offset 0 and sequences; everything is checked.
 * - `coordinator`: group and transaction coordinators; several batches, control batches, no sequences.
 */
export type AppendOrigin = "client" | "coordinator";

export interface AppendOptions {
  readonly origin: AppendOrigin;
  /** Needed with an end-of-transaction marker: 2 demands a raised epoch (KIP-890). Default 0. */
  readonly transactionVersion?: number;
  /** From `startTransactionVerification`, once the coordinator has confirmed the partition. */
  readonly verificationGuard?: VerificationGuard;
}

/** Proof that this append belongs to the transaction that the coordinator was asked about. Compared by identity. */
export interface VerificationGuard {
  readonly producerId: number;
}

/** What became of an append. A duplicate wrote nothing and reports the first write. */
export interface AppendResult {
  readonly isDuplicate: boolean;
  /** Offset of the first record. */
  readonly baseOffset: Offset;
  /** Offset of the last record: acknowledge once `durableOffset` is above it. */
  readonly lastOffset: Offset;
  /** Time stamped by the broker; -1 where the records keep the producer's. */
  readonly logAppendTime: Timestamp;
  readonly logStartOffset: Offset;
  readonly sizeBytes: number;
}

export interface ReadOptions {
  /** Bytes of batches at most. */
  readonly maxBytes: number;
  /** Batches at or above this offset stay out: high watermark or last stable offset. */
  readonly upTo: Offset;
  /** Gives the first batch even if it alone is larger than `maxBytes` (KIP-74). */
  readonly minOneBatch?: boolean;
  /** Lends memory for what lies in files; who reads gives it back, if it can. */
  readonly memory?: ReadMemory;
}

/** Whole batches of one segment, as on the wire. The parts are views that must not be changed and stay valid. */
export interface LogSlice {
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** Offset after the last batch; the requested one where nothing was read. */
  readonly nextOffset: Offset;
  /** Where a larger budget would have ended: at the bound asked for, or with the segment. */
  readonly upTo: Offset;
  /** What was found behind `parts`: the next batch below `upTo`, where that is as a whole; else empty. */
  readonly rest: Uint8Array;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: Offset;
}

/** A record found by its time. */
export interface TimestampOffset {
  readonly timestamp: Timestamp;
  readonly offset: Offset;
  readonly leaderEpoch: number;
}

export interface EpochEndOffset {
  readonly leaderEpoch: number;
  readonly endOffset: Offset;
}

/** One producer's state (DescribeProducers). -1 where Kafka says "none". */
export interface ProducerDescription {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: Timestamp;
  readonly coordinatorEpoch: number;
  readonly currentTransactionStartOffset: Offset;
}

export interface SegmentDescription {
  readonly baseOffset: Offset;
  /** Offset after the last one; equals the base of the next segment unless compaction took the end. */
  readonly endOffset: Offset;
  readonly sizeBytes: number;
  /** -1 where no record carries one. */
  readonly largestTimestamp: Timestamp;
  readonly isActive: boolean;
}

/** What opening had to do. */
export interface RecoveryReport {
  /** Taken over as it was, without a scan. */
  readonly wasClean: boolean;
  readonly scannedBytes: number;
  /** Below, all was durable when the log was opened, damaged or not. */
  readonly recoveryPoint: Offset;
  /** A torn tail that was cut; the bytes lie in `setAsidePath`. */
  readonly cutTail?: CutTail;
  readonly damage?: LogDamage;
}

export interface CutTail {
  readonly path: string;
  readonly position: number;
  readonly sizeBytes: number;
  /** First offset that will be given out again. */
  readonly firstOffset: Offset;
  readonly setAsidePath: string;
  readonly reason: string;
}
