import { double, json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { priceLookup } from "../../examples/http-enrichment/src/look-up-price.ts";
import { PriceService } from "../../examples/http-enrichment/src/price-service.ts";
import {
  enrichmentTopology,
  topics,
  UnknownProduct,
  type Customer,
  type Invoice,
  type Order,
  type PriceLookup,
} from "../../examples/http-enrichment/src/topology.ts";
import { runExample } from "./run-example.ts";

function shop(lookUp: PriceLookup) {
  const driver = new TopologyTestDriver(enrichmentTopology({ lookUp }), {
    deadLetterTopic: topics.deadLetters,
  });
  const customers = driver.input(topics.customers, { key: string(), value: json<Customer>() });
  const orders = driver.input(topics.orders, { key: string(), value: json<Order>() });
  const invoices = driver.output(topics.invoices, { key: string(), value: json<Invoice>() });
  const dead = driver.output(topics.deadLetters, { key: string(), value: json<Order>() });
  customers.pipe("ada", { name: "Ada", discount: 0.1 });
  customers.pipe("bob", { name: "Bob", discount: 0 });
  return {
    driver,
    order: (customer: string, id: string, product: string) =>
      orders.pipe(customer, { id, product, quantity: 2 }),
    invoices: () => invoices.readAll().map(({ value }) => `${value?.order} ${value?.total}`),
    dead: () => dead.readAll().map(({ key, value }) => `${key} ${value?.id}`),
    spent: () =>
      driver.output(topics.spent, { key: string(), value: double() }).readTable().get("ada"),
  };
}

test("invoices of a customer keep the order of the orders, whatever each price takes", async () => {
  const pending: (() => void)[] = [];
  const { driver, order, invoices, spent } = shop(
    (product) =>
      new Promise((resolve) => {
        pending.push(() => resolve(product === "pear" ? 5 : 1));
      }),
  );
  await using _ = driver;
  order("ada", "1", "pear");
  order("ada", "2", "plum");
  order("bob", "3", "plum");
  for (const answer of pending.toReversed()) {
    answer();
    await Promise.resolve();
  }
  await driver.settle();
  expect(invoices()).toEqual(["3 2", "1 9", "2 1.8"]);
  expect(spent()).toBe(10.8);
});

test("a service that fails is asked again, and one that takes too long", async () => {
  const answers = [
    () => Promise.reject(new Error("503")),
    () => new Promise<number>(() => {}),
    () => Promise.resolve(3),
  ];
  const { driver, order, invoices } = shop(() => answers.shift()?.() ?? Promise.resolve(0));
  await using _ = driver;
  order("bob", "1", "pear");
  await driver.settle(); // it has failed
  driver.advanceWallClock("50ms"); // and is asked again, and hangs
  driver.advanceWallClock("1s"); // until its time is over
  expect(invoices()).toEqual([]);
  driver.advanceWallClock("100ms");
  await driver.settle();
  expect(invoices()).toEqual(["1 6"]);
});

test("an order of what has no price is a dead letter, at once", async () => {
  let requests = 0;
  const { driver, order, invoices, dead } = shop(async (product) => {
    requests += 1;
    if (product === "unicorn") throw new UnknownProduct("no price");
    return 1;
  });
  await using _ = driver;
  order("ada", "1", "unicorn");
  order("ada", "2", "pear");
  await driver.settle();
  expect([dead(), invoices(), requests]).toEqual([["ada 1"], ["2 1.8"], 2]);
});

test("prices are asked for by HTTP: known, unknown, and not to be had", async () => {
  let isDown = false;
  await using service = await PriceService.start({
    prices: { "pear tree": 7 },
    delayMs: () => 1,
    isDown: () => isDown,
  });
  const lookUp = priceLookup(service.address);
  const { signal } = new AbortController();
  expect(await lookUp("pear tree", signal)).toBe(7);
  await expect(lookUp("unicorn", signal)).rejects.toBeInstanceOf(UnknownProduct);
  isDown = true;
  await expect(lookUp("pear tree", signal)).rejects.toThrow("503");
  await expect(lookUp("pear tree", AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
});

test("the example runs", async () => {
  expect(await runExample("http-enrichment")).toEqual([
    "Ada, order 1: 1.8",
    "Ada, order 4: 2.25",
    "Bob, order 2: 0.5",
    "order 3 has no price",
  ]);
}, 60_000);
