import { expect, test } from "vitest";

import { MetricRegistry } from "./metric-registry.ts";
import { SampledValues, showSampled } from "./sampled-values.ts";

test("least, average and most are of the last 30 to 60 seconds, and 0 where there was nothing", () => {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const metrics = new MetricRegistry();
  const values = new SampledValues(clock);
  const names = {
    "x-min": "least",
    "x-avg": "average",
    "x-max": "most",
    "x-total": "total",
  } as const;
  showSampled(metrics, values, names, { a: "b" });
  const read = () => metrics.snapshot().map(({ value }) => value);
  expect(read()).toEqual([0, 0, 0, 0]);
  for (const value of [-5, 10, 40]) values.record(value);
  expect(read()).toEqual([-5, 15, 40, 3]);
  clock.nowMs = 31_000;
  values.record(20);
  expect(read()).toEqual([-5, 16.25, 40, 4]);
  clock.nowMs = 61_500;
  values.record(30);
  expect(read()).toEqual([20, 25, 30, 5]);
  clock.nowMs = 500_000;
  expect(read()).toEqual([0, 0, 0, 5]);
});
