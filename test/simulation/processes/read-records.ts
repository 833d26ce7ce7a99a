import {
  decodeUtf8,
  topicPartitionName,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";

import type { SeenRecord } from "../history.ts";
import { partitionCount, watchedTopics } from "../topology.ts";

export const watchedPartitions: readonly TopicPartition[] = watchedTopics.flatMap((topic) =>
  Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
);

export function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}

/** The partitions of those of the watched topics that are there. */
export function partitionsThere(topics: ReadonlyMap<string, unknown>): readonly TopicPartition[] {
  return watchedPartitions.filter(({ topic }) => topics.has(topic));
}

/** Takes all records of a batch, and gives it back. */
export function takeRecords(batch: RecordBatchView, take: (record: SeenRecord) => void): void {
  while (batch.next()) {
    const { offset, timestamp, key, value } = batch;
    take({ offset, timestamp, key: key === null ? "" : decodeUtf8(key), value: readable(value) });
  }
  batch.release();
}

/** Counts are the only values of eight bytes that begin with a zero. */
function readable(value: Uint8Array | null): string {
  if (value === null) return "null";
  if (value.length !== 8 || value[0] !== 0) return decodeUtf8(value);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return String(view.getUint32(0) * 2 ** 32 + view.getUint32(4));
}
