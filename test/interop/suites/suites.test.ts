import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { missingFor } from "../apache-kafka.ts";
import { allSuites } from "./all-suites.ts";
import { cardOf } from "./card.ts";
import { knownFailures, recordedPasses } from "./recorded.ts";
import type { Outcomes, Suite, Target } from "./suite.ts";
import { startOurs } from "./targets.ts";

/** Of what passes on Apache Kafka in this harness, so much passes on ours at least. */
const shareMin = 0.97;

describe("the list of known failures", () => {
  test("names tests that pass on Apache Kafka, each once and with a reason", () => {
    const listed = knownFailures();
    const suites = new Map(allSuites.map((suite) => [suite.name, recordedPasses(suite)]));
    expect(listed.filter(({ suite, test: name }) => !suites.get(suite)?.has(name))).toEqual([]);
    expect(listed.filter(({ reason }) => reason === "")).toEqual([]);
    const names = listed.map(({ suite, test: name }) => `${suite}/${name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("is short: of what passes on Apache Kafka all but a few pass", () => {
    const count = allSuites.reduce((sum, suite) => sum + recordedPasses(suite).size, 0);
    expect(count).toBeGreaterThan(200);
    expect(1 - knownFailures().length / count).toBeGreaterThanOrEqual(shareMin);
  });

  test("is what the README's card says", () => {
    const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
    expect(readme).toContain(cardOf(allSuites));
  });
});

/** A machine that is busy fails tests that wait: what fails is run once more, alone. */
async function outcomesOf(suite: Suite, target: Target): Promise<Outcomes> {
  const outcomes = new Map(await suite.run(target));
  const known = new Set(failuresOf(suite));
  const again = [...recordedPasses(suite)].filter(
    (name) => outcomes.get(name) !== "passed" && !known.has(name),
  );
  if (again.length === 0) return outcomes;
  console.log(`${suite.name}: once more: ${again.join(", ")}`);
  for (const [name, outcome] of await suite.run(target, again)) outcomes.set(name, outcome);
  return outcomes;
}

function failuresOf(suite: Suite): readonly string[] {
  return knownFailures()
    .filter((failure) => failure.suite === suite.name)
    .map((failure) => failure.test);
}

describe.each(allSuites)("$title", (suite) => {
  const missing = missingFor(suite.program);
  const note = missing === undefined ? "" : ` (skipped: ${missing})`;

  test.skipIf(missing !== undefined)(
    `what passes on Apache Kafka passes on the bundled broker, except what is listed${note}`,
    { timeout: 2 * suite.timeoutMs },
    async () => {
      await using target = await startOurs(suite);
      const outcomes = await outcomesOf(suite, target);
      const expected = [...recordedPasses(suite)];
      const passed = expected.filter((name) => outcomes.get(name) === "passed");
      console.log(`${suite.name}: ${passed.length} of ${expected.length} pass`);
      expect(expected.filter((name) => !passed.includes(name)).toSorted()).toEqual(
        failuresOf(suite).toSorted(),
      );
    },
  );
});
