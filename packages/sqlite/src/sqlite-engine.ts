import { invariant, messageOf } from "@millrace/model";
import {
  afterKey,
  engineFailure,
  StateError,
  type EngineEntry,
  type EntryCursor,
  type ScanRange,
  type StoreEngine,
} from "@millrace/state";

import type { SqliteDatabase } from "./sqlite-database.ts";
import { isBusy, isCorruption, othersAdvice } from "./sqlite-errors.ts";
import type { Row, RowRange, SqliteRows } from "./sqlite-rows.ts";

/**
 * Rows that the first read of a scan brings, and the most that a later one does. Most scans that are made for a record
 * find one row: the second tells that it was the last.
 */
const firstRows = 2;
const rowsMax = 512;
/** What a read brings at most, by the size of the rows that came before. */
const readBytesMax = 256 * 1024;

export interface SqliteEngineOptions {
  readonly directory: string;
  readonly database: SqliteDatabase;
  /** Called when a read or write found the database damaged. True: opened again it will begin anew. */
  readonly onDamage: () => boolean;
  /** Called when it is closed. */
  readonly onClose: () => void;
}

/** A task's SQLite database. Writes reach the operating system before `write` returns. */
export class SqliteEngine implements StoreEngine {
  readonly isPersistent = true;
  readonly #options: SqliteEngineOptions;
  readonly #pinned = new Set<SqliteRows>();
  #isOpen = true;

  constructor(options: SqliteEngineOptions) {
    this.#options = options;
  }

  get estimatedEntryCount(): number {
    return this.#attempt("count", (database) => database.estimatedEntryCount());
  }

  get(key: Uint8Array): Uint8Array | null {
    requireKey(key);
    return this.#attempt("read", (database) => database.get(key));
  }

  scan({ from, to, direction }: ScanRange): EntryCursor {
    this.#requireOpen();
    const range = { from, to, isReverse: direction === "backward" };
    const read: ReadRows = (rest, countMax) =>
      this.#isOpen ? this.#attempt("scan", ({ rows }) => rows.read(rest, countMax)) : [];
    return new SqliteCursor(range, read, () => {});
  }

  pin(): EntryCursor {
    const pinned = this.#attempt("pin", (database) => database.pin());
    this.#pinned.add(pinned);
    const read: ReadRows = (rest, countMax) =>
      this.#attempt("scan", () => pinned.read(rest, countMax));
    const range = { from: undefined, to: undefined, isReverse: false };
    return new SqliteCursor(range, read, () => {
      if (this.#pinned.delete(pinned)) pinned.close();
    });
  }

  write(entries: readonly EngineEntry[]): void {
    this.#requireOpen();
    if (entries.length === 0) return;
    for (const { key } of entries) requireKey(key);
    this.#attempt("write", (database) => database.write(entries));
  }

  deleteRange(from: Uint8Array, to: Uint8Array): void {
    requireKey(from);
    requireKey(to);
    this.#attempt("delete", (database) => database.deleteRange(from, to));
  }

  /** What the log of writes holds goes into the file meanwhile. */
  close(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    this.#isOpen = false;
    for (const pinned of this.#pinned) pinned.close();
    this.#pinned.clear();
    try {
      this.#options.database.close();
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(this.#failure("close", error));
    } finally {
      this.#options.onClose();
    }
  }

  #attempt<T>(what: string, act: (database: SqliteDatabase) => T): T {
    this.#requireOpen();
    try {
      return act(this.#options.database);
    } catch (error) {
      throw this.#failure(what, error);
    }
  }

  #requireOpen(): void {
    if (!this.#isOpen)
      throw new StateError(
        "STORE_CLOSED",
        `the SQLite database in ${this.#options.directory} is closed; open its task again`,
      );
  }

  #failure(what: string, error: unknown): StateError {
    const { directory, onDamage } = this.#options;
    const advice = isBusy(error) ? { advice: othersAdvice } : {};
    return engineFailure(
      {
        engine: "SQLite",
        directory,
        what,
        reason: messageOf(error),
        isCorruption: isCorruption(error),
        ...advice,
        onDamage,
      },
      error,
    );
  }
}

/** An empty array may come to SQLite as NULL. Keys of stores have a prefix. */
function requireKey(key: Uint8Array): void {
  invariant(key.length > 0, "SQLITE-2", "an empty key");
}

type ReadRows = (range: RowRange, countMax: number) => readonly Row[];

/** Reads rows some at a time, each time from behind the last: nothing is held open while others write. */
class SqliteCursor implements EntryCursor {
  readonly #read: ReadRows;
  readonly #onClose: () => void;
  #range: RowRange;
  #rows: readonly Row[] = [];
  #index = -1;
  #countMax = firstRows;
  #isAtEnd: boolean;

  constructor({ from, to, isReverse }: RowRange, read: ReadRows, onClose: () => void) {
    this.#read = read;
    this.#onClose = onClose;
    this.#range = { from: from?.length === 0 ? undefined : from, to, isReverse };
    this.#isAtEnd = to?.length === 0;
  }

  next(): boolean {
    this.#index += 1;
    if (this.#index < this.#rows.length) return true;
    if (this.#isAtEnd) return false;
    this.#rows = this.#read(this.#range, this.#countMax);
    this.#index = 0;
    this.#isAtEnd = this.#rows.length < this.#countMax;
    if (!this.#isAtEnd) this.#goOn();
    return this.#rows.length > 0;
  }

  get key(): Uint8Array {
    return this.#rows[this.#index][0];
  }

  get value(): Uint8Array {
    return this.#rows[this.#index][1];
  }

  [Symbol.dispose](): void {
    this.#rows = [];
    this.#isAtEnd = true;
    this.#onClose();
  }

  /** The next read begins behind the last row. */
  #goOn(): void {
    const bytes = this.#rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    const fitting = Math.floor((readBytesMax * this.#rows.length) / bytes);
    this.#countMax = Math.max(1, Math.min(rowsMax, this.#countMax * 4, fitting));
    const [last] = this.#rows[this.#rows.length - 1];
    const { from, to, isReverse } = this.#range;
    this.#range = isReverse
      ? { from, to: last, isReverse }
      : { from: afterKey(last), to, isReverse };
  }
}
