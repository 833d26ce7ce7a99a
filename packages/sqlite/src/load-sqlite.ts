import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";

/** As Node, Deno and Bun have it. */
export type SqliteModule = typeof sqlite;

/** Throws what the runtime throws where it has no SQLite. */
export function loadSqlite(): SqliteModule {
  return createRequire(import.meta.url)("node:sqlite") as SqliteModule; // a built-in module
}
