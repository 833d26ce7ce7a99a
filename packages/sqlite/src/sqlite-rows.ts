import type * as sqlite from "node:sqlite";

import { requireWhole } from "./row-hash.ts";

/** No key is less. */
const leastKey = Uint8Array.of(0);

/** Values beyond it are not read for no other reason than to see whether they are whole. */
const besideBytesMax = 4 * 1024;

const besideRow = `SELECT key, iif(length(value) <= ${besideBytesMax}, value, NULL), hash FROM entries`;

/** The rows on both sides of a key that is not there. */
const besideText = `
  SELECT * FROM (${besideRow} WHERE key > ? ORDER BY key LIMIT 1) UNION ALL
  SELECT * FROM (${besideRow} WHERE key < ? ORDER BY key DESC LIMIT 1)`;

/** Key, value, and the hash of both. */
export type Row = readonly [Uint8Array, Uint8Array, number];

export interface RowRange {
  /** Inclusive. */
  readonly from: Uint8Array | undefined;
  /** Exclusive, not empty. */
  readonly to: Uint8Array | undefined;
  readonly isReverse: boolean;
}

/** What can be read of a connection, some rows at a time. */
export class SqliteRows {
  readonly #database: sqlite.DatabaseSync;
  /** By their text: forward and backward, with an end and without. */
  readonly #statements = new Map<string, sqlite.StatementSync>();

  constructor(database: sqlite.DatabaseSync) {
    this.#database = database;
  }

  /** The first rows of a range, in its direction. */
  read({ from = leastKey, to, isReverse }: RowRange, countMax: number): readonly Row[] {
    const end = to === undefined ? "" : "AND key < ?";
    const order = isReverse ? "DESC" : "ASC";
    const statement = this.#prepared(
      `SELECT key, value, hash FROM entries WHERE key >= ? ${end} ORDER BY key ${order} LIMIT ?`,
    );
    const found =
      to === undefined ? statement.all(from, countMax) : statement.all(from, to, countMax);
    const rows = found as unknown as readonly Row[]; // as its text says
    for (const [key, value, hash] of rows) requireWhole(key, value, hash);
    if (rows.length === 0) this.requireWholeBeside(from);
    return rows;
  }

  /**
   * SQLITE-5: where nothing was found, what was there may have another key now. It is met by who looks for the old one,
   * since all others are in their order: it lies beside the place where that is missing.
   *
   * @throws RowDamagedError
   */
  requireWholeBeside(missing: Uint8Array): void {
    const found = this.#prepared(besideText).all(missing, missing);
    const rows = found as unknown as readonly [Uint8Array, Uint8Array | null, number][]; // as its text says
    for (const [key, value, hash] of rows) if (value !== null) requireWhole(key, value, hash);
  }

  close(): void {
    this.#database.close();
  }

  #prepared(text: string): sqlite.StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = readingArrays(this.#database, text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

/** A statement whose rows are arrays, which are made faster than objects. */
export function readingArrays(database: sqlite.DatabaseSync, text: string): sqlite.StatementSync {
  const statement = database.prepare(text);
  statement.setReturnArrays(true);
  return statement;
}
