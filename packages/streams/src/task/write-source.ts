import type { Offset, TopicPartition } from "@millrace/model";
import type { RecordContext } from "@millrace/state";

import type { WrittenRecord } from "./written-record.ts";

/** Who appends: a node of a task, or one of its stores. Its context says which record is under way. */
export interface WriteSource {
  /** The sink; undefined for changelogs and dead letters. */
  readonly node: string | undefined;
  readonly isChangelog: boolean;
  readonly context: RecordContext;
  /** Comes back to leave the record out; else throws. */
  readonly onRefused: (record: WrittenRecord, cause: unknown) => void;
}

/** Which input record something was written for. */
export interface WriteOrigin extends TopicPartition {
  readonly source: WriteSource;
  readonly offset: Offset;
}
