import { afterEach, beforeEach, expect, test } from "vitest";

import { parseTime } from "./start-offset.ts";

const zone = process.env.TZ;
beforeEach(() => {
  process.env.TZ = "Asia/Tokyo";
});
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test.each([
  ["2026-01-31", "2026-01-31T00:00:00.000Z"],
  ["2026-01-31T12:00", "2026-01-31T12:00:00.000Z"],
  ["2026-01-31T12:00:30.5", "2026-01-31T12:00:30.500Z"],
  ["2026-01-31T12:00Z", "2026-01-31T12:00:00.000Z"],
  ["2026-01-31T12:00+09:00", "2026-01-31T03:00:00.000Z"],
])("%s is UTC unless it says otherwise, wherever the command runs", (text, time) => {
  expect(new Date(parseTime("--to-datetime", text)).toISOString()).toBe(time);
});
