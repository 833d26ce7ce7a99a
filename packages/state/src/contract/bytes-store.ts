import type { Timestamp } from "@millrace/model";
import type { CacheBudget } from "./cache-budget.ts";
import type { RecordContext } from "./record-context.ts";
import type { EntryCursor, ScanRange } from "./store-engine.ts";

/**
 * One store as bytes: what lies beneath its typed and cached layers. Keys have no prefix here. Values are as stored,
 * of a timestamped store with the timestamp in front.
 */
export interface BytesStore {
  /** Do not change the result: it may be what the stage or a cache holds. */
  get(key: Uint8Array): Uint8Array | null;
  /**
   * Takes copies of both. A null value deletes.
   *
   * @param context of the record that wrote it: the changelog's where the value brings none
   */
  put(key: Uint8Array, value: Uint8Array | null, context: WriteContext): void;
  scan(range: StoreScan): EntryCursor;
  approximateEntryCount(): number;
}

/** What of it is there to be read. */
export type ReadableBytes = Pick<BytesStore, "get" | "scan" | "approximateEntryCount">;

/** What a changelog's record has of the record that was under way when the store was written. */
export type WriteContext = Pick<RecordContext, "timestamp" | "headers">;

export interface StoreScan extends ScanRange {
  /** Of rows that expire: those of earlier times are hidden. Absent: by what has expired now. */
  readonly visibleFrom?: Timestamp;
  /** False: entries of a cache that it passes are not used by that. Default true. */
  readonly isUse?: boolean;
}

/** A store's part of its task's engine, seen through the writes that are not committed. */
export interface EngineBytes extends BytesStore {
  put(key: Uint8Array, value: Uint8Array | null): void;
  /** Deletes all keys before this one in the engine, at once and for good: of what nobody may see any more. */
  dropBelow(key: Uint8Array): void;
  /** From now on what was written last, or read, is read from memory, within a budget. */
  keepLast(budget: CacheBudget): void;
}
