import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { protobufFormat } from "@millrace/serde-protobuf";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { billTopology, topicsOf } from "../../examples/protobuf/src/topology.ts";
import { runExample } from "./run-example.ts";

const wheel = { sku: "wheel", count: 2, price: { currency: "EUR", cents: 450n } };

function billing() {
  const registry = new MemorySchemaRegistry({ formats: [protobufFormat] });
  const driver = new TopologyTestDriver(billTopology(registry));
  const { orders, bills } = topicsOf(registry);
  return { driver, registry, orders: driver.input(orders), bills: driver.output(bills) };
}

test("an order becomes a bill, paid by the member of the oneof that is set", async () => {
  const { driver, orders, bills } = billing();
  await using _ = driver;
  orders.pipe("ada", { id: "1", lines: [wheel], card: "4242" });
  orders.pipe("bob", { id: "2", lines: [wheel, wheel], invoiceTo: "Bob Ltd" });
  expect(bills.readAll().map(({ value }) => value)).toEqual([
    { order: "1", total: { currency: "EUR", cents: 900n }, pays: "card 4242" },
    { order: "2", total: { currency: "EUR", cents: 1800n }, pays: "invoice to Bob Ltd" },
  ]);
});

test("the file stands in the registry once for both topics, and what it imports before it", async () => {
  const { driver, registry, orders } = billing();
  await using _ = driver;
  orders.pipe("ada", { id: "1", lines: [wheel], card: "4242" });
  const written = registry.latestVersion("orders-value");
  expect(registry.latestVersion("bills-value").id).toBe(written.id);
  expect(written.references).toEqual([{ name: "money.proto", subject: "money.proto", version: 1 }]);
});

test("two members of a oneof are one too many", async () => {
  const { driver, orders } = billing();
  await using _ = driver;
  const both = { id: "1", lines: [], card: "4242", invoiceTo: "Bob Ltd" };
  expect(() => orders.pipe("ada", both as never)).toThrow(/of the oneof "payment" are both set/);
});

test("the example runs", async () => {
  const [first, second, incompatible, unfit, ...more] = await runExample("protobuf");
  expect([first, second]).toEqual([
    "order 1: 900 cents, card 4242",
    "order 2: 1800 cents, invoice to Bob Ltd",
  ]);
  expect(incompatible).toContain("orders-value");
  expect(incompatible).toContain("#/Order/1");
  expect(unfit).toContain("shop.Order.card takes string, not 5");
  expect(more).toEqual([]);
}, 60_000);
