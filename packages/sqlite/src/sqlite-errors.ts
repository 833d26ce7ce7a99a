import { RowDamagedError } from "./row-hash.ts";

/** `SQLITE_CORRUPT` and `SQLITE_NOTADB`; Deno tells no number of what SQLite answered, and so the text counts there. */
export function isCorruption(error: unknown): boolean {
  if (error instanceof RowDamagedError) return true;
  if (!isOfSqlite(error)) return false;
  if ("errcode" in error && typeof error.errcode === "number")
    return [11, 26].includes(error.errcode & 0xff);
  return /^(?:database disk image is malformed|file is not a database)/.test(error.message);
}

export function isOfSqlite(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
