import type { Headers, Offset, Timestamp } from "@millrace/model";

/** What a timestamp extractor sees of a record. */
export interface ExtractorInput<K = unknown, V = unknown> {
  readonly key: K;
  readonly value: V;
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  /** As the record carries it; -1 if it has none. */
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/**
 * Gives a record its time, in ms since 1970 (Kafka: `TimestampExtractor`). A negative one drops the record and
 * counts it. `partitionTime` is the highest time seen in the partition, -1 before the first.
 */
export type TimestampExtractor<K = unknown, V = unknown> = (
  record: ExtractorInput<K, V>,
  partitionTime: Timestamp,
) => Timestamp;

/** Kafka: `LogAndSkipOnInvalidTimestamp`. */
export const skipInvalidTimestamps: TimestampExtractor = (record) => record.timestamp;

/** Kafka: `UsePartitionTimeOnInvalidTimestamp`. */
export const partitionTimeForInvalidTimestamps: TimestampExtractor = (record, partitionTime) => {
  if (record.timestamp >= 0) return record.timestamp;
  if (partitionTime >= 0) return partitionTime;
  throw new RangeError(
    `the record at offset ${record.offset} has no timestamp, and its partition none before it`,
  );
};
