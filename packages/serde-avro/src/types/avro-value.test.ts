import { describe, expectTypeOf, test } from "vitest";

import type { Serde } from "@millrace/serde";

import { avro, type AvroDuration, type AvroValue } from "../index.ts";

const order = {
  type: "record",
  name: "Order",
  namespace: "shop",
  fields: [
    { name: "id", type: "string" },
    { name: "count", type: "int" },
    { name: "total", type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 } },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "size", type: { type: "enum", name: "Size", symbols: ["S", "M"] } },
    { name: "other", type: ["null", "Size"], default: null },
    { name: "tags", type: { type: "array", items: "string" } },
    { name: "notes", type: { type: "map", values: ["null", "long"] } },
    { name: "next", type: ["null", "shop.Order"], default: null },
  ],
} as const;

interface Order {
  id: string;
  count: number;
  total: string;
  at: number;
  size: "S" | "M";
  other: "S" | "M" | null;
  tags: string[];
  notes: Record<string, bigint | null>;
  next: Order | null;
}

describe("the type of values", () => {
  test("follows from the schema's literal, types named within it too", () => {
    expectTypeOf<AvroValue<typeof order>>().toEqualTypeOf<Order>();
    expectTypeOf(avro(order)).toEqualTypeOf<Serde<Order>>();
  });

  test("of single words", () => {
    expectTypeOf<AvroValue<"null">>().toEqualTypeOf<null>();
    expectTypeOf<AvroValue<"boolean">>().toEqualTypeOf<boolean>();
    expectTypeOf<AvroValue<"double">>().toEqualTypeOf<number>();
    expectTypeOf<AvroValue<"long">>().toEqualTypeOf<bigint>();
    expectTypeOf<AvroValue<{ type: "bytes" }>>().toEqualTypeOf<Uint8Array>();
  });

  test("of logical types", () => {
    type Logical<Type extends string, Name extends string> = AvroValue<{
      type: Type;
      logicalType: Name;
    }>;
    expectTypeOf<Logical<"int", "date">>().toEqualTypeOf<string>();
    expectTypeOf<Logical<"long", "timestamp-nanos">>().toEqualTypeOf<string>();
    expectTypeOf<Logical<"string", "uuid">>().toEqualTypeOf<string>();
    expectTypeOf<Logical<"fixed", "duration">>().toEqualTypeOf<AvroDuration>();
    // What does not fit, or is unknown, is what it stands on.
    expectTypeOf<Logical<"int", "timestamp-millis">>().toEqualTypeOf<number>();
    expectTypeOf<Logical<"long", "made-up">>().toEqualTypeOf<bigint>();
    expectTypeOf<Logical<"bytes", "decimal">>().toEqualTypeOf<Uint8Array>();
  });

  test("goes by the options", () => {
    const long = { type: "long", logicalType: "timestamp-micros" } as const;
    expectTypeOf<AvroValue<"long", { longs: "number" }>>().toEqualTypeOf<number>();
    expectTypeOf<AvroValue<typeof long, { logicalTypes: "plain" }>>().toEqualTypeOf<bigint>();
    expectTypeOf(avro("long", { longs: "number" })).toEqualTypeOf<Serde<number>>();
    expectTypeOf(avro(long, { longs: "number", logicalTypes: "plain" })).toEqualTypeOf<
      Serde<number>
    >();
  });

  test("of a union names the branches where JavaScript does not tell them apart", () => {
    expectTypeOf<AvroValue<["null", "int", "string"]>>().toEqualTypeOf<null | number | string>();
    expectTypeOf<AvroValue<["null", "int", "double"]>>().toEqualTypeOf<
      null | { int: number } | { double: number }
    >();
    expectTypeOf<AvroValue<["int", "long"]>>().toEqualTypeOf<number | bigint>();
    expectTypeOf<AvroValue<["int", "long"], { longs: "number" }>>().toEqualTypeOf<
      { int: number } | { long: number }
    >();
    const pair = [
      { type: "record", name: "A", namespace: "n", fields: [{ name: "a", type: "int" }] },
      { type: "record", name: "m.B", fields: [{ name: "a", type: "n.A" }] },
    ] as const;
    expectTypeOf<AvroValue<typeof pair>>().toEqualTypeOf<
      { "n.A": { a: number } } | { "m.B": { a: { a: number } } }
    >();
  });

  test("is given where the schema says nothing", () => {
    const text: string = JSON.stringify(order);
    expectTypeOf(avro(text)).toEqualTypeOf<Serde<unknown>>();
    expectTypeOf(avro<Order>(text)).toEqualTypeOf<Serde<Order>>();
    const wide: { type: string; name: string; fields: { name: string; type: string }[] } = {
      type: "record",
      name: "R",
      fields: [],
    };
    expectTypeOf(avro<{ a: number }>(wide)).toEqualTypeOf<Serde<{ a: number }>>();
  });
});

test("mistakes are told by the compiler", () => {
  const serde = avro(order);
  const value = {} as Order;
  const mistakes = (): void => {
    // @ts-expect-error -- a symbol that the enum does not have
    serde.serialize({ ...value, size: "XL" }, "orders");
    // @ts-expect-error -- a decimal is no number
    serde.serialize({ ...value, total: 9.5 }, "orders");
    // @ts-expect-error -- a long is a bigint
    serde.serialize({ ...value, notes: { a: 1 } }, "orders");
    // @ts-expect-error -- a field is missing
    serde.serialize({ id: "a" }, "orders");
    // @ts-expect-error -- a branch that is wrapped
    avro(["int", "double"]).serialize(3, "numbers");
    // @ts-expect-error -- an option's value
    avro("long", { longs: "text" });
    // @ts-expect-error -- a schema is no number
    avro(3);
  };
  expectTypeOf(mistakes).toBeFunction();
});
