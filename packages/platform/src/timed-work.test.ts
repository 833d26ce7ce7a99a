import { expect, test } from "vitest";

import { MetricRegistry } from "./metric-registry.ts";
import { TimedWork, timedNames } from "./timed-work.ts";

function commits() {
  const metrics = new MetricRegistry();
  const clock = { nowMs: 0, wallMs: () => 0, monotonicMs: () => clock.nowMs };
  const work = new TimedWork({ clock, metrics, names: timedNames("commit"), tags: {} });
  const take = (ms: number, count?: number): void => {
    const beginMs = work.begin();
    clock.nowMs += ms;
    work.end(beginMs, count);
  };
  const read = (): Record<string, number> =>
    Object.fromEntries(metrics.snapshot().map(({ name, value }) => [name, value]));
  return { clock, take, read };
}

test("average, maximum, rate and share are those of the last 30 to 60 seconds; the total is of all", () => {
  const { clock, take, read } = commits();
  take(10);
  take(30);
  clock.nowMs = 20_000;
  expect(read()).toEqual({
    "commit-total": 2,
    "commit-rate": 0.1,
    "commit-latency-avg": 20,
    "commit-latency-max": 30,
    "commit-ratio": 0.002,
  });
  clock.nowMs = 40_000;
  take(2);
  expect(read()).toMatchObject({ "commit-total": 3, "commit-latency-max": 30 });
  clock.nowMs = 75_000;
  take(4);
  expect(read()).toMatchObject({
    "commit-total": 4,
    "commit-latency-avg": 3,
    "commit-latency-max": 4,
  });
});

test("after a long silence nothing is left but the total", () => {
  const { clock, take, read } = commits();
  take(10);
  clock.nowMs = 500_000;
  expect(read()).toMatchObject({
    "commit-total": 1,
    "commit-rate": 0,
    "commit-latency-avg": 0,
    "commit-latency-max": 0,
  });
});

test("work of many at once counts each, and its time once", () => {
  const { take, read } = commits();
  take(10, 5);
  take(10, 0);
  expect(read()).toMatchObject({ "commit-total": 5, "commit-latency-avg": 4 });
});
