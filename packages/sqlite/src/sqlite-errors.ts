import { RowDamagedError } from "./row-hash.ts";

export const othersAdvice =
  "Another program has this database open and writes to it: end that, and start again; it is the application's alone.";

/** What SQLite answered: a number; Deno tells none, and so the text counts there. */
interface Answers {
  readonly codes: readonly number[];
  readonly texts: RegExp;
}

/** `SQLITE_CORRUPT` and `SQLITE_NOTADB`. */
const corruption: Answers = {
  codes: [11, 26],
  texts: /^(?:database disk image is malformed|file is not a database)/,
};
/** `SQLITE_BUSY`. */
const busy: Answers = { codes: [5], texts: /^database is locked/ };

export function isCorruption(error: unknown): boolean {
  return error instanceof RowDamagedError || isOneOf(error, corruption);
}

/** Another connection is writing. */
export function isBusy(error: unknown): boolean {
  return isOneOf(error, busy);
}

function isOneOf(error: unknown, { codes, texts }: Answers): boolean {
  if (!isOfSqlite(error)) return false;
  if ("errcode" in error && typeof error.errcode === "number")
    return codes.includes(error.errcode & 0xff);
  return texts.test(error.message);
}

export function isOfSqlite(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
