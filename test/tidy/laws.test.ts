import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { isTest, repository, sourceFiles } from "./source-files.ts";

/** What looks like a law's id and is none. */
const otherwise = /^(?:KAFKA|KIP|UTF|ISO|RFC|CVE|CRC|SHA|SCRAM|FILTER|STORE|LATIN|WINDOWS)-/;

function lawsIn(text: string): readonly string[] {
  return (text.match(/\b[A-Z]{3,}-\d{1,3}\b/g) ?? []).filter((id) => !otherwise.test(id));
}

/** Laws that a package's README lists, or an invariant names. */
function laws(): ReadonlySet<string> {
  const readmes = globSync("packages/*/{,src/**/}README.md", { cwd: repository }).map((path) =>
    readFileSync(join(repository, path), "utf8"),
  );
  const sources = sourceFiles().filter(({ path }) => !isTest(path));
  return new Set([...readmes, ...sources.map(({ text }) => text)].flatMap(lawsIn));
}

test("each law is named by a test", () => {
  const tests = sourceFiles().filter(
    ({ path }) =>
      (isTest(path) || path.includes("/conformance/")) && !path.startsWith("test/tidy/"),
  );
  const named = new Set(tests.flatMap(({ text }) => lawsIn(text)));
  expect([...laws()].filter((id) => !named.has(id)).toSorted()).toEqual([]);
});
