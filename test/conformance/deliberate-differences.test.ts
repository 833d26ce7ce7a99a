import { expect, test } from "vitest";

import type { Difference } from "./compare.ts";
import { differenceOf } from "./deliberate-differences.ts";
import type { JudgedProgram } from "./oracle.ts";

/** As the generator makes them: a join asks a table for a row, and its transformer fails. */
const judged = {
  program: {
    name: "asks-a-transformer-that-fails",
    config: { onProcessingError: "continue", deadLetterTopic: "letters" },
    program: [
      { let: "left", op: "stream", topics: ["L"] },
      { let: "right", op: "table", topic: "R" },
      { let: "failing", op: "transformValues", on: "right", fn: ["failOn", "b:2"] },
      { op: "leftJoin", on: "left", with: "failing" },
    ],
    steps: [],
  },
  outcome: { name: "asks-a-transformer-that-fails", steps: [] },
} as unknown as JudgedProgram; // as much of it as is asked for

const place = (topic: string | null) => [
  ["__streams.errors.exception", null],
  ["__streams.errors.topic", [topic]],
];
const kafkas = { key: null, value: null, ts: 139, headers: place(null) };
const ours = { key: "64", value: "61", ts: 190, headers: [["h", ["9e"]], ...place("4c")] };
const same = { key: "65", value: "62", ts: 3, headers: place("4c") };

function found(expected: unknown, actual: unknown, where = "step 28 letters"): Difference {
  return { where, expected, actual };
}

test("the letter of a table's transformer that a join asks may have the record that Kafka's lacks", () => {
  expect(differenceOf(judged, [found([same, kafkas], [same, ours])])).toBe("possible");
});

test.each([
  ["other bytes than Kafka's", found([ours], [{ ...ours, value: "63" }])],
  ["no record where Kafka's has one", found([ours], [kafkas])],
  ["another exception", found([kafkas], [{ ...ours, headers: place("4c").slice(1) }])],
  ["no place either", found([kafkas], [{ ...ours, headers: place(null) }])],
  ["a letter more", found([kafkas], [ours, same])],
  ["no letter", found([kafkas], undefined)],
  ["records elsewhere", found([kafkas], [ours], "step 28 out")],
])("and it may not have %s", (_, difference) => {
  expect(differenceOf(judged, [difference])).toBe("none");
});

test("the letter of what fails behind a row that nobody met may lack the record that Kafka's has, of a join of streams alone", () => {
  const join = { op: "outerJoin", on: "left", with: "right", window: { difference: 5 } };
  const of = (statement: object) =>
    ({ ...judged, program: { ...judged.program, program: [statement] } }) as JudgedProgram;
  expect(differenceOf(of(join), [found([same, ours], [same, kafkas])])).toBe("possible");
  expect(differenceOf(of(join), [found([kafkas], [ours])])).toBe("none");
  expect(differenceOf(of({ ...join, op: "join" }), [found([ours], [kafkas])])).toBe("none");
});
