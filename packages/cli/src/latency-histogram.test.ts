import { expect, test } from "vitest";

import { LatencyHistogram } from "./latency-histogram.ts";

test("percentiles are within two percent of the exact ones, whatever the latencies", () => {
  const histogram = new LatencyHistogram();
  const all = Array.from({ length: 10_000 }, (_, index) => ((index * 7919) % 10_000) ** 2 / 1000);
  for (const ms of all) histogram.add(ms);
  const sorted = all.toSorted((left, right) => left - right);
  for (const share of [0.5, 0.95, 0.99, 0.999]) {
    const exact = sorted[Math.ceil(all.length * share) - 1];
    expect(histogram.percentile(share)).toBeGreaterThanOrEqual(exact * 0.999);
    expect(histogram.percentile(share)).toBeLessThanOrEqual(exact * 1.021);
  }
  expect(histogram.max).toBe(sorted.at(-1));
  expect(histogram.mean).toBeCloseTo(all.reduce((sum, ms) => sum + ms, 0) / all.length);
});

test("without any there is nothing to tell", () => {
  const histogram = new LatencyHistogram();
  expect([histogram.count, histogram.mean, histogram.percentile(0.99)]).toEqual([0, 0, 0]);
});
