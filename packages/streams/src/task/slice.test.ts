import { expect, test } from "vitest";

import { Slice } from "./slice.ts";

function sliceOf(lengthMs: number) {
  const time = { nowMs: 1000, looks: 0 };
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => {
      time.looks += 1;
      return time.nowMs;
    },
  };
  const slice = new Slice(clock, lengthMs);
  /** Takes records of these durations until the slice is over, then the next slices. */
  const take = (durationsMs: readonly number[]): number => {
    slice.begin();
    let count = 0;
    for (const durationMs of durationsMs) {
      time.nowMs += durationMs;
      count += 1;
      if (slice.afterRecord()) break;
    }
    return count;
  };
  return { take, time };
}

test("a slice is over after the record that outlasts it", () => {
  const { take } = sliceOf(5);
  expect(take([25, 25, 25])).toBe(1);
  expect(take([1, 1, 1, 1, 1, 1, 1])).toBe(5);
  expect(take([0.5, 4, 25, 25])).toBe(3);
});

test("records that were fast and become slow are noticed within four", () => {
  const { take } = sliceOf(5);
  const fast = Array.from({ length: 101 }, () => 0.001);
  expect(take([...fast, 25, 25, 25, 25, 25, 25])).toBeLessThanOrEqual(101 + 4);
  expect(take([25, 25])).toBe(1);
});

test("the clock is read once for four fast records", () => {
  const { take, time } = sliceOf(5);
  expect(take(Array.from({ length: 4000 }, () => 0.001))).toBe(4000);
  expect(time.looks).toBeLessThan(1010);
});
