import { int64AsNumber, json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  topics,
  trendingTopology,
  trends,
  type Trend,
  type View,
} from "../../examples/trending/src/topology.ts";
import { runExample } from "./run-example.ts";

const minute = 60_000;

function shop() {
  const driver = new TopologyTestDriver(trendingTopology());
  const views = driver.input(topics.views, { key: string(), value: json<View>() });
  const lists = driver.output(topics.trending, { key: int64AsNumber(), value: trends });
  return {
    driver,
    view: (product: string, minutes: number, weight = 1) =>
      views.pipe("somebody", { product, weight }, { timestamp: minutes * minute }),
    /** The last list of each hour. */
    trending: () =>
      new Map(lists.readAll().map(({ key, value }) => [(key ?? 0) / (60 * minute), shown(value)])),
  };
}

function shown(list: readonly Trend[] | null): string | undefined {
  return list?.map(({ product, score }) => `${product} ${score}`).join();
}

test("products move up as they are looked at, and the fourth drops out", async () => {
  const { driver, view, trending } = shop();
  await using _ = driver;
  for (const product of ["a", "b", "c", "d"]) view(product, 0);
  expect(trending()).toEqual(new Map([[0, "a 1,b 1,c 1"]]));
  view("d", 1);
  view("b", 2, 5);
  expect(trending()).toEqual(new Map([[0, "b 6,d 2,a 1"]]));
});

test("each hour has its own list; what comes late counts in its hour, within the grace", async () => {
  const { driver, view, trending } = shop();
  await using _ = driver;
  view("a", 59);
  view("b", 61);
  view("a", 58);
  view("b", 65);
  view("c", 57); // too late
  expect(trending()).toEqual(
    new Map([
      [0, "a 2"],
      [1, "b 2"],
    ]),
  );
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("trending")).toEqual([
    "the hour of 12:00",
    "1. apples (5)",
    "2. pears (3)",
    "3. plums (2)",
  ]);
});
