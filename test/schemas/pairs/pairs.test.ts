import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { missingFor } from "../../interop/apache-kafka.ts";
import { judgePairs, readPairs, type JudgedPair } from "./ask-java.ts";
import { differencesOf } from "./compare-pair.ts";
import { generatePairs } from "./generate-pairs.ts";

const missing = missingFor("java", { needsApacheKafka: false });
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const sample = readPairs(readFileSync(new URL("sample.jsonl", import.meta.url), "utf8"));

function differences(pairs: readonly JudgedPair[]): readonly string[] {
  return pairs.flatMap(differencesOf);
}

test("200 recorded pairs of schemas are judged, printed and read as Apache Avro does", () => {
  expect(sample).toHaveLength(200);
  expect(differences(sample)).toEqual([]);
});

test("the sample has compatible pairs and others, and values that cannot be read", () => {
  const compatible = sample.filter(({ problems }) => problems.length === 0).length;
  expect(compatible).toBeGreaterThan(60);
  expect(compatible).toBeLessThan(140);
  const errors = sample
    .flatMap(({ answers }) => answers)
    .filter(({ error }) => error !== undefined);
  expect(errors.length).toBeGreaterThan(100);
});

test("AVRO-3: all values of compatible pairs are read", () => {
  const compatible = sample.filter(({ problems }) => problems.length === 0);
  expect(compatible.flatMap(({ answers }) => answers).filter(({ error }) => error)).toEqual([]);
});

test.skipIf(missing !== undefined)(
  `2,000 pairs generated on the spot are judged, printed and read as Apache Avro does${note}`,
  { timeout: 600_000 },
  async () => {
    const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31));
    const pairs = await judgePairs(generatePairs(seed, 2000));
    expect(pairs).toHaveLength(2000);
    expect(differences(pairs), `SEED=${seed} MILLRACE_VERIFY=1 vitest run test/schemas`).toEqual(
      [],
    );
  },
);
