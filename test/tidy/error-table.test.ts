import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { isTest, repository, sourceFiles } from "./source-files.ts";

const page = join(repository, "docs/reference/errors.md");

/** Literal codes that the classes of errors declare. Kafka's own codes have Kafka's own page. */
function declaredCodes(): ReadonlySet<string> {
  const codes = new Set<string>();
  for (const { path, text } of sourceFiles()) {
    if (isTest(path) || path.endsWith("/error-table.ts") || path.endsWith("/kafka-error.ts"))
      continue;
    const unions = text.matchAll(/type \w*ErrorCode\s*=([^;]*);/g);
    const classes = text.matchAll(/extends BaseError<([^>]*)>/g);
    for (const [, body] of [...unions, ...classes]) {
      for (const [, code] of body.matchAll(/"([A-Z][A-Z0-9_]+)"/g)) codes.add(code);
    }
  }
  return codes;
}

test("every error code has a row in docs/reference/errors.md, and no row is without a code", () => {
  const rows = new Set(
    [...readFileSync(page, "utf8").matchAll(/^\| `([A-Z][A-Z0-9_]+)`/gm)].map(([, code]) => code),
  );
  const declared = declaredCodes();
  expect([...declared].filter((code) => !rows.has(code)).sort()).toEqual([]);
  expect([...rows].filter((code) => !declared.has(code)).sort()).toEqual([]);
});
