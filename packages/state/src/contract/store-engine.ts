/**
 * A sorted map of bytes that a task's stores share: one engine per task, a prefix per store.
 * Synchronous. Order is that of unsigned bytes. Keys are never empty.
 */
export interface StoreEngine {
  /** True: survives the process. */
  readonly isPersistent: boolean;
  /** The result belongs to the caller. */
  get(key: Uint8Array): Uint8Array | null;
  /** Close the cursor (`using`). What is written meanwhile may or may not appear. */
  scan(range: ScanRange): EntryCursor;
  /**
   * All entries as they are now, forward: what is written meanwhile does not appear. An engine may have to keep what it
   * shows until it is closed; of an engine that is closed before it throws `STORE_CLOSED`.
   */
  pin(): EntryCursor;
  /** All or nothing, also through a crash. A null value deletes. The bytes are copied or owned by the engine afterwards. */
  write(entries: readonly EngineEntry[]): void;
  /** Deletes all keys from `from` (inclusive) to `to` (exclusive): one step, however many they are. */
  deleteRange(from: Uint8Array, to: Uint8Array): void;
  /** How many entries there are, all stores together, as far as that is cheap to say. */
  readonly estimatedEntryCount?: number;
  /** Resolves once files and locks are free. Later use throws `STORE_CLOSED`. Twice is fine. */
  close(): Promise<void>;
}

export interface ScanRange {
  /** Inclusive; absent: from the start. */
  readonly from?: Uint8Array;
  /** Exclusive; absent: to the end. */
  readonly to?: Uint8Array;
  readonly direction?: "forward" | "backward";
}

export interface EngineEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Walks entries: `while (cursor.next()) use(cursor.key, cursor.value)`. */
export interface EntryCursor extends Disposable {
  next(): boolean;
  /** Views of bytes that stay as they are. Do not change them. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Opens the engines of tasks, a folder each. `memoryEngineProvider` and `fileEngineProvider` are here;
 * RocksDB's is in `@millrace/rocksdb`.
 */
export interface StoreEngineProvider {
  readonly isPersistent: boolean;
  /** `directory`: the task's own. A damaged engine is moved aside and opened empty, with a log event. */
  open(directory: string): Promise<StoreEngine>;
}
