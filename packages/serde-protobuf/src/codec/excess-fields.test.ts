import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { describe, expect, test } from "vitest";

import type { ProtobufOptions } from "../protobuf-options.ts";
import { protobuf } from "../protobuf.ts";

const payment = `syntax = "proto3"; package shop;
  message Payment {
    string order_id = 1; int64 cents = 2; repeated Line lines = 3; map<string, Line> by_sku = 4;
    oneof pay { string card = 5; int64 cash = 6; } google.protobuf.Timestamp at = 7;
    message Line { string sku = 1; }
  }
  message Empty {}`;

function write(value: {}, options: ProtobufOptions = {}): Uint8Array {
  const serde = protobuf<{}>(payment, { message: "Payment", ...options });
  return serde.serialize(value, "payments");
}

describe("SERDE-5: a member of a value that the message does not have", () => {
  test("is told, with the field that is near, and how to leave it out", () => {
    const thrown = (value: {}) => expect(() => write(value));
    thrown({ order_id: "o-1" }).toThrow(
      'shop.Payment.orderId is given as "order_id", its name in the schema; write orderId',
    );
    thrown({ orderid: "o-1" }).toThrow(
      'the value has "orderid", which the message shop.Payment does not: did you mean orderId? Leave it out, or give excessFields: "drop"',
    );
    thrown({ total: 5 }).toThrow("its fields are orderId, cents, lines, bySku, card, cash, at.");
    thrown({ lines: [{ sku: "a" }, { sku: "b", count: 1 }] }).toThrow(
      '"count", which the message shop.Payment.Line does not',
    );
    thrown({ bySku: { a: { sku: "a", count: 1 } } }).toThrow('"count"');
    thrown({ at: { seconds: 1n, nano: 1 } }).toThrow(
      '"nano", which the message google.protobuf.Timestamp does not: did you mean nanos?',
    );
    thrown({ card: "x", cash: undefined, pay: "card", cheque: "y" }).toThrow('"cheque"');
  });

  test("is told of messages with many fields, and with none", () => {
    const names = Array.from({ length: 40 }, (_, index) => `f${index}`);
    const fields = names.map((name, index) => `int32 ${name} = ${index + 1};`).join(" ");
    const wide = protobuf<{}>(`syntax = "proto3"; message Wide { ${fields} }`);
    const value = Object.fromEntries(names.map((name) => [name, 1]).toReversed());
    expect(wide.deserialize(wide.serialize(value, "t"), "t")).toEqual(value);
    expect(() => wide.serialize({ ...value, toString: 1 }, "t")).toThrow('"toString"');
    const empty = protobuf<{}>(payment, { message: "Empty" });
    expect(empty.serialize({}, "t")).toHaveLength(0);
    expect(() => empty.serialize({ a: 1 }, "t")).toThrow('"a", which the message shop.Empty does');
  });

  test("is absent where it is undefined, or is not the value's own; and the oneof says what is set", () => {
    const inherits: object = Object.create({ orderId: "o-1", total: 5 });
    expect(write(inherits)).toEqual(write({ orderId: "o-1" }));
    expect(write({ orderId: "o-1", total: undefined })).toEqual(write({ orderId: "o-1" }));
    expect(write({ pay: "card", card: "x" })).toEqual(write({ card: "x" }));
    expect(() => write({ total: 5 }, { values: "json" })).toThrow('"total"');
    expect(write({ total: undefined }, { values: "json" })).toHaveLength(0);
  });

  test('is dropped with excessFields: "drop"', () => {
    const value = { orderId: "o-1", order_id: "o-1", total: 5 };
    const plain = write({ orderId: "o-1" });
    expect(write(value, { excessFields: "drop" })).toEqual(plain);
    const json = { orderId: "o-1", total: 5, lines: [{ count: 1 }] };
    const dropping = { values: "json", excessFields: "drop" } as const;
    expect(write(json, dropping)).toEqual(write({ orderId: "o-1", lines: [{}] }));
  });

  test("is told where the registry's latest version is older than the program's", () => {
    const registry = new MemorySchemaRegistry();
    const of = (fields: string) => `syntax = "proto3"; message Order { string id = 1; ${fields} }`;
    registry.register("orders-value", { schemaType: "PROTOBUF", schema: of("") });
    const options = { registry, useLatestVersion: true } as const;
    const serde = protobuf<{}>(of("string note = 2;"), options);
    const read = serde.deserialize(serde.serialize({ id: "o-1", note: "x" }, "orders"), "orders");
    expect(read).toEqual({ id: "o-1", note: "x" });
    const theirs = protobuf<{}>({ ...options });
    expect(() => theirs.serialize({ id: "o-1", note: "x" }, "orders")).toThrow('"note"');
  });
});
