import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { jsonSchemaFormat } from "@millrace/serde-json-schema";
import { json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { invoiceTopology, topicsOf } from "../../examples/json-schema/src/topology.ts";
import { runExample } from "./run-example.ts";

const line = { sku: "wheel", count: 2, cents: 450 };

function invoicing() {
  const registry = new MemorySchemaRegistry({ formats: [jsonSchemaFormat] });
  const driver = new TopologyTestDriver(invoiceTopology(registry), {
    onDeserializationError: "continue",
  });
  const { orders, invoices } = topicsOf(registry);
  return { driver, registry, orders: driver.input(orders), invoices: driver.output(invoices) };
}

test("an order becomes an invoice, express at a price", async () => {
  const { driver, orders, invoices } = invoicing();
  await using _ = driver;
  orders.pipe("ada", { id: "PL-1", lines: [line, line] });
  orders.pipe("bob", { id: "PL-2", lines: [line], express: true });
  expect(invoices.readAll().map(({ value }) => value)).toEqual([
    { order: "PL-1", cents: 1800 },
    { order: "PL-2", cents: 1890 },
  ]);
});

test("schemas stand in the registry, that of lines before that of orders", async () => {
  const { driver, registry, orders } = invoicing();
  await using _ = driver;
  orders.pipe("ada", { id: "PL-1", lines: [line] });
  expect(registry.latestVersion("orders-value").references).toEqual([
    { name: "line.json", subject: "order-line", version: 1 },
  ]);
  expect(registry.latestVersion("invoices-value").version).toBe(1);
});

test("what is not written with a schema, and what it does not allow, is left out", async () => {
  const { driver, orders, invoices } = invoicing();
  await using _ = driver;
  driver.input("orders", { key: string(), value: json() }).pipe("bob", { id: "PL-1", lines: [] });
  expect(() => orders.pipe("ada", { id: "1", lines: [line] })).toThrow(
    /at \/id must match pattern/,
  );
  expect(invoices.readAll()).toEqual([]);
});

test("the example runs", async () => {
  const [refused, ...rest] = await runExample("json-schema");
  expect(refused).toContain("the value at /lines must NOT have fewer than 1 items");
  expect(rest.slice(0, 2)).toEqual(["invoice of PL-1: 900 cents", "invoice of PL-2: 1890 cents"]);
  expect(rest[2]).toMatch(/^a newer schema is refused: .*#\/properties\/due/);
  expect(rest).toHaveLength(3);
}, 60_000);
