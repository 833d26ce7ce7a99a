import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { compilePattern } from "./compile-pattern.ts";

test.each([
  ["one class after the other", String.raw`\pL{1000}`.repeat(100)],
  ["optional ones", "a{0,500}".repeat(10)],
  ["a group of many", `(${"ab".repeat(50)}){100}`],
  ["groups in groups", "((a{40}b){10}c){10}"],
  ["classes with brackets in them", String.raw`[]a\]]{1000}[^]b]{1000}`],
])("a pattern that repeats too much is refused before it is compiled: %s", (_, pattern) => {
  expect(compilePattern(pattern)).toEqual({
    fault: "its repetitions add more than 1000 instructions",
  });
});

test.each([
  "orders-(eu|us)-.*",
  Array.from({ length: 500 }, (_, index) => `topic-${index}`).join("|"),
  String.raw`\d{4}-\d{2}-\d{2}(\.[a-z]{1,20}){0,3}`,
  "[{}(]{3}x{0}",
  String.raw`\{1000000\}`,
])("one that repeats little is taken: %s", (pattern) => {
  expect(compilePattern(pattern)).toBeInstanceOf(RE2JS);
});

test("one that does not parse is told so", () => {
  expect(compilePattern("a(")).toEqual({ fault: "missing closing )" });
  expect(compilePattern("(?=a)b")).toMatchObject({ fault: expect.stringContaining("invalid") });
});
