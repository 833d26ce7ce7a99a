import type { Headers, Timestamp } from "@millrace/model";

import type { WrittenRecord } from "./written-record.ts";

/** Where the records of a task go: sinks, repartition topics, changelogs, dead letters (Kafka: `RecordCollector`). */
export interface RecordCollector {
  /** The appender of a topic, which finds the partition by the key. Take it once per node, keep it. */
  topic(topic: string, node?: string): TopicAppender;
  /** The appender of one partition: for changelogs. */
  partition(topic: string, partition: number): RecordAppender;
  /** False: stop processing after the record under way, and wait until there is room again. */
  readonly hasRoom: boolean;
  /** What an append threw for reasons that are not the record's: the writer has failed. */
  readonly failure?: unknown;
  /** Names who decides about records that cannot be written. */
  reportTo?(owner: RefusalOwner): void;
}

export interface RefusalOwner {
  /** Comes back to leave the record out; else throws: always where it is of a changelog. */
  onRefused(record: WrittenRecord, cause: unknown): void;
}

/** A `PartitionWriter` of the cluster port fits. */
export interface RecordAppender {
  /** Copies the bytes before it returns. */
  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): unknown;
}

export interface TopicAppender extends RecordAppender {
  readonly partitionCount: number;
  /** The appender of one of its partitions, chosen by a partitioner of the user's. */
  partition(partition: number): RecordAppender;
}
