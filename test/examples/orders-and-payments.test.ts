import { json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  ordersAndPayments,
  topics,
  type Order,
  type Payment,
  type Settlement,
} from "../../examples/orders-and-payments/src/topology.ts";
import { runExample } from "./run-example.ts";

const minute = 60_000;

function shop() {
  const driver = new TopologyTestDriver(ordersAndPayments());
  const orders = driver.input(topics.orders, { key: string(), value: json<Order>() });
  const payments = driver.input(topics.payments, { key: string(), value: json<Payment>() });
  const read = (topic: string) => {
    const output = driver.output(topic, { key: string(), value: json<Settlement>() });
    return () => output.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]);
  };
  return {
    driver,
    order: (id: string, total: number, minutes: number) =>
      orders.pipe(id, { customer: "ada", total }, { timestamp: Math.round(minutes * minute) }),
    pay: (id: string, amount: number, minutes: number) =>
      payments.pipe(id, { amount }, { timestamp: Math.round(minutes * minute) }),
    paid: read(topics.paid),
    unpaid: read(topics.unpaid),
    unexplained: read(topics.unexplained),
  };
}

test("an order meets each payment that comes within an hour, whichever of the two comes first", async () => {
  const { driver, order, pay, paid, unpaid, unexplained } = shop();
  await using _ = driver;
  order("1", 50, 0);
  pay("1", 30, 20);
  pay("2", 20, 61);
  order("2", 20, 61);
  pay("1", 20, 60); // a minute late, and in time by its own clock
  expect(paid()).toEqual([
    ["1", { outcome: "paid", customer: "ada", open: 20 }, 20 * minute],
    ["2", { outcome: "paid", customer: "ada", open: 0 }, 61 * minute],
    ["1", { outcome: "paid", customer: "ada", open: 30 }, 60 * minute],
  ]);
  order("later", 1, 300);
  expect([unpaid(), unexplained()]).toEqual([[], []]);
});

test("an order that nobody pays comes out when its hour and the grace are over, not before", async () => {
  const { driver, order, unpaid } = shop();
  await using _ = driver;
  order("1", 50, 0);
  order("2", 1, 65);
  expect(unpaid()).toEqual([]);
  order("3", 1, 65.001);
  expect(unpaid()).toEqual([["1", { outcome: "unpaid", customer: "ada", open: 50 }, 0]]);
});

test("a payment before its order, and one that comes too late, are not explained", async () => {
  const { driver, order, pay, paid, unpaid, unexplained } = shop();
  await using _ = driver;
  pay("1", 5, 0);
  order("1", 5, 1);
  order("2", 7, 2);
  pay("2", 7, 63);
  order("later", 1, 200);
  expect(paid()).toEqual([]);
  expect(unpaid().map(([id]) => id)).toEqual(["1", "2"]);
  expect(unexplained()).toEqual([
    ["1", { outcome: "unexplained", amount: 5 }, 0],
    ["2", { outcome: "unexplained", amount: 7 }, 63 * minute],
  ]);
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("orders-and-payments")).toEqual([
    "a payment of 20 for 2, which is no order in time",
    "a payment of 5 for 9, which is no order in time",
    "order 1 was paid, 20 open",
    "order 1 was paid, 30 open",
    "order 2 was not paid",
  ]);
});
