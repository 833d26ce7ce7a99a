import { describe, expect, test } from "vitest";

import { parseBenchOptions } from "./options.ts";
import { canonicalJson, differenceOf, jsonHash, RecordSum } from "./output-summary.ts";
import { tableOf } from "./print-table.ts";
import type { Sample } from "./sample.ts";
import { summarize } from "./summarize.ts";

function cold(system: Sample["system"], millis: number): Sample {
  return { kind: "cold", system, round: 0, millis };
}

describe("options", () => {
  test("measure everything unless told otherwise", () => {
    const { systems, workloads, rounds } = parseBenchOptions([]);
    expect([systems.length, workloads.length, rounds]).toEqual([3, 10, 3]);
  });

  test("name the workloads that are measured", () => {
    expect(parseBenchOptions(["count", "--rounds", "1"]).workloads).toEqual(["count"]);
  });

  test("refuse what there is not, and say what there is", () => {
    expect(() => parseBenchOptions(["sliding"])).toThrow(/sliding is none of copy, filter-map/);
    expect(() => parseBenchOptions(["--records", "many"])).toThrow(/whole number from 1/);
  });
});

describe("summary", () => {
  test("has the median of each system, and ratios to Kafka Streams", () => {
    const samples = [10, 900, 20].map((millis) => cold("millrace", millis));
    const [row] = summarize([...samples, cold("kafka-streams", 80)]);
    expect(row).toMatchObject({ figure: "cold start", ratio: 0.25, ratioOnKafka: undefined });
    expect(row.medians).toEqual({ millrace: 20, "kafka-streams": 80 });
    expect(tableOf([row])).toContain("0.25x");
  });
});

describe("outputs", () => {
  test("differ by a wrong, a missing or a further row", () => {
    const expected = new Map([["a", 1]]);
    expect(differenceOf(expected, new Map([["a", 1]]))).toBeUndefined();
    expect(differenceOf(expected, new Map([["a", 2]]))).toMatch(/a: 1 expected, 2 found/);
    expect(differenceOf(expected, new Map())).toMatch(/1 of 1 rows differ/);
    const further = new Map([...expected, ["b", 1]]);
    expect(differenceOf(expected, further)).toMatch(/differ/);
  });

  test("are equal whatever the order of records and of their fields", () => {
    const [one, other] = [new RecordSum(), new RecordSum()];
    one.add(jsonHash("a", 1, { x: 1, y: 2 }));
    one.add(jsonHash("b", 1, { x: 1, y: 2 }));
    other.add(jsonHash("b", 1, { y: 2, x: 1 }));
    expect(differenceOf(one.summary, other.summary)).toMatch(/differ/);
    other.add(jsonHash("a", 1, { y: 2, x: 1 }));
    expect(differenceOf(one.summary, other.summary)).toBeUndefined();
    expect(canonicalJson({ y: 2, x: null })).toBe('{"x":null,"y":2}');
  });
});
