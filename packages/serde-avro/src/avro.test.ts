import { toHex } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { avro, type AvroOptions, type AvroSchemaSource } from "./index.ts";

/** The value written and read again. */
function again(schema: AvroSchemaSource, value: unknown, options: AvroOptions = {}): unknown {
  const serde = avro<unknown>(schema, options);
  return serde.deserialize(serde.serialize(value as NonNullable<unknown>, "topic"), "topic");
}

const logical = (type: string, logicalType: string, more: object = {}): object => ({
  type,
  logicalType,
  ...more,
});
const record = (...fields: readonly object[]): object => ({ type: "record", name: "R", fields });

describe("AVRO-1: what is written reads as an equal value", () => {
  const node = record(
    { name: "v", type: "long" },
    { name: "next", type: ["null", "R"], default: null },
  );

  test.each<[AvroSchemaSource, unknown]>([
    ["null", null],
    ["string", "żółw 𝄞 \0"],
    ["string", "x".repeat(100_000)],
    ["bytes", new Uint8Array(3000).fill(7)],
    ["long", -(2n ** 63n)],
    ["long", 2n ** 53n + 1n],
    ["double", Number.MIN_VALUE],
    ["float", Infinity],
    [
      { type: "map", values: "int" },
      { a: 1, 7: 2, "": 3 },
    ],
    [{ type: "map", values: "int" }, JSON.parse(`{"__proto__":1}`)],
    [record({ name: "__proto__", type: "int" }), JSON.parse(`{"__proto__":1}`)],
    [node, { v: 1n, next: { v: 2n, next: null } }],
    [
      ["null", "string", "long", "bytes", { type: "array", items: "int" }, "boolean", node],
      { v: 1n, next: null },
    ],
    [["int", "double"], { double: 4 }],
    [[{ type: "enum", name: "n.E", symbols: ["A"] }, "string", "null"], { "n.E": "A" }],
    [[{ type: "enum", name: "n.E", symbols: ["A"] }, "string", "null"], null],
    [
      logical("bytes", "decimal", { precision: 40, scale: 3 }),
      "-1234567890123456789012345678901234567.890",
    ],
    [logical("bytes", "decimal", { precision: 4, scale: 2 }), "0.00"],
    [{ ...logical("fixed", "decimal", { precision: 4, scale: 2 }), name: "D", size: 3 }, "-12.80"],
    [logical("int", "date"), "2024-02-29"],
    [logical("int", "date"), "-0044-03-15"],
    [logical("int", "date"), "+12345-12-31"],
    [logical("int", "time-millis"), "23:59:59.999"],
    [logical("long", "time-micros"), "00:00:00.000001"],
    [logical("long", "timestamp-millis"), -1],
    [logical("long", "timestamp-micros"), "1969-12-31T23:59:59.999999Z"],
    [logical("long", "timestamp-nanos"), "2262-04-11T23:47:16.854775807Z"],
    [logical("long", "local-timestamp-millis"), "2026-11-28T12:05:09.007"],
    [logical("long", "local-timestamp-micros"), "2026-11-28T12:05:09.000007"],
    [logical("long", "local-timestamp-nanos"), "2026-11-28T12:05:09.000000007"],
    [logical("string", "uuid"), "6f9619ff-8b86-d011-b42d-00cf4fc964ff"],
    [{ ...logical("fixed", "uuid"), name: "U", size: 16 }, "6f9619ff-8b86-d011-b42d-00cf4fc964ff"],
    [
      { ...logical("fixed", "duration"), name: "P", size: 12 },
      { months: 1, days: 2 ** 32 - 1, milliseconds: 3 },
    ],
  ])("%o: %o", (schema, value) => {
    expect(again(schema, value)).toEqual(value);
    expect(again(schema, value, { encoding: "single-object" })).toEqual(value);
  });

  test("any longs, doubles and texts", () => {
    const schema = record(
      { name: "l", type: "long" },
      { name: "d", type: "double" },
      { name: "s", type: "string" },
      { name: "b", type: "bytes" },
      { name: "i", type: "int" },
    );
    const values = fc.record({
      l: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      d: fc.double(),
      s: fc.string({ unit: "grapheme", maxLength: 200 }).filter((text) => text.isWellFormed()),
      b: fc.uint8Array({ maxLength: 100 }),
      i: fc.integer().map((value) => value | 0),
    });
    fc.assert(
      fc.property(values, (value) => {
        expect(again(schema, value)).toEqual(value);
      }),
    );
  });

  test("any instants, in every unit that they have", () => {
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    for (const name of ["timestamp-micros", "timestamp-nanos", "local-timestamp-millis"]) {
      const schema = logical("long", name);
      const plain = avro<bigint>(schema, { logicalTypes: "plain" });
      const texts = avro<string>(schema);
      fc.assert(
        fc.property(long, (value) => {
          const text = texts.deserialize(plain.serialize(value, "topic"), "topic");
          expect(plain.deserialize(texts.serialize(text, "topic"), "topic")).toBe(value);
        }),
      );
    }
  });

  test("longs as numbers, where that is asked for", () => {
    expect(again("long", 2 ** 53 - 1, { longs: "number" })).toBe(2 ** 53 - 1);
    expect(again(["int", "long"], { long: 3 }, { longs: "number" })).toEqual({ long: 3 });
    const bytes = avro("long").serialize(2n ** 53n, "topic");
    const serde = avro("long", { longs: "number" });
    expect(() => serde.deserialize(bytes, "topic")).toThrow(
      "the long 9007199254740992 is beyond 2^53",
    );
  });

  test("values of logical types are those of their types, where that is asked for", () => {
    const schema = record({ name: "a", type: logical("long", "timestamp-micros") });
    expect(again(schema, { a: 5n }, { logicalTypes: "plain" })).toEqual({ a: 5n });
  });

  test("a field that is left out has its default, a new one each time", () => {
    const schema = record(
      { name: "a", type: "int", default: 4 },
      { name: "l", type: { type: "array", items: ["null", "string"] }, default: [null, "x"] },
    );
    expect(again(schema, {})).toEqual({ a: 4, l: [null, "x"] });
    const serde = avro<{ l: unknown[] }>(schema, { writtenWith: [record()] });
    const first = serde.deserialize(new Uint8Array(), "topic");
    first.l.push("changed");
    expect(serde.deserialize(new Uint8Array(), "topic").l).toEqual([null, "x"]);
  });

  test("values of a getter that writes others do not mix", () => {
    const serde = avro(record({ name: "a", type: "string" }) as AvroSchemaSource);
    const inner = {
      get a() {
        return toHex(serde.serialize({ a: "inner" }, "topic"));
      },
    };
    expect(serde.deserialize(serde.serialize(inner, "topic"), "topic")).toEqual({
      a: "0a696e6e6572",
    });
  });

  test("nothing that was read is a view of the bytes", () => {
    const bytes = avro("bytes").serialize(new Uint8Array(100), "topic");
    const value = avro("bytes").deserialize(bytes, "topic");
    bytes.fill(9);
    expect(value).toEqual(new Uint8Array(100));
  });
});

describe("what does not fit is refused with its place", () => {
  const order = record(
    { name: "id", type: "string" },
    {
      name: "lines",
      type: {
        type: "array",
        items: { type: "record", name: "Line", fields: [{ name: "n", type: ["null", "int"] }] },
      },
    },
    { name: "more", type: { type: "map", values: ["int", "double"] }, default: {} },
  );

  test.each<[AvroSchemaSource, unknown, string]>([
    [order, { id: 3, lines: [] }, "/id is 3, expected a string"],
    [order, { lines: [] }, "/id is missing, expected a string"],
    [order, null, "the value is null, expected an object for the record R"],
    [
      order,
      { id: "a", lines: [{ n: 1 }, { n: "x" }] },
      `/lines/1/n is "x", expected null or a whole number of 32 bits`,
    ],
    [
      order,
      { id: "a", lines: [{ n: 2 ** 31 }] },
      "/lines/0/n is 2147483648, expected a whole number of 32 bits",
    ],
    [
      order,
      { id: "a", lines: [], more: { a: 3 } },
      `/more/a is 3, expected { "int": … } or { "double": … }`,
    ],
    [order, { id: "a", lines: [], more: { a: { int: "x" } } }, `/more/a/int is "x"`],
    [order, { id: "a", lines: [], more: new Map() }, "/more is a value of class Map"],
    ["string", "half \ud800", "without halves of surrogate pairs"],
    ["long", 3, "the value is 3, expected a bigint of 64 bits"],
    ["long", 2n ** 63n, "9223372036854775808n, expected a bigint of 64 bits"],
    ["float", 1e300, "within the range of a float"],
    [{ type: "enum", name: "E", symbols: ["A", "B"] }, "C", `is "C", expected one of "A", "B"`],
    [
      { type: "fixed", name: "F", size: 2 },
      new Uint8Array(3),
      "is 3 bytes, expected a Uint8Array of 2 bytes",
    ],
    [
      logical("bytes", "decimal", { precision: 4, scale: 2 }),
      "1.234",
      "at most 4 digits, 2 of them behind the point",
    ],
    [logical("bytes", "decimal", { precision: 4, scale: 2 }), "100.00", "at most 4 digits"],
    [logical("int", "date"), "2025-02-29", "expected a date such as"],
    [logical("int", "time-millis"), "13:05:09.0071", "expected a time such as"],
    [logical("long", "timestamp-micros"), "2026-11-28T12:05:09", "expected an instant such as"],
    [logical("long", "timestamp-nanos"), "2263-01-01T00:00:00Z", "expected an instant such as"],
    [logical("string", "uuid"), "6f96", "expected a UUID such as"],
  ])("%o: %o", (schema, value, message) => {
    expect(() => again(schema, value)).toThrow(message);
  });

  test("one wrong item among a hundred thousand is found in time", () => {
    const items = { type: "array", items: ["null", "int"] };
    const value = [...Array<number>(100_000).fill(1), "x"];
    const before = performance.now();
    expect(() => again(items, value)).toThrow(
      `/100000 is "x", expected null or a whole number of 32 bits`,
    );
    expect(performance.now() - before).toBeLessThan(3000);
  });

  test("a value that holds itself", () => {
    const value: Record<string, unknown> = { v: 1 };
    value["next"] = value;
    const node = record({ name: "v", type: "int" }, { name: "next", type: ["null", "R"] });
    expect(() => again(node, value)).toThrow("nested deeper than 1000");
  });
});

test("a long is read as the nearest float, rounded once", () => {
  const serde = avro<number>("float", { writtenWith: ["long"] });
  const read = (value: bigint): number =>
    serde.deserialize(avro("long").serialize(value, "topic"), "topic");
  // Half of the way between two floats and a little more: as a double it would be half of the way.
  expect(read(2n ** 62n + 2n ** 38n + 1n)).toBe(2 ** 62 + 2 ** 39);
  expect(read(-(2n ** 62n + 2n ** 38n))).toBe(-(2 ** 62));
  expect(read(16_777_217n)).toBe(16_777_216);
});

describe("single objects", () => {
  const old = record({ name: "a", type: "int" });
  const now = record({ name: "a", type: "long" }, { name: "b", type: "string", default: "x" });

  test("are read with the schema that their fingerprint names", () => {
    const serde = avro<unknown>(now, { encoding: "single-object", writtenWith: [old] });
    const first = avro<unknown>(old, { encoding: "single-object" }).serialize({ a: 1 }, "topic");
    const second = serde.serialize({ a: 2n, b: "y" }, "topic");
    expect([first, second, first].map((bytes) => serde.deserialize(bytes, "topic"))).toEqual([
      { a: 1n, b: "x" },
      { a: 2n, b: "y" },
      { a: 1n, b: "x" },
    ]);
  });

  test("of an unknown fingerprint, and what is none, are told apart", () => {
    const serde = avro<unknown>(now, { encoding: "single-object" });
    const foreign = avro<unknown>(old, { encoding: "single-object" }).serialize({ a: 1 }, "topic");
    expect(() => serde.deserialize(foreign, "topic")).toThrow(
      "a schema of the fingerprint 35b061f31ba01537",
    );
    expect(() => serde.deserialize(new Uint8Array(20), "topic")).toThrow("do not begin with c3 01");
    expect(() => serde.deserialize(foreign.subarray(0, 9), "topic")).toThrow(
      "end within the value",
    );
  });
});

test("null is a value of the serde where it is one of the schema", () => {
  expect([avro("null"), avro(["null", "int"]), avro("int")].map((one) => one.isNullable)).toEqual([
    true,
    true,
    false,
  ]);
});

test("several schemas of bytes that do not name theirs are refused", () => {
  expect(() => avro("int", { writtenWith: ["int", "long"] })).toThrow("several need single-object");
});

describe("fields named as what every object inherits", () => {
  const names = ["constructor", "toString", "valueOf", "hasOwnProperty", "__proto__"];

  test("are absent where the value does not have them itself", () => {
    const fields = names.map((name) => ({ name, type: "string", default: `no ${name}` }));
    const absent = Object.fromEntries(names.map((name) => [name, `no ${name}`]));
    expect(again({ type: "record", name: "R", fields }, {})).toEqual(absent);
    const required = record({ name: "constructor", type: "string" });
    expect(() => again(required, {})).toThrow("/constructor is missing");
  });

  test("are written and read where it does", () => {
    const fields = names.map((name) => ({ name, type: "string", default: "" }));
    const given = Object.fromEntries(names.map((name) => [name, `a ${name}`]));
    expect(again({ type: "record", name: "R", fields }, given)).toEqual(given);
  });
});

test("what does not fit an optional field is told with what would", () => {
  const optional = (type: unknown): object =>
    record({ name: "a", type: ["null", type], default: null });
  const millis = { type: "long", logicalType: "timestamp-millis" };
  expect(() => again(optional("long"), { a: 5 })).toThrow(
    "/a is 5, expected null or a bigint of 64 bits",
  );
  expect(() => again(optional(millis), { a: new Date(0) })).toThrow(
    "/a is a value of class Date, expected null or milliseconds since 1970, a whole number",
  );
});

test("longs that are held as numbers are written from bigints as well, also in unions", () => {
  const [held, exact] = [{ longs: "number" }, {}] as const;
  for (const schema of ["long", ["null", "long"]]) {
    const bytes = avro<unknown>(schema, held).serialize(2n ** 63n - 1n, "topic");
    expect(avro(schema, exact).deserialize(bytes, "topic")).toBe(2n ** 63n - 1n);
    expect(() => again(schema, 2n ** 63n, held)).toThrow("a whole number within 2^53");
    expect(again(schema, 5n, held)).toBe(5);
  }
  expect(() => again("int", 5n, held)).toThrow("a whole number of 32 bits");
});

describe("what has no fields of its own is no record and no map", () => {
  const counted = record({ name: "n", type: "int", default: 1 });

  test.each([
    [new Map([["n", 5]]), "a value of class Map"],
    [[5], "an array of 1"],
    [new Date(0), "a value of class Date"],
    [new Set(), "a value of class Set"],
    [Uint8Array.of(1), "1 bytes"],
  ])("though all of its fields have defaults: %o", (value, told) => {
    expect(() => again(counted, value)).toThrow(`the value is ${told}, expected an object`);
    const holder = { type: "record", name: "Holder", fields: [{ name: "r", type: counted }] };
    expect(() => again(holder, { r: value })).toThrow(`/r is ${told}`);
    const map = { type: "map", values: "int" };
    expect(() => again(map, value)).toThrow(`the value is ${told}, expected a map`);
  });

  test("objects of classes have them, and objects without a prototype", () => {
    class Count {
      readonly n = 5;
    }
    expect(again(counted, new Count())).toEqual({ n: 5 });
    expect(again(counted, Object.assign(Object.create(null), { n: 5 }))).toEqual({ n: 5 });
    expect(again(counted, {})).toEqual({ n: 1 });
  });
});

test("a hole in a list is told with its place", () => {
  const holed: unknown[] = [1];
  holed[2] = 3;
  expect(() => again({ type: "array", items: "int" }, holed)).toThrow("/1 is missing");
});
