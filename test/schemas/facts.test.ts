import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { answerCase, answerers, closeAnswerers, kindOf } from "./answerers.ts";
import { recordedCases, type FactCase } from "./facts.ts";

const folder = fileURLToPath(new URL("cases", import.meta.url));
const cases = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".jsonl"))
  .flatMap((file) => recordedCases(file.slice(0, -".jsonl".length).replaceAll("\\", "/")));

/** Each stands in a world of its own, and many wait for a broker. */
const atOnce = 6;

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
  for (let first = 0; first < own.length; first += atOnce) {
    const group = own.slice(first, first + atOnce);
    found.push(...(await Promise.all(group.map(differencesOf))).flat());
  }
  expect(found).toEqual([]);
});

test("no two answerers have the same kind", () => {
  const kinds = answerers.map(({ kind }) => kind);
  expect([...new Set(kinds)]).toEqual(kinds);
});
