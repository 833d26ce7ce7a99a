import { double, json, optional, string } from "@millrace/serde";
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
import { runExample } from "./run-example.ts";

/** As Debezium writes a table's changes: an empty record behind a deletion. */
function capture<Row>(driver: TopologyTestDriver, topic: string) {
  const serde = optional(json<RowChange<unknown>>());
  const changes = driver.input(topic, { key: string(), value: serde });
  const rows = new Map<string, Row>();
  return (id: string, after: Row | null): void => {
    const before = rows.get(id) ?? null;
    const op = after === null ? "d" : before === null ? "c" : "u";
    changes.pipe(id, { op, before, after });
    if (after === null) changes.pipe(id, null);
    else rows.set(id, after);
  };
}

function shop() {
  const driver = new TopologyTestDriver(ordersOfCustomers());
  const labelled = driver.output(topics.labelled, { key: string(), value: json<LabelledOrder>() });
  const turnover = driver.output(topics.turnover, { key: string(), value: double() });
  return {
    driver,
    order: capture<Order>(driver, topics.orders),
    customer: capture<Customer>(driver, topics.customers),
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

test("a customer who is deleted takes the orders out of the join, and brings them back", async () => {
  const { driver, order, customer, labelled, turnover } = shop();
  await using _ = driver;
  customer("ada", { name: "Ada", city: "London" });
  order("1", { customer: "ada", total: 7 });
  customer("ada", null);
  expect(labelled().get("1")).toBeNull();
  expect(turnover().get("London")).toBe(0);
  customer("ada", { name: "Ada", city: "Paris" });
  expect(turnover().get("Paris")).toBe(7);
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
  expect(await runExample("orders-of-customers")).toEqual(["London: 5", "Paris: 7"]);
});
