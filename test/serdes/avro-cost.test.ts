import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { avro, avroFormat } from "@millrace/serde-avro";
import avsc from "avsc";
import { expect, test } from "vitest";

import { measureCpu } from "./measure-cpu.ts";

/** At full size the bounds are those that are promised; a busy machine's sample may be half as much again. */
const isFull = process.env["MILLRACE_VERIFY"] === "1";
const timeout = isFull ? 600_000 : 30_000;
const bound = isFull ? 1.25 : 1.9;
const size = isFull ? { rounds: 31, calls: 100_000 } : { rounds: 9, calls: 10_000 };

const fields = [
  { name: "id", type: "string" },
  { name: "customer", type: "string" },
  { name: "at", type: "long" },
  { name: "total", type: "double" },
  { name: "paid", type: "boolean" },
  { name: "note", type: ["null", "string"], default: null },
  {
    name: "lines",
    type: {
      type: "array",
      items: {
        type: "record",
        name: "Line",
        fields: [
          { name: "sku", type: "string" },
          { name: "count", type: "int" },
        ],
      },
    },
  },
  { name: "tags", type: { type: "map", values: "string" } },
] as const;
const schema = { type: "record", name: "Order", fields } as const;

const order = {
  id: "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
  customer: "customer-42",
  at: 1_795_867_509_007n,
  total: 129.95,
  paid: true,
  note: "leave it at the door",
  lines: [
    { sku: "sku-1", count: 2 },
    { sku: "sku-22", count: 1 },
  ],
  tags: { source: "web", campaign: "spring" },
};
const bareOrder = { ...order, at: Number(order.at) };

test("a value costs little more than with avsc alone, read and written", { timeout }, () => {
  const bare = avsc.Type.forSchema(schema as unknown as avsc.Schema);
  const bytes = bare.toBuffer(bareOrder);
  const registry = new MemorySchemaRegistry({ formats: [avroFormat] });
  const serde = avro(schema, { registry });
  const framed = serde.serialize(order, "orders");
  const figures = measureCpu(
    {
      bareWrite: () => bare.toBuffer(bareOrder),
      write: () => serde.serialize(order, "orders"),
      bareRead: () => bare.fromBuffer(bytes),
      read: () => serde.deserialize(framed, "orders"),
    },
    size,
  );
  if (isFull) console.log(figures);
  expect(figures.write / figures.bareWrite, JSON.stringify(figures)).toBeLessThan(bound);
  expect(figures.read / figures.bareRead, JSON.stringify(figures)).toBeLessThan(bound);
});

test("records of fifty versions cost little more than records of one", { timeout }, () => {
  const registry = new MemorySchemaRegistry({ formats: [avroFormat], compatibility: "NONE" });
  const records = Array.from({ length: 50 }, (_, version) => {
    const more = { name: `more${version}`, type: "int", default: version };
    const serde = avro<unknown>({ ...schema, fields: [...fields, more] }, { registry });
    return serde.serialize({ ...order, [`more${version}`]: 1 }, "orders");
  });
  expect(new Set(records.map((record) => record[4])).size).toBe(50);
  // As many records, each with memory of its own: what differs is the schemas.
  const alike = records.map(() => records[0].slice());
  const one = avro(schema, { registry });
  const many = avro(schema, { registry });
  let at = 0;
  const figures = measureCpu(
    {
      one: () => one.deserialize(alike[at++ % alike.length], "orders"),
      many: () => many.deserialize(records[at++ % records.length], "orders"),
    },
    size,
  );
  if (isFull) console.log(figures);
  expect(figures.many / figures.one, JSON.stringify(figures)).toBeLessThan(bound);
});

test("memory stays as it is, however many records pass", { timeout }, () => {
  const registry = new MemorySchemaRegistry({ formats: [avroFormat] });
  const serde = avro(schema, { registry });
  const pass = (records: number): number => {
    for (let record = 0; record < records; record++)
      serde.deserialize(serde.serialize(order, "orders"), "orders");
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const records = isFull ? 5_000_000 : 50_000;
  pass(records / 50);
  // Without a collector to call, the least of several looks is what is held.
  const looks = Array.from({ length: 50 }, () => pass(records / 50));
  const before = Math.min(...looks.slice(0, 25));
  const after = Math.min(...looks.slice(25));
  expect(after - before).toBeLessThan(4 << 20);
});
