import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../packages/broker/src/handlers", import.meta.url));

function textOf(isWanted: (name: string) => boolean): string {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && isWanted(name));
  return files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
}

test("every API that is served is asked for in a test beside the handlers", () => {
  const isTest = (name: string) => name.endsWith(".test.ts");
  const served = textOf((name) => !isTest(name)).matchAll(/\bapi(?: =|:) (\w+Api)\b/g);
  const names = Array.from(served, ([, name]) => name);
  const tests = textOf(isTest);
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !tests.includes(`${name},`))).toEqual([]);
});
