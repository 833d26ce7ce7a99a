import { expect, test } from "vitest";

import { session } from "./session-windows.ts";
import { sliding } from "./sliding-windows.ts";

test("lengths are given in words or in milliseconds, and end with the last millisecond", () => {
  expect(session("30m", { grace: "1s" })).toMatchObject({ gapMs: 1_800_000, graceMs: 1000 });
  expect(sliding(10)).toMatchObject({ sizeMs: 10, graceMs: 0 });
});

test.each([
  ["inactivity gap of session", () => session(-1)],
  ["grace of session", () => session(1, { grace: -1 })],
  ["time difference of sliding", () => sliding("ten" as "10s")],
  ["grace of sliding", () => sliding(1, { grace: -1 })],
])("%s is refused where it is no duration", (what, make) => {
  expect(make).toThrow(what);
});
