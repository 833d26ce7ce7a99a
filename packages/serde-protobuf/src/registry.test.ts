import { fromHex, toHex } from "@millrace/model";
import { MemorySchemaRegistry, type RegistrySerde } from "@millrace/schema-registry";
import type { Serde } from "@millrace/serde";
import protobufjs from "protobufjs";
import { describe, expect, expectTypeOf, test } from "vitest";

import { protobufFormat } from "./format/protobuf-format.ts";
import { protobuf } from "./protobuf.ts";

const first = `syntax = "proto3"; package shop; message Refund { string id = 1; }
  message Order { string id = 1; message Line { string sku = 1; } }`;
const second = first.replace("message Order {", "message Order { int64 cents = 2;");

interface Order {
  readonly id: string;
  readonly cents?: bigint;
}

function newRegistry(): MemorySchemaRegistry {
  return new MemorySchemaRegistry({ formats: [protobufFormat] });
}

describe("with a registry", () => {
  test("the type tells that it is prepared", () => {
    const registry = newRegistry();
    const order = protobuf<Order>(first, { message: "Order", registry });
    expectTypeOf(order).toEqualTypeOf<RegistrySerde<Order>>();
    expectTypeOf(protobuf<Order>(first, { message: "Order" })).toEqualTypeOf<Serde<Order>>();
    expect(order.name).toBe("protobuf");
  });

  test("the schema is registered, and its id and the message's indexes stand before the value", () => {
    const registry = newRegistry();
    const order = protobuf<Order>(first, { message: "Order", registry });
    expect(toHex(order.serialize({ id: "a" }, "orders"))).toBe("0000000001" + "0202" + "0a0161");
    const line = protobuf(first, { message: "Order.Line", registry });
    expect(toHex(line.serialize({ sku: "a" }, "orders"))).toBe("0000000001" + "040200" + "0a0161");
    expect(registry.latestVersion("orders-value").schema).toContain("message Order {");
  });

  test("an older and a newer schema read each other's records", () => {
    const registry = newRegistry();
    const older = protobuf<Order>(first, { message: "Order", registry });
    const newer = protobuf<Order>(second, { message: "Order", registry });
    const old = older.serialize({ id: "a" }, "orders");
    const young = newer.serialize({ id: "b", cents: 5n }, "orders");
    expect(newer.deserialize(old, "orders")).toEqual({ id: "a", cents: 0n });
    expect(older.deserialize(young, "orders")).toEqual({ id: "b" });
  });

  test("indexes are those of the schema that the registry has, in which maps may be spelled out", () => {
    const registry = newRegistry();
    const maps = `syntax = "proto3"; message A { map<string, int32> m = 1; message Inner { int32 n = 1; } }`;
    registry.register("t-value", {
      schemaType: "PROTOBUF",
      schema: protobufFormat.parse(maps, []).formatted("serialized"),
    });
    const inner = protobuf<{ n: number }>(maps, {
      message: "A.Inner",
      registry,
      useLatestVersion: true,
    });
    const bytes = inner.serialize({ n: 7 }, "t");
    expect(toHex(bytes)).toBe("0000000001" + "040002" + "0807");
    expect(inner.deserialize(bytes, "t")).toEqual({ n: 7 });
  });

  test("without a schema of its own it reads what the record's schema says, whatever the message", () => {
    const registry = newRegistry();
    const any = protobuf({ registry });
    for (const message of ["Order", "Refund", "Order.Line"]) {
      const value = message === "Order.Line" ? { sku: "a" } : { id: "a" };
      const bytes = protobuf(second, { message, registry }).serialize(value, "t");
      expect(any.deserialize(bytes, "t")).toMatchObject(value);
    }
  });

  test("without a schema of its own it writes with the registry's", () => {
    const registry = newRegistry();
    protobuf(first, { message: "Order", registry }).serialize({ id: "a" }, "t");
    const any = protobuf({ registry, useLatestVersion: true, message: "shop.Order" });
    expect(toHex(any.serialize({ id: "b" }, "t"))).toBe("0000000001" + "0202" + "0a0162");
    expect(() => protobuf({ registry, useLatestVersion: true }).serialize({}, "t")).toThrow(
      /several messages \(shop\.Refund, shop\.Order\)/,
    );
  });

  test("another message than the serde's is told, with both names", () => {
    const registry = newRegistry();
    const refund = protobuf(first, { message: "Refund", registry }).serialize({ id: "r" }, "t");
    const order = protobuf<Order>(first, { message: "Order", registry });
    expect(() => order.deserialize(refund, "t")).toThrow(
      expect.objectContaining({
        code: "OTHER_MESSAGE",
        message: expect.stringMatching(/the record holds shop\.Refund .* reads shop\.Order/),
      }),
    );
    expect(() => order.deserialize(fromHex("0000000001" + "0212"), "t")).toThrow(
      expect.objectContaining({ code: "OTHER_MESSAGE" }),
    );
    expect(() => order.deserialize(fromHex("0000000001" + "02"), "t")).toThrow(
      expect.objectContaining({ code: "FRAME_TRUNCATED" }),
    );
  });

  test("references are registered before what refers to them", () => {
    const registry = newRegistry();
    const people = 'syntax = "proto3"; package people; message Customer { string name = 1; }';
    const sale = protobuf<{ buyer: { name: string } }>(
      'syntax = "proto3"; import "customer.proto"; message Sale { people.Customer buyer = 1; }',
      { references: [{ name: "customer.proto", schema: people }], registry },
    );
    const bytes = sale.serialize({ buyer: { name: "Ewa" } }, "sales");
    expect(registry.latestVersion("customer.proto").version).toBe(1);
    expect(registry.latestVersion("sales-value").references).toEqual([
      { name: "customer.proto", subject: "customer.proto", version: 1 },
    ]);
    expect(protobuf({ registry }).deserialize(bytes, "sales")).toEqual({ buyer: { name: "Ewa" } });
  });

  test("an enum without a 0, which other registries let pass, hinders nobody", () => {
    const registry = new MemorySchemaRegistry();
    const schema = `syntax = "proto3"; message A { E e = 1; int32 n = 2; } enum E { X = 1; Y = 2; }`;
    registry.register("t-value", { schemaType: "PROTOBUF", schema });
    const serde = protobuf<unknown>({ registry, useLatestVersion: true, enums: "name" });
    const written = (value: object) => serde.serialize(value, "t");
    expect(toHex(written({ e: "X", n: 1 }))).toBe("0000000001" + "00" + "08011001");
    for (const value of [
      { e: "X", n: 1 },
      { e: "Y", n: 1 },
      { e: 0, n: 1 },
    ])
      expect(serde.deserialize(written(value), "t")).toEqual(value);
  });

  test("subjects may be named by the message", () => {
    const registry = newRegistry();
    const order = protobuf<Order>(first, { message: "Order", registry, subjectName: "record" });
    order.serialize({ id: "a" }, "t");
    expect(registry.latestVersion("shop.Order").version).toBe(1);
  });

  test("an incompatible schema is refused, with the field", () => {
    const registry = newRegistry();
    protobuf(first, { message: "Order", registry }).serialize({ id: "a" }, "t");
    const changed = first.replace("message Order { string id", "message Order { int32 id");
    expect(() =>
      protobuf(changed, { message: "Order", registry }).serialize({ id: 1 }, "t"),
    ).toThrow(/#\/Order\/1/);
  });

  test("a class is registered by the schema that is given for it, and only reads without", () => {
    const registry = newRegistry();
    const type = protobufjs.parse(first).root.lookupType("shop.Order");
    const order = protobuf<Order>(type, { schema: first, registry });
    const bytes = order.serialize({ id: "a" }, "t");
    expect(toHex(bytes)).toBe("0000000001" + "0202" + "0a0161");
    expect(order.deserialize(bytes, "t")).toBeInstanceOf(type.ctor);
    const reader = protobuf<Order>(type, { registry });
    expect(reader.deserialize(bytes, "t").id).toBe("a");
    expect(() => reader.serialize({ id: "a" }, "t")).toThrow(
      expect.objectContaining({ code: "NO_SCHEMA_TO_WRITE" }),
    );
  });

  test("options that do not fit are told", () => {
    const registry = newRegistry();
    for (const options of [{ schema: first }, { subjectName: "record" }, { massage: "Order" }]) {
      expect(() => protobuf(first, { message: "Order", ...options } as never)).toThrow(
        /schema is for a class or a Type|subjectName|massage/,
      );
    }
    expect(() => protobuf(first, { message: "Order", registry, framing: "tail" } as never)).toThrow(
      /framing/,
    );
    const type = protobufjs.parse(first).root.lookupType("shop.Order");
    for (const unused of [{ longs: "number" }, { enums: "name" }, { values: "json" }])
      expect(() => protobuf(type, { registry, schema: first, ...unused } as never)).toThrow(
        `protobuf: ${Object.keys(unused)[0]} is for schemas that are given as a text`,
      );
    expect(() => protobuf({ registry, schema: first } as never)).toThrow("a class or a Type");
    expect(() => protobuf({} as never)).toThrow(/registry/);
    expect(() => protobuf(undefined as never)).toThrow(/protobuf was given undefined/);
  });
});
