import type { Timestamp } from "@millrace/model";
import { readMaxTimestamp, readRecordCount } from "@millrace/protocol/records";
import { noTimestamp } from "../log-config.ts";

/** The largest time of a batch's records; what compaction has emptied says one still, and has no record of it. */
export function indexedTimestamp(bytes: Uint8Array, at: number): Timestamp {
  return readRecordCount(bytes, at) === 0 ? noTimestamp : readMaxTimestamp(bytes, at);
}
