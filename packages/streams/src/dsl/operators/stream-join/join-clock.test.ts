import { expect, test } from "vitest";

import { JoinClock } from "./join-clock.ts";

test("before the first look anything may be due: it may wait since before a restart", () => {
  const clock = new JoinClock(0);
  expect(clock.mayHaveDue(0)).toBe(true);
  clock.hasLooked = true;
  expect(clock.mayHaveDue(0)).toBe(false);
});

test("what waits is due once its wait is over, by the newest time of both sides", () => {
  const clock = new JoinClock(0);
  for (const time of [3, 1]) clock.advance(time);
  clock.noteWaiting(0);
  expect([2, 3].map((waitMs) => clock.mayHaveDue(waitMs))).toEqual([true, false]);
});
