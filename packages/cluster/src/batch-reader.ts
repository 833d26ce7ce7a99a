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
   * Rejects with a `PartitionError` once all that came of that partition has been given and it cannot be read
   * on: its offset is out of range, it is gone. Nothing is lost by that, and the other partitions are not
   * touched: mend it by `assign`, or give it up by `unassign`, and poll on. Until then it is told again.
   * Rejects with the ClusterError `CLUSTER_CLOSED` after the close; a poll that waits then gives nothing.
   *
   * A batch that cannot be read comes in its place like any other: its `next` throws an `UnreadableBatchError`.
   */
  poll(options: {
    readonly signal?: AbortSignal;
    readonly waitMsMax: number;
  }): Promise<readonly RecordBatchView[]>;
  /**
   * Offset after all that `poll` has given. Control and aborted records that lie behind it count as given: it may
   * move on by a poll that gives nothing.
   */
  position(partition: TopicPartition): Offset | undefined;
  /** The end that a reader of this isolation may see, as of the last fetch; undefined before the first. */
  endOffset(partition: TopicPartition): Offset | undefined;
  close(): Promise<void>;
}
