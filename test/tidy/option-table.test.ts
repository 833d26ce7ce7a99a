import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { repository } from "./source-files.ts";

const sources = [
  "packages/streams/src/app/streams-options.ts",
  "packages/millrace/src/streams-app.ts",
];

test("docs/reference/options.md has every option of an application, and no other", () => {
  const page = readFileSync(join(repository, "docs/reference/options.md"), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).sort();
  const options = sources.flatMap((path) => {
    const text = readFileSync(join(repository, path), "utf8");
    const [, body] = /interface StreamsOptions[^{]*\{([\s\S]*?)\n\}/.exec(text) ?? ["", ""];
    return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  });
  expect(rows).toEqual(options.sort());
});
