import type * as sqlite from "node:sqlite";

import { StateError, type EngineEntry } from "@millrace/state";

import type { SqliteModule } from "./load-sqlite.ts";
import { hashOf, requireWhole } from "./row-hash.ts";
import { readingArrays, SqliteRows } from "./sqlite-rows.ts";

/*
 * A database is one table, sorted by key. SQLite checks no bytes of its pages: each row has a hash of its own. A write is
 * in the page cache of the operating system when it returns; the device is waited for at checkpoints alone, so that after a
 * power loss the database is whole, and lacks what came last.
 */

/** Of the table. */
const formatVersion = 1;

/** Pages of 4 KiB that the log takes before they go into the file, which the device is waited for twice for. */
const logPagesMax = 4000;

/** Longest that a read or a write waits for another program, such as a backup, to end its own: the loop stands still meanwhile. */
const othersMsMax = 250;

/** Before the first read: another program has the database alone while it recovers it, or closes it with a checkpoint. */
const waitForOthers = `PRAGMA busy_timeout = ${othersMsMax};`;

const setUp = `
  PRAGMA journal_mode = WAL;
  PRAGMA wal_autocheckpoint = ${logPagesMax};
  PRAGMA synchronous = NORMAL;
  PRAGMA temp_store = MEMORY;`;

const makeTable = `
  CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, hash INTEGER NOT NULL) WITHOUT ROWID;
  PRAGMA user_version = ${formatVersion};`;

const ownColumns = "entries key,entries value,entries hash";

/** Rows that tell how large a row is. */
const sampledRows = 100;

export interface SqliteSettings {
  readonly path: string;
  readonly cacheBytes: number;
  /** True: what its log still has goes into the file first, and the log begins anew. */
  readonly beginsLog: boolean;
}

export class SqliteDatabase {
  readonly rows: SqliteRows;
  readonly #native: SqliteModule;
  readonly #path: string;
  readonly #database: sqlite.DatabaseSync;
  readonly #get: sqlite.StatementSync;
  readonly #put: sqlite.StatementSync;
  readonly #delete: sqlite.StatementSync;
  readonly #deleteRange: sqlite.StatementSync;

  private constructor(native: SqliteModule, path: string, database: sqlite.DatabaseSync) {
    this.#native = native;
    this.#path = path;
    this.#database = database;
    this.rows = new SqliteRows(database);
    this.#get = readingArrays(database, "SELECT value, hash FROM entries WHERE key = ?");
    this.#put = database.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)");
    this.#delete = database.prepare("DELETE FROM entries WHERE key = ?");
    this.#deleteRange = database.prepare("DELETE FROM entries WHERE key >= ? AND key < ?");
  }

  static open(native: SqliteModule, settings: SqliteSettings): SqliteDatabase {
    const { path, cacheBytes, beginsLog } = settings;
    const database = new native.DatabaseSync(path);
    try {
      database.exec(waitForOthers);
      const isNew = requireOwn(database, path) === "new";
      database.exec(`${setUp} PRAGMA cache_size = -${Math.ceil(cacheBytes / 1024)};`);
      if (beginsLog) database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      if (isNew) inTransaction(database, () => database.exec(makeTable));
      return new SqliteDatabase(native, path, database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get(key: Uint8Array): Uint8Array | null {
    const row = this.#get.get(key) as unknown as readonly [Uint8Array, number] | undefined; // as its text says
    if (row === undefined) {
      this.rows.requireWholeBeside(key);
      return null;
    }
    const [value, hash] = row;
    requireWhole(key, value, hash);
    return value;
  }

  /** All or nothing. A null value deletes. */
  write(entries: readonly EngineEntry[]): void {
    inTransaction(this.#database, () => {
      for (const { key, value } of entries)
        if (value === null) this.#delete.run(key);
        else this.#put.run(key, value, hashOf(key, value));
    });
  }

  deleteRange(from: Uint8Array, to: Uint8Array): void {
    this.#deleteRange.run(from, to);
  }

  /** By the size of the file, and that of the first rows. */
  estimatedEntryCount(): number {
    const rows = this.rows.read({ from: undefined, to: undefined, isReverse: false }, sampledRows);
    if (rows.length < sampledRows) return rows.length;
    const bytes = rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    return Math.round((this.fileBytes() - this.freeBytes()) / (bytes / rows.length));
  }

  /** All rows as they are now, by a connection of its own: it sees nothing of what is written later. */
  pin(): SqliteRows {
    const connection = new this.#native.DatabaseSync(this.#path, { readOnly: true });
    try {
      connection.exec("BEGIN");
      pragma(connection, "user_version"); // the first read begins it
      return new SqliteRows(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  fileBytes(): number {
    return pragma(this.#database, "page_count") * pragma(this.#database, "page_size");
  }

  /** Of deleted rows, for rows to come. */
  freeBytes(): number {
    return pragma(this.#database, "freelist_count") * pragma(this.#database, "page_size");
  }

  close(): void {
    this.#database.close();
  }
}

function inTransaction(database: sqlite.DatabaseSync, act: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    act();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function pragma(database: sqlite.DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** Nothing is written to a database before it is known whose it is. */
function requireOwn(database: sqlite.DatabaseSync, path: string): "new" | "own" {
  const version = pragma(database, "user_version");
  if (version > formatVersion) throw tooNew(path, version);
  const schema =
    "SELECT m.name || ' ' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.name NOT LIKE 'sqlite_%'";
  const columns = readingArrays(database, schema).all().join();
  if (version === 0 && columns === "") return "new";
  if (version === formatVersion && columns === ownColumns) return "own";
  throw new StateError(
    "STORE_FORMAT_UNKNOWN",
    `${path} is a database of something else, or was changed by hand (${columns.slice(0, 200)}): move it away, so that the task is restored from its changelogs, or give another stateDirectory`,
  );
}

function tooNew(path: string, version: number): StateError {
  return new StateError(
    "STORE_FORMAT_TOO_NEW",
    `${path} has format ${version}, this version reads up to ${formatVersion}; run the newer version, or delete the folder so that it is restored from the changelogs`,
  );
}
