import { readFileSync } from "node:fs";
import { join } from "node:path";

import { conformanceFolder, readLines } from "../oracle.ts";
import type { Program } from "../program.ts";
import type { Tables } from "./read-tables.ts";

/** A program with the tables in which it ends as an application of Kafka Streams. */
export interface JudgedTables {
  readonly program: Program;
  readonly tables: Tables;
}

export const tablesFile = join(conformanceFolder, "application", "tables.jsonl");

export function judgedTables(): readonly JudgedTables[] {
  return readLines<JudgedTables>(readFileSync(tablesFile, "utf8"));
}
