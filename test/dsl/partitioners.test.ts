import { json, StreamsBuilder, string } from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

interface Order {
  readonly customer: string;
}

test("partitioners of a foreign-key join are shown keys alone, of the table that they stand for", async () => {
  const shown: unknown[] = [];
  const builder = new StreamsBuilder();
  const orders = builder.table("orders", { key: string(), value: json<Order>() });
  const customers = builder.table("customers", { key: string(), value: string() });
  orders
    .join(customers, ({ customer }, name) => `${customer} ${name}`, {
      foreignKey: ({ customer }) => customer,
      partitioner: (row, order) => void shown.push(["order", order, row]),
      otherPartitioner: (row, customer) => void shown.push(["customer", customer, row]),
      value: string(),
    })
    .toStream()
    .to("out");
  await using driver = new TopologyTestDriver(builder.build());
  driver.input("customers", { key: string(), value: string() }).pipe("c", "Ada");
  driver.input("orders", { key: string(), value: json<Order>() }).pipe("o", { customer: "c" });
  expect(driver.output("out", { key: string(), value: string() }).readPairs()).toEqual([
    ["o", "c Ada"],
  ]);
  expect(shown).toEqual([
    ["customer", "c", null],
    ["order", "o", null],
  ]);
});

test("a partitioner knows the types of its stream", async () => {
  const builder = new StreamsBuilder();
  builder.stream("orders", { key: string(), value: json<Order>() }).to("out", {
    partitioner: ({ customer }, id, partitionCount) =>
      customer === "" ? [] : (id.length + customer.length) % partitionCount,
  });
  await using driver = new TopologyTestDriver(builder.build());
  const input = driver.input("orders", { key: string(), value: json<Order>() });
  input.pipe("1", { customer: "" });
  input.pipe("2", { customer: "c" });
  expect(driver.output("out", { key: string(), value: json<Order>() }).readPairs()).toEqual([
    ["2", { customer: "c" }],
  ]);
  expect(driver.droppedRecords).toBe(1);
});
