import type { Offset, RecordBatchView, TopicPartition } from "@millrace/model";

export interface BatchReaderOptions {
  readonly isolation: "read_committed" | "read_uncommitted";
  /** Bytes fetched ahead of `poll`, over all partitions. Default 64 MiB. */
  readonly bufferBytesMax?: number;
  /** Bytes that one fetch may bring of one partition. Default 1 MiB. */
  readonly partitionBytesMax?: number;
  /** How long a broker may hold a fetch that finds nothing. Default 500. */
  readonly fetchWaitMsMax?: number;
}

/** Reads assigned partitions from positions of its own; no group is needed (Kafka: `Consumer.assign`). */
export interface BatchReader {
  /** Adds partitions, or moves those that are there: the next record comes from `offset`. */
  assign(partitions: readonly (TopicPartition & { readonly offset: Offset })[]): void;
  /** Forgets partitions and what was fetched of them. */
  unassign(partitions: readonly TopicPartition[]): void;
  /** Holds a partition back; what is fetched already may still come with the next poll. */
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /**
   * Batches that have come, in order within each partition. Waits for at least one until the signal
   * aborts or `waitMsMax` is over: then the list is empty (an abort is no error here).
   * Rejects with what the reader cannot mend: an offset out of range, a partition that is gone.
   */
  poll(options: {
    readonly signal?: AbortSignal;
    readonly waitMsMax: number;
  }): Promise<readonly RecordBatchView[]>;
  /** Offset after all that `poll` has given, control and aborted records included. */
  position(partition: TopicPartition): Offset | undefined;
  /** The end that a reader of this isolation may see, as of the last fetch; undefined before the first. */
  endOffset(partition: TopicPartition): Offset | undefined;
  close(): Promise<void>;
}
