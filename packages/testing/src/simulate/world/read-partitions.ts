import { topicPartitionName, type RecordBatchView, type TopicPartition } from "@millrace/model";

import type { SeenRecord } from "./run-history.ts";

export function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}

/** Copies all records of a batch, and gives it back. */
export function takeRecords(batch: RecordBatchView, take: (record: SeenRecord) => void): void {
  const { topic, partition } = batch;
  while (batch.next()) {
    const { offset, timestamp, key, value, headers } = batch;
    take({
      topic,
      partition,
      offset,
      timestamp,
      key: key?.slice() ?? null,
      value: value?.slice() ?? null,
      headers,
    });
  }
  batch.release();
}
