import type { Headers, Offset, RecordBatchView, Timestamp } from "@millrace/model";

/** One record, as a batch of one. */
export interface InputRecord {
  readonly topic: string;
  readonly offset: Offset;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** A batch of a single record in partition 0, for drivers that feed records one by one. */
export class SingleRecordBatch implements RecordBatchView {
  readonly topic: string;
  readonly partition = 0;
  readonly offset: Offset;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  remaining = 1;

  constructor(record: InputRecord) {
    this.topic = record.topic;
    this.offset = record.offset;
    this.key = record.key;
    this.value = record.value;
    this.timestamp = record.timestamp;
    this.headers = record.headers;
  }

  get nextOffset(): Offset {
    return this.offset + 1;
  }

  get sizeBytes(): number {
    return (this.key?.length ?? 0) + (this.value?.length ?? 0);
  }

  next(): boolean {
    if (this.remaining === 0) return false;
    this.remaining = 0;
    return true;
  }

  release(): void {}
}
