import type { Headers, Offset, Timestamp } from "@millrace/model";

/**
 * Where the record that is being processed comes from (Kafka: `ProcessorRecordContext`). A task has one such
 * object and changes its fields from record to record; stores read it at the moment of a write and copy what
 * they keep. `topic` is null inside a punctuator; then offset and partition are -1.
 */
export interface RecordContext {
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: Offset;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}
