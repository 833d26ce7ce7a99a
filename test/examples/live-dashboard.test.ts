import { TopologyTestDriver } from "@millrace/testing";
import type { TimestampedWindowStore } from "millrace";
import { expect, test } from "vitest";

import { orders, shop } from "../../examples/live-dashboard/src/topology.ts";
import { runExample } from "./run-example.ts";

test("turnover is summed by city and minute, and changes with each order", async () => {
  await using driver = new TopologyTestDriver(shop().topology);
  const input = driver.input(orders);
  const order = (city: string, total: number, seconds: number) =>
    input.pipe("o", { city, total }, { timestamp: seconds * 1000 });
  order("Rome", 70, 0);
  order("Rome", 120, 59);
  order("Rome", 5, 60);
  order("Rome", 1, 30); // late, within the grace
  order("Oslo", 3, 61);
  const store = driver.store<TimestampedWindowStore<string, number>>("turnover");
  const sums = [store.fetch("Rome", 0), store.fetch("Rome", 60_000), store.fetch("Oslo", 60_000)];
  expect(sums.map((sum) => sum?.value)).toEqual([191, 5, 3]);
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("live-dashboard")).toEqual([
    "the shop is running",
    "London: 0",
    "Paris: 250",
    "Rome: 500",
    "Tokyo: 750",
    "20 large orders",
  ]);
});
