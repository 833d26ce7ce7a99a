import type { Headers, Offset, Timestamp, TopicPartition } from "@millrace/model";
import type { ClusterError } from "./cluster-error.ts";
import type { GroupMetadata, OffsetAndMetadata } from "./offset-and-metadata.ts";

export interface BatchWriterOptions {
  /** With an id the writer is transactional and fences an earlier writer of that id; else it is idempotent. */
  readonly transactionalId?: string;
  /** After this long the broker aborts an open transaction. Default 60,000. */
  readonly transactionTimeoutMs?: number;
  /** How long a batch waits for more records. Default 5. */
  readonly lingerMs?: number;
  /** Default 64 KiB. */
  readonly batchBytesMax?: number;
  /** Bytes appended and not yet acknowledged; beyond it `append` answers false. Default 32 MiB. */
  readonly bufferBytesMax?: number;
  readonly compression?: "none" | "gzip" | "zstd";
  /** Bytes of one request, and so of one record: `append` refuses a larger one. Default 1 MiB. */
  readonly requestBytesMax?: number;
  /** Until an append counts as failed. Default 120,000. */
  readonly deliveryTimeoutMs?: number;
  /** Decides, at once, about records that will never be written. Default: `fail`. */
  readonly onRefused?: (refusal: WriteRefusal) => RefusalDecision;
}

/**
 * `fail`: told by the next `flush`, `drained` or `commit`; a transaction cannot be committed any more.
 * `continue`: these records are left out, all others are written, also within the transaction.
 */
export type RefusalDecision = "fail" | "continue";

/**
 * Records that will never be written, and are known not to be: the cluster refuses them for good, or
 * `deliveryTimeoutMs` is over. Records of the same batch that are fine are not among them. Who writes in a
 * transaction is not asked where nobody knows whether records were written: that ends the transaction with
 * `TRANSACTION_ABORTED`. A record beyond the writer's own bound is no refusal: `append` throws.
 */
export interface WriteRefusal extends TopicPartition {
  /** Kafka's own error, where the broker gave one, is its `cause`. */
  readonly error: ClusterError;
  readonly records: readonly RefusedRecord[];
}

export interface RefusedRecord {
  /** What `PartitionWriter.appendedCount` was just before the record was appended: finds what it came from. */
  readonly appendIndex: number;
  readonly timestamp: Timestamp;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/**
 * Writes records into batches. No promise, callback or object per record: what fails is told by the next
 * `flush`, `drained` or `commit`, and stays until `abort` (without transactions: until it was told once).
 */
export interface BatchWriter {
  /**
   * Asks for the partition counts of topics, so that `partitionCount` knows them from now on. Rejects for a topic
   * that is not there. `"all"`: of those that are there, and in time of those that are made later.
   */
  prepare(topics: readonly string[] | "all", signal?: AbortSignal): Promise<void>;
  /** How many partitions a prepared topic has, as of the last metadata: it may grow. */
  partitionCount(topic: string): number | undefined;
  /** The appender of one partition: take it once, keep it. The same arguments give the same object. */
  partition(topic: string, partition: number): PartitionWriter;
  /** True while more may be appended. */
  readonly hasRoom: boolean;
  /** Resolves once there is room again. Rejects with the first error, or the signal's reason. */
  drained(signal?: AbortSignal): Promise<void>;
  /** Sends all that is open and waits for the acknowledgements. Gives the end offset of each partition written since the last flush. */
  flush(
    signal?: AbortSignal,
  ): Promise<readonly (TopicPartition & { readonly endOffset: Offset })[]>;

  /** Transactional writers only, once, first: fences the predecessor and ends what it left open. */
  initialize(signal?: AbortSignal): Promise<void>;
  begin(): void;
  /**
   * What is appended from now on belongs to the next transaction, and waits for its `begin`; `flush`, `sendOffsets` and
   * `commit` are about what was appended before, or by `onRefused`. So records are taken while a transaction ends. An
   * `abort` drops both.
   */
  divide(): void;
  /** Makes the offsets part of the transaction, fenced by the group's metadata. */
  sendOffsets(
    offsets: readonly OffsetAndMetadata[],
    group: GroupMetadata,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Flushes, then ends the transaction. After a rejection the outcome is unknown unless the error says otherwise. */
  commit(signal?: AbortSignal): Promise<void>;
  /** Drops what is open and ends the transaction. Clears the error. */
  abort(signal?: AbortSignal): Promise<void>;
  /** Ends the transaction that is open by aborting it; waits at most `timeoutMs`. */
  close(timeoutMs?: number): Promise<void>;
}

export interface PartitionWriter {
  readonly topic: string;
  readonly partition: number;
  /** Records appended since the writer was opened, whatever became of them. */
  readonly appendedCount: number;
  /**
   * Copies one record into the open batch. False: it was taken, but the buffer is full now: await `drained`.
   *
   * @throws ClusterError `RECORD_TOO_LARGE`: beyond `requestBytesMax`; the writer goes on without the record.
   * `WRITER_FAILED`, `WRITER_CLOSED`
   */
  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): boolean;
}
