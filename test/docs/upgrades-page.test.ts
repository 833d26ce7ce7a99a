import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";

const read = (path: string): string => readFileSync(join(repository, path), "utf8");

/** Where each number of the table of formats stands in the code. */
const formats: readonly (readonly [string, string, RegExp])[] = [
  ["the `stateDirectory`", "streams/src/app/state-directory.ts", /^const formatVersion = (\d+);/m],
  [
    "a task's database, whatever its engine",
    "state/src/stores/engine-keys.ts",
    /^export const formatVersion = (\d+);/m,
  ],
  ["a database of SQLite", "sqlite/src/sqlite-database.ts", /^const formatVersion = (\d+);/m],
  ["a snapshot", "state/src/snapshots/manifest-bytes.ts", /^const formatVersion = (\d+);/m],
  [
    "the bundled broker's folder",
    "log/src/checkpoint/directory-properties.ts",
    /^const formatVersion = (\d+);/m,
  ],
  [
    "subscriptions and assignments of the classic protocol",
    "streams/src/runtime/assignment/subscription-info.ts",
    /^export const latestVersion = (\d+);/m,
  ],
  [
    "what `describe --json` writes",
    "streams/src/topology/description/topology-description.ts",
    /readonly format: (\d+);/,
  ],
];

test("the numbers of formats are those of the code", () => {
  const page = read("docs/guides/upgrades.md");
  const told = [...page.matchAll(/^\| ([^|]+) \| (\d+) \| [^|]+ \|$/gm)].map(([, what, number]) => [
    what,
    number,
  ]);
  const held = formats.map(([what, path, pattern]) => [
    what,
    pattern.exec(read(`packages/${path}`))?.[1],
  ]);
  expect(told).toEqual(held);
});
