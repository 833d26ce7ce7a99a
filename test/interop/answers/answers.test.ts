import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { missingFor, startApacheKafka } from "../apache-kafka.ts";
import { startBundledBroker } from "../bundled-broker.ts";
import { answersFile } from "./answers-file.ts";
import { answersOf, type Answers, scenarios } from "./scenarios.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
// Written by `record.ts`.
const recorded = JSON.parse(readFileSync(answersFile, "utf8")) as Answers;

/** `scenario: request  reason` (two blanks): where the bundled broker answers otherwise on purpose. */
const differences = new Map(
  readFileSync(fileURLToPath(new URL("differences.txt", import.meta.url)), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [request, reason = ""] = line.split(/ {2,}/);
      return [request, reason.trim()];
    }),
);

/** `scenario: request` of the answers that are not Apache Kafka's. */
function unlike(answers: Answers): readonly string[] {
  return scenarios.flatMap(({ name }) =>
    recorded[name]
      .filter((answer, index) => answers[name][index] !== answer)
      .map((answer) => `${name}: ${answer.slice(0, answer.indexOf(": {"))}`),
  );
}

describe("requests at the edges: limits, repetitions, nulls, unknown kinds, values as people write them", () => {
  test("each listed difference has a reason", () => {
    expect([...differences].filter(([, reason]) => reason === "")).toEqual([]);
  });

  test("the bundled broker answers as Apache Kafka 4.3.1, but for the listed ones", async () => {
    await using broker = await startBundledBroker();
    const answers = await answersOf(broker.address);
    expect(unlike(answers).toSorted()).toEqual([...differences.keys()].toSorted());
    const counts = scenarios.map(({ name }) => [name, answers[name].length]);
    expect(counts).toEqual(scenarios.map(({ name }) => [name, recorded[name].length]));
  });

  test.skipIf(missing !== undefined)(
    `Apache Kafka answers as is recorded${note}`,
    // Its broker tells a change of a config a moment after its controller has made it.
    { timeout: 180_000, retry: 2 },
    async () => {
      await using kafka = await startApacheKafka();
      expect(unlike(await answersOf(kafka.address))).toEqual([]);
    },
  );
});
