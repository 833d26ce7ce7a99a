import { expect, test } from "vitest";
import { type LagSample, lagVerdict, lagWindowLength } from "./lag-verdict.ts";

/** A full window with a commit each 5 s, from 0 on. */
function commits(offset: (index: number) => number, lag: (index: number) => number): LagSample[] {
  return Array.from({ length: lagWindowLength }, (_, index) => ({
    offset: offset(index),
    commitTimestamp: index * 5000,
    lag: lag(index),
  }));
}

const lastMs = (lagWindowLength - 1) * 5000;
const moving = (index: number) => index * 10;
const slow = commits(moving, (index) => 100 + index);
const never = -Infinity;

test.each([
  ["no commit", [], 5, lastMs, never, "ok"],
  ["growing lag that is gone by now", slow, 0, lastMs, lastMs, "ok"],
  ["growing lag", slow, 100, lastMs, never, "warning"],
  ["lag that stays", commits(moving, () => 7), 7, lastMs, never, "warning"],
  [
    "lag that fell once",
    commits(moving, (index) => (index === 4 ? 50 : 100)),
    9,
    lastMs,
    never,
    "ok",
  ],
  [
    "a moment without lag",
    commits(moving, (index) => (index === 4 ? 0 : 9)),
    9,
    lastMs,
    never,
    "ok",
  ],
  ["growing lag in a window that is not full", slow.slice(1), 100, lastMs, never, "ok"],
  [
    "the same offset again and again",
    commits(
      () => 3,
      (index) => 1 + index,
    ),
    9,
    lastMs,
    never,
    "stalled",
  ],
  [
    "the same offset while the lag shrinks",
    commits(
      () => 3,
      (index) => 90 - index,
    ),
    9,
    lastMs,
    never,
    "stalled",
  ],
  [
    "the same offset without lag at first",
    commits(
      () => 3,
      (index) => index,
    ),
    9,
    lastMs,
    never,
    "ok",
  ],
  ["a silence of a minute", slow, 100, lastMs + 60_000, never, "warning"],
  ["a longer silence", slow, 100, lastMs + 60_001, never, "stopped"],
  [
    "a longer silence after a moment without lag",
    commits(moving, () => 0),
    9,
    lastMs + 60_001,
    never,
    "stopped",
  ],
  [
    "a silence in which nothing was to be read",
    commits(moving, () => 0),
    9,
    lastMs + 90_000,
    lastMs + 80_000,
    "ok",
  ],
  [
    "a commit that goes back, in a window that had no lag",
    commits(
      (index) => (index < 8 ? 100 + index : index),
      (index) => (index < 8 ? 0 : 100),
    ),
    100,
    lastMs,
    never,
    "rewound",
  ],
  [
    "a commit that goes back in a window that is not full",
    slow
      .slice(0, 2)
      .toReversed()
      .map((sample, index) => ({ ...sample, commitTimestamp: index })),
    100,
    lastMs,
    never,
    "rewound",
  ],
  [
    "a commit that goes back, and one that has come as far again",
    commits(
      (index) => (index === 4 ? 25 : index * 10),
      (index) => 100 - index,
    ),
    90,
    lastMs,
    never,
    "ok",
  ],
  ["one commit, long ago", slow.slice(0, 1), 9, 60_001, never, "stopped"],
  ["one commit, just now", slow.slice(0, 1), 9, 1, never, "ok"],
] as const)("%s", (...[, samples, lag, nowMs, caughtUpMs, verdict]) => {
  expect(lagVerdict({ samples, caughtUpMs }, lag, nowMs)).toBe(verdict);
});

test("a silence shorter than the window says nothing of a consumer that commits seldom", () => {
  const seldom = slow.map((sample, index) => ({ ...sample, commitTimestamp: index * 60_000 }));
  const window = { samples: seldom, caughtUpMs: never };
  expect(lagVerdict(window, 9, 9 * 60_000 + 9 * 60_000)).toBe("warning");
  expect(lagVerdict(window, 9, 9 * 60_000 + 9 * 60_000 + 1)).toBe("stopped");
});
