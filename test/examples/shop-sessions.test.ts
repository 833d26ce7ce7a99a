import { int64AsNumber, json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  shopSessions,
  topics,
  type ShopEvent,
  type Visit,
} from "../../examples/shop-sessions/src/topology.ts";
import { runExample } from "./run-example.ts";

const minute = 60_000;

function shop() {
  const driver = new TopologyTestDriver(shopSessions());
  const events = driver.input(topics.events, { key: string(), value: json<ShopEvent>() });
  const read = (topic: string) => {
    const output = driver.output(topic, { key: string(), value: json<Visit>() });
    return () => output.readPairs();
  };
  const entries = driver.output(topics.entries, { key: string(), value: int64AsNumber() });
  return {
    driver,
    event: (visitor: string, minutes: number, event: ShopEvent) =>
      events.pipe(visitor, event, { timestamp: Math.round(minutes * minute) }),
    visits: read(topics.visits),
    abandoned: read(topics.abandoned),
    entries: () => entries.readTable(),
  };
}

test("a visit is told once, when nothing came for half an hour and the grace", async () => {
  const { driver, event, visits, abandoned } = shop();
  await using _ = driver;
  event("ada", 0, { page: "/" });
  event("ada", 29, { page: "/pears", cart: 300 });
  event("ada", 58, { page: "/pay", isPaid: true });
  event("bob", 89, { page: "/" });
  expect(visits()).toEqual([]);
  event("bob", 89.001, { page: "/plums", cart: 200 });
  expect(visits()).toEqual([
    [
      "ada",
      { from: 0, to: 58 * minute, entry: "/", exit: "/pay", pageCount: 3, inCart: 0, spent: 300 },
    ],
  ]);
  expect(abandoned()).toEqual([]);
  event("eve", 200, { page: "/" });
  expect(abandoned().map(([visitor, visit]) => [visitor, visit?.inCart])).toEqual([["bob", 200]]);
});

test("an event that comes between two visits makes them one, in the order of the times", async () => {
  const { driver, event, visits } = shop();
  await using _ = driver;
  event("ada", 0, { page: "/", cart: 1 });
  event("ada", 31, { page: "/pears", cart: 2 });
  event("ada", 30, { page: "/plums", cart: -1 }); // late by a minute
  event("eve", 100, { page: "/" });
  const [[, visit], ...more] = visits();
  expect(more).toEqual([]);
  expect(visit).toMatchObject({ entry: "/", exit: "/pears", pageCount: 3, inCart: 2 });
});

test("visits are counted by the page and the hour in which they begin", async () => {
  const { driver, event, entries } = shop();
  await using _ = driver;
  event("ada", 0, { page: "/" });
  event("bob", 1, { page: "/" });
  event("eve", 2, { page: "/pears" });
  event("eve", 200, { page: "/" });
  expect(entries()).toEqual(
    new Map([
      ["/", 2],
      ["/pears", 1],
    ]),
  );
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("shop-sessions")).toEqual([
    "ada: 1 page in 0 minutes, 0 spent",
    "ada: 3 pages in 12 minutes, 1200 spent",
    "bob left 800 in the cart",
    "bob: 3 pages in 45 minutes, 0 spent",
  ]);
});
