import { expect, test } from "vitest";

import { compareBytes, concatBytes, fromHex, toHex } from "./bytes.ts";
import { DurationError, toMilliseconds } from "./durations.ts";
import { invariant, InvariantError } from "./invariant.ts";
import { murmur2, partitionForKey } from "./murmur2.ts";
import { murmur3 } from "./murmur3.ts";
import { nestsDeeper } from "./nests-deeper.ts";

// Vectors of Apache Kafka's own Utils.murmur2.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
])("MODEL-1: murmur2 of %s is Kafka's", (text, expected) => {
  expect(murmur2(new TextEncoder().encode(text))).toBe(expected);
});

test("MODEL-1: a key's partition is within the count, also for negative hashes", () => {
  for (let index = 0; index < 1000; index++) {
    const partition = partitionForKey(new TextEncoder().encode(`key-${index}`), 7);
    expect(partition).toBeGreaterThanOrEqual(0);
    expect(partition).toBeLessThan(7);
  }
});

test("durations read as milliseconds", () => {
  expect(toMilliseconds("250ms", "wait")).toBe(250);
  expect(toMilliseconds("1.5s", "wait")).toBe(1500);
  expect(toMilliseconds("7d", "wait")).toBe(604_800_000);
  expect(toMilliseconds(42, "wait")).toBe(42);
});

test.each([-1, Number.NaN, "5 minutes", "-1s"])(
  "%s is no duration, and the error says so",
  (value) => {
    expect(() => toMilliseconds(value as number, "grace")).toThrow(DurationError);
    expect(() => toMilliseconds(value as number, "grace")).toThrow(/grace is/);
  },
);

test("bytes compare as unsigned, a prefix first", () => {
  expect(compareBytes(fromHex("7f"), fromHex("80"))).toBeLessThan(0);
  expect(compareBytes(fromHex("01"), fromHex("0100"))).toBeLessThan(0);
  expect(compareBytes(fromHex("ff00"), fromHex("ff00"))).toBe(0);
  expect(toHex(concatBytes(fromHex("01"), fromHex("a2b3")))).toBe("01a2b3");
});

test("each byte has two lower-case digits", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(toHex(all)).toBe(Buffer.from(all).toString("hex"));
  expect(fromHex(toHex(all))).toEqual(all);
});

test("an invariant names its law", () => {
  expect(() => invariant(false, "TEST-1", { offset: 3 })).toThrow(InvariantError);
  expect(() => invariant(false, "TEST-1", { offset: 3 })).toThrow(/TEST-1.*"offset":3/);
});

// Hashes that Kafka Streams 4.3.1 writes into the subscriptions of a foreign-key join.
test.each([
  ["", "9d2764a018e329428c3cf3b035938518"],
  ["a", "3361634e7e0f5188e9c7dda24eae326b"],
  ["abcdefg", "8213f0cabc692d1298464044828f459a"],
  ["abcdefgh", "c9e137e204bd98d798412524f285c8d5"],
  ["abcdefghijklmno", "603d5a6bedf0d05ed3fc15238772c89f"],
  ["abcdefghijklmnop", "03daa544af252b49ec7e65eed6ef622a"],
  ["abcdefghijklmnopq", "bde7390e448a967e0a17807fe372cf77"],
  ["abcdefghijklmnopqrstuvwxyz0123456", "dcde2399192d18ebf40197b8dea3ee3b"],
])("MODEL-1: murmur3 of %s is Kafka Streams'", (text, expected) => {
  expect(toHex(murmur3(new TextEncoder().encode(text)))).toBe(expected);
});

test.each([
  ["", 0, false],
  ["7", 0, false],
  ["[]", 0, true],
  ["[[]]", 2, false],
  ["[[],[],{}]", 2, false],
  ['[{"a":[]}]', 2, true],
  ['["[[[["]', 1, false],
  ['["\\"[[[["]', 1, false],
  ['["\\\\",[[]]]', 1, true],
  ["[".repeat(1000), 999, true],
  ["]".repeat(1000), 1, false],
] as const)("%j has more levels than %i: %s", (text, levels, isDeeper) => {
  expect(nestsDeeper(text, levels)).toBe(isDeeper);
});
