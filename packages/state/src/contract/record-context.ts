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
  /** What a dead letter for it has; undefined: nothing, or nobody asks (Kafka: `sourceRawKey`, `sourceRawValue`). */
  readonly input?: RecordInput | undefined;
}

/** A record's key and value as they were read. */
export interface RecordInput {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** For whoever holds it longer than the record is under way. */
  kept(): RecordInput;
}
