import { invariant } from "@millrace/model";
import {
  engineFailure,
  StateError,
  type EngineEntry,
  type EntryCursor,
  type ScanRange,
  type StoreEngine,
} from "@millrace/state";
import { isCorruption, rootOf, type NativeDatabase, type NativeRows } from "./native-database.ts";

/**
 * Rows that the first read of a scan brings, and the most that a later one does. Most scans that are made for a record
 * find one row: the second tells that it was the last, which saves another read.
 */
const firstRows = 2;
const rowsMax = 512;

export interface RocksdbEngineOptions {
  readonly directory: string;
  readonly database: NativeDatabase;
  /** Called when a read or write found the database damaged. True: opened again it will begin anew. */
  readonly onDamage: () => boolean;
  /** Called as it is closed. */
  readonly onClose: () => void;
}

/** A task's RocksDB database. Writes reach the operating system before `write` returns. */
export class RocksdbEngine implements StoreEngine {
  readonly isPersistent = true;
  readonly #directory: string;
  readonly #database: NativeDatabase;
  readonly #onDamage: () => boolean;
  readonly #onClose: () => void;
  readonly #cursors = new Set<RocksdbCursor>();
  #isOpen = true;
  #closing: Promise<void> | null = null;

  constructor({ directory, database, onDamage, onClose }: RocksdbEngineOptions) {
    this.#directory = directory;
    this.#database = database;
    this.#onDamage = onDamage;
    this.#onClose = onClose;
  }

  get estimatedEntryCount(): number {
    this.#requireOpen();
    return this.#database.estimatedEntryCount();
  }

  get(key: Uint8Array): Uint8Array | null {
    this.#requireOpen();
    requireKey(key);
    try {
      return this.#database.get(key);
    } catch (error) {
      throw this.#failure("read", error);
    }
  }

  scan(range: ScanRange): EntryCursor {
    return this.#scan(range, () => {});
  }

  /** An iterator shows the database as it was when it was made. */
  pin(): EntryCursor {
    return this.#scan({}, () => this.#requireOpen());
  }

  write(entries: readonly EngineEntry[]): void {
    this.#requireOpen();
    if (entries.length === 0) return;
    for (const { key } of entries) requireKey(key);
    try {
      this.#database.write(entries);
    } catch (error) {
      throw this.#failure("write", error);
    }
  }

  deleteRange(from: Uint8Array, to: Uint8Array): void {
    this.#requireOpen();
    requireKey(from);
    requireKey(to);
    if (!this.#database.deleteRange(from, to))
      throw this.#failure("delete", new Error("entries are left"));
  }

  close(): Promise<void> {
    if (this.#isOpen) this.#onClose();
    this.#isOpen = false;
    for (const cursor of this.#cursors) cursor[Symbol.dispose]();
    this.#closing ??= this.#database.close();
    return this.#closing;
  }

  #scan({ from, to, direction }: ScanRange, whenClosed: () => void): EntryCursor {
    this.#requireOpen();
    if (to !== undefined && to.length === 0) return noEntries;
    const rows = this.#database.iterate({
      ...(from === undefined || from.length === 0 ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      isReverse: direction === "backward",
    });
    const cursor = new RocksdbCursor(rows, {
      onClose: () => this.#cursors.delete(cursor),
      failure: (error) => this.#failure("scan", error),
      whenClosed,
    });
    this.#cursors.add(cursor);
    return cursor;
  }

  /** The native code crashes the process when it is used after it was closed. */
  #requireOpen(): void {
    if (!this.#isOpen)
      throw new StateError(
        "STORE_CLOSED",
        `the RocksDB database in ${this.#directory} is closed; open its task again`,
      );
  }

  #failure(what: string, error: unknown): StateError {
    return engineFailure(
      {
        engine: "RocksDB",
        directory: this.#directory,
        what,
        reason: rootOf(error).message,
        isCorruption: isCorruption(error),
        onDamage: this.#onDamage,
      },
      error,
    );
  }
}

/** The native code aborts the process on an empty key. Keys of stores have a prefix. */
function requireKey(key: Uint8Array): void {
  invariant(key.length > 0, "ROCKSDB-2", "an empty key");
}

interface CursorOwner {
  readonly onClose: () => void;
  readonly failure: (error: unknown) => StateError;
  /** Asked for an entry after it was closed, perhaps with its engine, before its end. */
  readonly whenClosed: () => void;
}

class RocksdbCursor implements EntryCursor {
  readonly #source: NativeRows;
  readonly #owner: CursorOwner;
  #rows: readonly Uint8Array[] = [];
  #index = -2;
  #readCount = firstRows;
  #isClosed = false;

  constructor(source: NativeRows, owner: CursorOwner) {
    this.#source = source;
    this.#owner = owner;
  }

  next(): boolean {
    this.#index += 2;
    if (this.#index < this.#rows.length) return true;
    if (this.#isClosed) {
      this.#owner.whenClosed();
      return false;
    }
    try {
      this.#rows = this.#source.read(this.#readCount);
    } catch (error) {
      throw this.#owner.failure(error);
    }
    this.#readCount = Math.min(rowsMax, this.#readCount * 4);
    this.#index = 0;
    return this.#rows.length > 0;
  }

  get key(): Uint8Array {
    return this.#rows[this.#index];
  }

  get value(): Uint8Array {
    return this.#rows[this.#index + 1];
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rows = [];
    this.#source.close();
    this.#owner.onClose();
  }
}

const noEntries: EntryCursor = {
  next: () => false,
  key: new Uint8Array(0),
  value: new Uint8Array(0),
  [Symbol.dispose]: () => {},
};
