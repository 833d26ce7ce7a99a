import type { Timestamp } from "@millrace/model";
import type { EntryCursor, ScanRange } from "./store-engine.ts";

/**
 * One store as bytes: what lies beneath its typed and cached layers. Keys have no prefix here. Values are as stored,
 * of a timestamped store with the timestamp in front.
 */
export interface BytesStore {
  /** Do not change the result: it may be what the stage or a cache holds. */
  get(key: Uint8Array): Uint8Array | null;
  /**
   * The key is copied, the value kept: the caller does not change it any more. Null deletes.
   *
   * @param contextTimestamp of the record that wrote it: the changelog's where the value brings none
   */
  put(key: Uint8Array, value: Uint8Array | null, contextTimestamp: Timestamp): void;
  scan(range: ScanRange): EntryCursor;
  approximateEntryCount(): number;
}
