import { describe, expect, test } from "vitest";

import { protobuf } from "../protobuf.ts";

function serdeOf(text: string, options: { readonly values?: "json" } = {}) {
  const serde = protobuf<unknown>(text, { message: "M", ...options });
  return {
    write: (value: {}): Uint8Array => serde.serialize(value, "t"),
    read: (bytes: Uint8Array): unknown => serde.deserialize(bytes, "t"),
  };
}

describe("fields named as what every object inherits", () => {
  const text = `syntax = "proto3"; message M {
    string to_string = 1; optional string constructor = 2; N value_of = 3;
    oneof has_own_property { N is_prototype_of = 4; int32 to_locale_string = 5; }
    message N { string keys = 1; }
  }`;
  const { read, write } = serdeOf(text);

  test("are absent where the value does not have them itself", () => {
    expect(write({})).toHaveLength(0);
    expect(read(new Uint8Array())).toStrictEqual({ toString: "" });
  });

  test("are written and read where it does, and nothing else is changed by that", () => {
    const [{ keys }, { valueOf, isPrototypeOf }] = [Object, Object.prototype];
    const value = {
      toString: "a",
      constructor: "b",
      valueOf: { keys: "c" },
      isPrototypeOf: { keys: "d" },
    };
    expect(read(write(value))).toStrictEqual({ ...value, hasOwnProperty: "isPrototypeOf" });
    expect(Object.keys).toBe(keys);
    expect([valueOf, isPrototypeOf].map((method) => Object.keys(method))).toEqual([[], []]);
  });

  test("are absent from JSON, too", () => {
    const json = serdeOf(text, { values: "json" });
    const value = { valueOf: { keys: "c" } };
    expect(json.read(json.write({}))).toStrictEqual({});
    expect(json.read(json.write(value))).toStrictEqual(value);
  });

  test("required ones are missed", () => {
    const required = serdeOf(`syntax = "proto2"; message M { required string constructor = 1; }`);
    expect(() => required.write({})).toThrow("M.constructor is required, and not set");
    expect(() => required.read(new Uint8Array())).toThrow("M.constructor is required");
  });
});

test("a field under its name in the schema is told, not left out", () => {
  const { write } = serdeOf(
    `syntax = "proto3"; message M { int32 placed_at = 1; repeated M sub_orders = 2; oneof pay { string by_card = 3; } }`,
  );
  expect(() => write({ placed_at: 1 })).toThrow('M.placedAt is given as "placed_at"');
  expect(() => write({ sub_orders: [] })).toThrow('M.subOrders is given as "sub_orders"');
  expect(() => write({ subOrders: [{ by_card: "x" }] })).toThrow('M.byCard is given as "by_card"');
  expect(() => write({ placedAt: 1, placed_at: 1 })).toThrow('M.placedAt is given as "placed_at"');
});

test.each([
  [new Map([["a", 1]]), "a value of class Map"],
  [[1], "a list"],
  [new Date(0), "a value of class Date"],
  [new Set([1]), "a value of class Set"],
])("a map is an object: %o is refused, which would be written as nothing", (value, told) => {
  const { write } = serdeOf(`syntax = "proto3"; message M { map<string, int32> counts = 1; }`);
  expect(() => write({ counts: value })).toThrow(
    `M.counts takes an object of string to int32, not ${told}`,
  );
});
