import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { expect, test } from "vitest";

import { jsonSchema } from "./json-schema.ts";

const bytesOf = (value: unknown): Uint8Array => encodeUtf8(JSON.stringify(value));
const refusal = (code: string) => expect.objectContaining({ code });

/** Fails for what hangs, not for a machine that is busy. */
function withinSeconds(action: () => void): void {
  const start = performance.now();
  action();
  expect(performance.now() - start).toBeLessThan(10_000);
}

test("a pattern that explodes is matched in time", () => {
  const serde = jsonSchema<unknown>({ type: "string", pattern: "^(a+)+$" });
  withinSeconds(() => {
    expect(() => serde.deserialize(bytesOf(`${"a".repeat(100_000)}!`), "t")).toThrow(
      refusal("INVALID_VALUE"),
    );
  });
});

test("names of properties meet patterns that explode in time", () => {
  const serde = jsonSchema<unknown>({ patternProperties: { "(x+x+)+y": { type: "string" } } });
  withinSeconds(() => serde.deserialize(bytesOf({ ["x".repeat(50_000)]: 1 }), "t"));
});

test("two patterns of one schema are told apart", () => {
  const serde = jsonSchema<unknown>({ properties: { a: { pattern: "^a" }, b: { pattern: "^b" } } });
  expect(serde.deserialize(bytesOf({ a: "a", b: "b" }), "t")).toEqual({ a: "a", b: "b" });
});

test("a pattern without a bound is refused with the schema", () => {
  expect(() => jsonSchema({ pattern: "^(?=a)(a+)+$" })).toThrow(refusal("PATTERN_WITHOUT_BOUND"));
});

test.each(["url", "uri", "email", "uri-template", "date-time"])(
  "a long text is not checked for the format %s, and told",
  (format) => {
    const serde = jsonSchema<unknown>({ type: "string", format });
    const text = `http://${"a:".repeat(20_000)}@`;
    expect(() => serde.deserialize(bytesOf(text), "t")).toThrow(refusal("TEXT_TOO_LONG"));
  },
);

test("long texts in base64 are checked", () => {
  const serde = jsonSchema<unknown>({ type: "string", format: "byte" });
  expect(serde.deserialize(bytesOf("QUJD".repeat(50_000)), "t")).toHaveLength(200_000);
});

test("references that double with every level are followed up to a bound", () => {
  const definitions = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => {
      const next = { $ref: `#/definitions/d${i + 1}` };
      return [`d${i}`, { anyOf: [next, next] }];
    }),
  );
  const schema = {
    $ref: "#/definitions/d0",
    definitions: { ...definitions, d40: { type: "string" } },
  };
  const serde = jsonSchema<unknown>(schema);
  withinSeconds(() => {
    expect(() => serde.deserialize(bytesOf(1), "t")).toThrow(refusal("VALIDATION_TOO_COSTLY"));
  });
});

test("a long list of small values, each checked by reference, is no such case", () => {
  const schema = { items: { $ref: "#/definitions/N" }, definitions: { N: { type: "integer" } } };
  const list = Array.from({ length: 100_000 }, () => 1);
  expect(jsonSchema<unknown>(schema).deserialize(bytesOf(list), "t")).toHaveLength(100_000);
});

test("items of a long list are told apart in time, whatever the order of their members", () => {
  const serde = jsonSchema<unknown>({ type: "array", uniqueItems: true });
  const list = Array.from({ length: 100_000 }, (_, i) => ({ i, text: "x" }));
  withinSeconds(() => {
    expect(serde.deserialize(bytesOf(list), "t")).toHaveLength(100_000);
    expect(() => serde.deserialize(bytesOf([...list, { text: "x", i: 7 }]), "t")).toThrow(
      /duplicate items/,
    );
  });
});

test.each([
  [[1, "1", true, "true", null, "null", {}, [], "{}", "[]"], true],
  [[1, 1], false],
  [
    [
      [1, 2],
      [2, 1],
    ],
    true,
  ],
  [[{ a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] }], false],
])("%j are unique: %s", (list, isUnique) => {
  const serde = jsonSchema<unknown>({ uniqueItems: true });
  if (isUnique) expect(serde.deserialize(bytesOf(list), "t")).toEqual(list);
  else expect(() => serde.deserialize(bytesOf(list), "t")).toThrow(/duplicate items/);
});

test("a value nested ten thousand deep is told, read and written", () => {
  const serde = jsonSchema<unknown>({ properties: { a: { $ref: "#" } } });
  const text = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  expect(() => serde.deserialize(encodeUtf8(text), "t")).toThrow(refusal("NESTED_TOO_DEEP"));
  const value = JSON.parse(text) as {};
  expect(() => serde.serialize(value, "t")).toThrow(refusal("NESTED_TOO_DEEP"));
});

test("schemas that refer to each other without end are told", () => {
  const schema = {
    $ref: "#/definitions/a",
    definitions: { a: { $ref: "#/definitions/b" }, b: { $ref: "#/definitions/a" } },
  };
  expect(() => jsonSchema(schema)).toThrow(refusal("SCHEMA_TOO_LARGE"));
});

test("a schema that is too large, or that ajv cannot compile, is told", () => {
  const many = (count: number): object => ({
    properties: Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`p${i}`, { type: "string" }]),
    ),
  });
  expect(() => jsonSchema(many(20_000))).toThrow(refusal("SCHEMA_TOO_LARGE"));
  const serde = jsonSchema<unknown>({ ...many(5_000), additionalProperties: false });
  expect(serde.deserialize(bytesOf({ p4999: "a" }), "t")).toEqual({ p4999: "a" });
  expect(() => serde.deserialize(bytesOf({ p4999: 1 }), "t")).toThrow(/at \/p4999 must be string/);
  expect(() => serde.deserialize(bytesOf({ p5000: 1 }), "t")).toThrow(/additional properties/);
});

test("a value called __proto__ changes no other", () => {
  const serde = jsonSchema<{ a?: number }>({
    properties: JSON.parse('{"__proto__":{"type":"string"}}') as object,
  });
  const read = serde.deserialize(encodeUtf8('{"__proto__":{"a":1}}'), "t");
  expect(Object.hasOwn(read, "__proto__")).toBe(true);
  expect(read.a).toBeUndefined();
  expect(({} as { a?: number }).a).toBeUndefined();
});

test("random bytes are read or refused, and never more", () => {
  const serde = jsonSchema<unknown>({ type: "object" });
  const bytes = encodeUtf8('{"a":[1,"é"]}');
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 16, 128]) {
      const broken = bytes.slice(0, at + 1);
      broken[at] ^= bit;
      expect(() => serde.deserialize(broken, "t")).toThrow();
    }
  }
  expect(decodeUtf8(bytes)).toContain("é");
});
