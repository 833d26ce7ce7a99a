import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { answerCase, answerers, closeAnswerers, kindOf } from "./answerers.ts";
import { recordedCases, type FactCase } from "./facts.ts";

const folder = fileURLToPath(new URL("cases", import.meta.url));
const cases = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".jsonl"))
  .flatMap((file) => recordedCases(file.slice(0, -".jsonl".length).replaceAll("\\", "/")));

/** What of a case is unlike what was recorded; a quirk is nobody's duty. */
async function differencesOf(given: FactCase): Promise<readonly string[]> {
  const answerer = answerers.find(({ kind }) => kind === kindOf(given));
  if (answerer === undefined || given.quirk !== undefined) return [];
  const answer = (await answerCase(given)) ?? {};
  const found = "failure" in answer ? [`${answer.failure}`] : answerer.differences(given, answer);
  return found.map((text) => `${given.name}: ${text}`);
}

afterAll(closeAnswerers);

test.each(answerers)("all $count recorded cases of $kind have our answer", async (answerer) => {
  const own = cases.filter((given) => kindOf(given) === answerer.kind);
  expect(own).toHaveLength(answerer.count);
  const found: string[] = [];
  for (const given of own) found.push(...(await differencesOf(given)));
  expect(found).toEqual([]);
});

test("no two answerers have the same kind", () => {
  const kinds = answerers.map(({ kind }) => kind);
  expect([...new Set(kinds)]).toEqual(kinds);
});
