import { readFileSync } from "node:fs";

/** A line of recorded facts, with the file that it stands in; its other members are those of its kind. */
export interface FactCase {
  /** The file, such as `wire/wire-format`. */
  readonly of: string;
  /** Unique within the file. */
  readonly name: string;
  /** The recorded answer looks like an accident of the implementation; the text says why. */
  readonly quirk?: string;
  readonly [member: string]: unknown;
}

/** What our code makes of a case; `compare --help` beside the facts lists the members. */
export interface FactAnswer {
  readonly [member: string]: unknown;
}

/** The cases of one file that lie in this repository. */
export function recordedCases(of: string): readonly FactCase[] {
  return parseCases(readFileSync(new URL(`cases/${of}.jsonl`, import.meta.url), "utf8"), of);
}

/** One case a line; those without `of` are given it. */
export function parseCases(text: string, of?: string): readonly FactCase[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ of, ...JSON.parse(line) }) as FactCase);
}
