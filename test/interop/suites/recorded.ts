import { existsSync, readFileSync, writeFileSync } from "node:fs";

import type { Suite } from "./suite.ts";

/** A test that passes on Apache Kafka and not on ours, and why. */
export interface KnownFailure {
  readonly suite: string;
  readonly test: string;
  readonly reason: string;
}

function fileOf(suite: Suite): URL {
  return new URL(`outcomes/${suite.name}.txt`, import.meta.url);
}

/** The tests that pass on Apache Kafka 4.3.1 in this harness. */
export function recordedPasses(suite: Suite): ReadonlySet<string> {
  const file = fileOf(suite);
  return new Set(existsSync(file) ? linesOf(file) : []);
}

export function keepOutcomes(suite: Suite, passed: readonly string[]): void {
  writeFileSync(fileOf(suite), `${passed.toSorted().join("\n")}\n`);
}

/** Lines `suite/test  reason` (two blanks). */
export function knownFailures(): readonly KnownFailure[] {
  return linesOf(new URL("known-failures.txt", import.meta.url)).map((line) => {
    const [name, reason = ""] = line.split(/ {2,}/);
    const slash = name.indexOf("/");
    return { suite: name.slice(0, slash), test: name.slice(slash + 1), reason: reason.trim() };
  });
}

function linesOf(file: URL): readonly string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
