import { noHeaders, type Headers, type Offset, type Timestamp } from "@millrace/model";
import type { RecordContext, RecordInput } from "@millrace/state";

/** The one live `RecordContext` of a task: the task changes it from record to record, its stores read it. */
export class TaskRecordContext implements RecordContext {
  topic: string | null = null;
  partition = -1;
  offset: Offset = -1;
  timestamp: Timestamp = -1;
  headers: Headers = noHeaders;
  input: RecordInput | undefined = undefined;

  /** Takes over the fields of another context, such as that of a cached record. */
  copyFrom(other: RecordContext): void {
    this.topic = other.topic;
    this.partition = other.partition;
    this.offset = other.offset;
    this.timestamp = other.timestamp;
    this.headers = other.headers;
    this.input = other.input;
  }
}
