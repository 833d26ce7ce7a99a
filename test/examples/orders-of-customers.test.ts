import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { double, json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  ordersOfCustomers,
  topics,
  type Customer,
  type LabelledOrder,
  type Order,
  type RowChange,
} from "../../examples/orders-of-customers/src/topology.ts";
import { repository } from "../tidy/source-files.ts";

function shop() {
  const driver = new TopologyTestDriver(ordersOfCustomers());
  const orders = driver.input(topics.orders, { key: string(), value: json<RowChange<Order>>() });
  const customers = driver.input(topics.customers, {
    key: string(),
    value: json<RowChange<Customer>>(),
  });
  const labelled = driver.output(topics.labelled, { key: string(), value: json<LabelledOrder>() });
  const turnover = driver.output(topics.turnover, { key: string(), value: double() });
  return {
    driver,
    order: (id: string, after: Order | null) => orders.pipe(id, { op: "u", after }),
    customer: (id: string, after: Customer | null) => customers.pipe(id, { op: "u", after }),
    labelled: () => labelled.readTable(),
    turnover: () => turnover.readTable(),
  };
}

test("an order has its customer's name and city as soon as both are there", async () => {
  const { driver, order, customer, labelled } = shop();
  await using _ = driver;
  order("1", { customer: "ada", total: 7 });
  expect(labelled().size).toBe(0);
  customer("ada", { name: "Ada", city: "London" });
  expect(labelled().get("1")).toEqual({ name: "Ada", city: "London", total: 7 });
});

test("a customer who moves takes the orders along, and a cancelled order is taken out", async () => {
  const { driver, order, customer, turnover } = shop();
  await using _ = driver;
  customer("ada", { name: "Ada", city: "London" });
  customer("bob", { name: "Bob", city: "London" });
  order("1", { customer: "ada", total: 7 });
  order("2", { customer: "bob", total: 5 });
  expect(turnover().get("London")).toBe(12);
  customer("ada", { name: "Ada", city: "Paris" });
  const moved = turnover();
  expect([moved.get("London"), moved.get("Paris")]).toEqual([5, 7]);
  order("1", null);
  expect(turnover().get("Paris")).toBe(0);
});

test("an order that goes to another customer leaves the first", async () => {
  const { driver, order, customer, labelled } = shop();
  await using _ = driver;
  customer("ada", { name: "Ada", city: "London" });
  customer("bob", { name: "Bob", city: "Paris" });
  order("1", { customer: "ada", total: 7 });
  order("1", { customer: "bob", total: 7 });
  expect(labelled().get("1")?.name).toBe("Bob");
});

test("runs as it stands", { timeout: 60_000 }, async () => {
  const program = join(repository, "examples/orders-of-customers/src/main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  expect(stdout).toBe("London: 5\nParis: 7\n");
});
