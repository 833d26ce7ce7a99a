import { noHeaders, toHex } from "@millrace/model";
import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { WritePlace } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { avro, avroFormat } from "./index.ts";

const first = {
  type: "record",
  name: "Order",
  namespace: "shop",
  fields: [{ name: "id", type: "string" }],
} as const;
const second = {
  ...first,
  fields: [...first.fields, { name: "count", type: "long", default: 1 }],
} as const;

function newRegistry(): MemorySchemaRegistry {
  return new MemorySchemaRegistry({ formats: [avroFormat] });
}

describe("with a registry", () => {
  test("a record is read as the program's schema has it, whichever version wrote it", () => {
    const registry = newRegistry();
    const old = avro(first, { registry });
    const now = avro(second, { registry });
    const bytes = [
      old.serialize({ id: "a" }, "orders"),
      now.serialize({ id: "b", count: 2n }, "orders"),
    ];
    expect(bytes.map(toHex)).toEqual(["00000000010261", "0000000002026204"]);
    expect(bytes.map((one) => now.deserialize(one, "orders"))).toEqual([
      { id: "a", count: 1n },
      { id: "b", count: 2n },
    ]);
    expect(bytes.map((one) => old.deserialize(one, "orders"))).toEqual([{ id: "a" }, { id: "b" }]);
  });

  test("without a schema a record is read as it was written", () => {
    const registry = newRegistry();
    const bytes = avro(first, { registry }).serialize({ id: "a" }, "orders");
    expect(avro({ registry }).deserialize(bytes, "orders")).toEqual({ id: "a" });
  });

  test("without a schema the subject's latest is written, with its defaults", () => {
    const registry = newRegistry();
    avro(second, { registry }).serialize({ id: "a", count: 3n }, "orders");
    const latest = avro<{ id: string }>({ registry, useLatestVersion: true });
    const bytes = latest.serialize({ id: "b" }, "orders");
    expect(latest.deserialize(bytes, "orders")).toEqual({ id: "b", count: 1n });
    expect(() => avro({ registry }).serialize({}, "orders")).toThrow("no schema to write");
  });

  test("an incompatible schema is refused, with the field and the rule", () => {
    const registry = newRegistry();
    avro(first, { registry }).serialize({ id: "a" }, "orders");
    const fields = [{ name: "other", type: "int" }] as const;
    const serde = avro({ ...first, fields }, { registry });
    expect(() => serde.serialize({ other: 1 }, "orders")).toThrow(
      /orders-value[^]*"other" of shop\.Order[^]*no default/,
    );
  });

  test("bare bytes have no length", () => {
    const registry = newRegistry();
    const serde = avro("bytes", { registry });
    const bytes = serde.serialize(Uint8Array.of(1, 2, 3), "blobs");
    expect(toHex(bytes)).toBe("0000000001010203");
    expect(serde.deserialize(bytes, "blobs")).toEqual(Uint8Array.of(1, 2, 3));
    expect(
      avro("string", { registry }).deserialize(Uint8Array.of(0, 0, 0, 0, 1, 0x61), "blobs"),
    ).toBe("a");
    expect(serde.deserialize(bytes.subarray(0, 5), "blobs")).toEqual(new Uint8Array());
  });

  test("types of other subjects are registered before what names them", () => {
    const registry = newRegistry();
    const address = {
      type: "record",
      name: "people.Address",
      fields: [{ name: "city", type: "string" }],
    };
    const person = `{"type":"record","name":"people.Person","fields":[{"name":"home","type":"Address"}]}`;
    const references = [{ name: "people.Address", subject: "address", schema: address }];
    const serde = avro<{ home: { city: string } }>(person, { registry, references });
    const bytes = serde.serialize({ home: { city: "Kraków" } }, "people");
    expect(serde.deserialize(bytes, "people")).toEqual({ home: { city: "Kraków" } });
    expect(avro({ registry }).deserialize(bytes, "people")).toEqual({ home: { city: "Kraków" } });
    expect(registry.latestVersion("address").id).toBe(1);
    expect(registry.latestVersion("people-value").references).toEqual([
      { name: "people.Address", subject: "address", version: 1 },
    ]);
  });

  test("a header names the schema, where that is asked for", () => {
    const registry = newRegistry();
    const serde = avro(first, { registry, framing: "header" });
    const place = new WritePlace("value").at(noHeaders);
    const bytes = serde.serialize({ id: "a" }, "orders", place);
    expect(toHex(bytes)).toBe("0261");
    expect(place.headers.map(([name]) => name)).toEqual(["__value_schema_id"]);
    expect(serde.deserialize(bytes, "orders", place)).toEqual({ id: "a" });
  });

  test("defaults that older registries let pass hinder nobody", () => {
    const registry = new MemorySchemaRegistry();
    const text = `{"type":"record","name":"R","fields":[{"name":"a","type":["null","int"],"default":"null"},{"name":"b","type":"int"}]}`;
    registry.register("old-value", { schemaType: "AVRO", schema: text, references: [] });
    const serde = avro<unknown>({ registry, useLatestVersion: true });
    const value = { a: 1, b: 2 };
    expect(serde.deserialize(serde.serialize(value, "old"), "old")).toEqual(value);
    expect(() => serde.serialize({ b: 2 }, "old")).toThrow("/a is missing");
  });

  test("nor do namespaces that older registries let pass", () => {
    const registry = new MemorySchemaRegistry();
    registry.register("orders-value", {
      schema: JSON.stringify({ ...first, namespace: "my-company.shop" }),
    });
    const writer = avro<unknown>({ registry, useLatestVersion: true });
    const bytes = writer.serialize({ id: "a" }, "orders");
    expect(writer.deserialize(bytes, "orders")).toEqual({ id: "a" });
    const own = avro(second, { registry, autoRegisterSchemas: false });
    expect(own.deserialize(bytes, "orders")).toEqual({ id: "a", count: 1n });
  });
});

test("options that make no sense are refused by name", () => {
  const registry = newRegistry();
  const local = { registry, encoding: "single-object" } as { registry: MemorySchemaRegistry };
  expect(() => avro("int", local)).toThrow("encoding");
  const shared = { subjectName: "topic" } as object;
  expect(() => avro("int", shared)).toThrow("subjectName");
  expect(() => avro({} as { type: string })).toThrow("give a schema as a text or an object");
  const references = [{ name: 3 }] as unknown as readonly [];
  expect(() => avro("int", { references })).toThrow("{ name, schema }");
});
