import { int64AsNumber, json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  inventoryTopology,
  topics,
  type Order,
  type Settled,
} from "../../examples/inventory/src/topology.ts";
import { runExample } from "./run-example.ts";

const day = 86_400_000;

function warehouse() {
  const driver = new TopologyTestDriver(inventoryTopology());
  const deliveries = driver.input(topics.deliveries, { key: string(), value: int64AsNumber() });
  const orders = driver.input(topics.orders, { key: string(), value: json<Order>() });
  const settled = driver.output(topics.settled, { key: string(), value: json<Settled>() });
  const reorders = driver.output(topics.reorders, { key: string(), value: int64AsNumber() });
  return {
    driver,
    deliver: (quantity: number, timestamp: number) =>
      deliveries.pipe("pear", quantity, { timestamp }),
    order: (id: string, quantity: number, timestamp: number) =>
      orders.pipe("pear", { id, quantity }, { timestamp }),
    settled: () => settled.readAll().map(({ value }) => `${value?.id} ${value?.outcome}`),
    reorders: () => reorders.readPairs(),
  };
}

test("orders are shipped from stock, and those that wait by the next delivery, in their order", async () => {
  const { driver, deliver, order, settled } = warehouse();
  await using _ = driver;
  order("1", 4, 0);
  order("2", 1, 1);
  expect(settled()).toEqual([]);
  deliver(3, 2); // too few for the first one: who came later does not overtake
  expect(settled()).toEqual([]);
  deliver(2, 3);
  expect(settled()).toEqual(["1 shipped", "2 shipped"]);
  deliver(1, 4);
  order("3", 1, 5);
  expect(settled()).toEqual(["3 shipped"]);
});

test("an order is cancelled when its patience is over by the records' time, not before", async () => {
  const { driver, deliver, order, settled } = warehouse();
  await using _ = driver;
  order("1", 4, 0);
  deliver(1, day / 2);
  driver.advanceWallClock("2d");
  expect(settled()).toEqual([]);
  deliver(1, day + day / 10);
  expect(settled()).toEqual(["1 cancelled"]);
});

test("what runs low is reported once, by the clock, and again after it was filled up", async () => {
  const { driver, deliver, order, reorders } = warehouse();
  await using _ = driver;
  deliver(5, 0);
  driver.advanceWallClock("1m");
  order("1", 3, 1);
  expect(reorders()).toEqual([]);
  driver.advanceWallClock("1m");
  driver.advanceWallClock("1m");
  expect(reorders()).toEqual([["pear", 2]]);
  deliver(5, 2);
  driver.advanceWallClock("1m");
  order("2", 6, 3);
  driver.advanceWallClock("1m");
  expect(reorders()).toEqual([["pear", 1]]);
});

test("the example runs", async () => {
  expect(await runExample("inventory")).toEqual([
    "order 1 shipped",
    "order 2 shipped",
    "order 3 cancelled",
    "order 4 shipped",
    "pear runs low",
  ]);
}, 60_000);
