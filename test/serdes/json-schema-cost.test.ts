import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { jsonSchema, jsonSchemaFormat } from "@millrace/serde-json-schema";
import { Ajv } from "ajv";
import { expect, test } from "vitest";

import { measureCpu } from "./measure-cpu.ts";

/** At full size the bounds are those that are promised; a busy machine's sample may be half as much again. */
const isFull = process.env["MILLRACE_VERIFY"] === "1";
const timeout = isFull ? 600_000 : 30_000;
const bound = isFull ? 1.25 : 1.9;
const size = isFull ? { rounds: 31, calls: 100_000 } : { rounds: 9, calls: 10_000 };

const schema = {
  type: "object",
  properties: {
    id: { type: "string" },
    customer: { type: "string" },
    total: { type: "number", minimum: 0 },
    lines: {
      type: "array",
      items: {
        type: "object",
        properties: { sku: { type: "string" }, count: { type: "integer" } },
        required: ["sku", "count"],
      },
    },
    paid: { type: "boolean" },
  },
  required: ["id", "customer", "total"],
} as const;

const order = {
  id: "order-123456",
  customer: "customer-42",
  total: 129.95,
  lines: [
    { sku: "sku-1", count: 2 },
    { sku: "sku-22", count: 1 },
  ],
  paid: true,
};

test("a value costs little more than ajv and JSON alone, read and written", { timeout }, () => {
  const isOrder = new Ajv().compile(schema);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const text = encoder.encode(JSON.stringify(order));
  const serde = jsonSchema(schema, { registry: new MemorySchemaRegistry() });
  const framed = serde.serialize(order, "orders");
  const figures = measureCpu(
    {
      bareWrite: () => {
        if (!isOrder(order)) throw new Error("the order is none");
        encoder.encode(JSON.stringify(order));
      },
      write: () => serde.serialize(order, "orders"),
      bareRead: () => {
        if (!isOrder(JSON.parse(decoder.decode(text)))) throw new Error("the order is none");
      },
      read: () => serde.deserialize(framed, "orders"),
    },
    size,
  );
  expect(figures.write / figures.bareWrite, JSON.stringify(figures)).toBeLessThan(bound);
  expect(figures.read / figures.bareRead, JSON.stringify(figures)).toBeLessThan(bound);
});

test("records of fifty schemas cost little more than records of one", { timeout }, () => {
  const registry = new MemorySchemaRegistry({ formats: [jsonSchemaFormat], compatibility: "NONE" });
  const records = Array.from({ length: 50 }, (_, version) =>
    jsonSchema<unknown>({ ...schema, title: `Order${version}` }, { registry }).serialize(
      order,
      "orders",
    ),
  );
  expect(new Set(records.map((record) => record[4])).size).toBe(50);
  const one = jsonSchema<unknown>({ registry });
  const many = jsonSchema<unknown>({ registry });
  let at = 0;
  const figures = measureCpu(
    {
      one: () => one.deserialize(records[0], "orders"),
      many: () => many.deserialize(records[at++ % records.length], "orders"),
    },
    size,
  );
  expect(figures.many / figures.one, JSON.stringify(figures)).toBeLessThan(bound);
});

test("memory stays as it is, however many records pass", { timeout }, () => {
  const serde = jsonSchema(schema, { registry: new MemorySchemaRegistry() });
  const pass = (records: number): number => {
    for (let record = 0; record < records; record++)
      serde.deserialize(serde.serialize(order, "orders"), "orders");
    // Without a collector to call, the least of several looks is what is held.
    return process.memoryUsage().heapUsed;
  };
  const records = isFull ? 5_000_000 : 50_000;
  pass(records / 50);
  const looks = Array.from({ length: 50 }, () => pass(records / 50));
  const before = Math.min(...looks.slice(0, 25));
  const after = Math.min(...looks.slice(25));
  expect(after - before).toBeLessThan(4 << 20);
});
