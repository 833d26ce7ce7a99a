import { expectTypeOf, test } from "vitest";

import type { FromJsonSchema } from "./from-json-schema.ts";

function typeOf<const Schema>(_schema: Schema): FromJsonSchema<Schema> {
  return undefined as FromJsonSchema<Schema>;
}

test("types, constants and lists of values", () => {
  expectTypeOf(typeOf({ type: "string" })).toEqualTypeOf<string>();
  expectTypeOf(typeOf({ type: "integer" })).toEqualTypeOf<number>();
  expectTypeOf(typeOf({ type: ["string", "null"] })).toEqualTypeOf<string | null>();
  expectTypeOf(typeOf({ const: "a" })).toEqualTypeOf<"a">();
  expectTypeOf(typeOf({ type: "string", enum: ["a", "b"] })).toEqualTypeOf<"a" | "b">();
  expectTypeOf(typeOf(true)).toEqualTypeOf<unknown>();
  expectTypeOf(typeOf({})).toEqualTypeOf<unknown>();
});

test("objects: required and optional properties, and maps", () => {
  const schema = {
    type: "object",
    properties: { a: { type: "string" }, b: { type: "boolean" } },
    required: ["a"],
  } as const;
  expectTypeOf(typeOf(schema)).toEqualTypeOf<{ a: string; b?: boolean }>();
  expectTypeOf(typeOf({ type: "object", additionalProperties: { type: "number" } })).toEqualTypeOf<{
    [name: string]: number;
  }>();
  expectTypeOf(typeOf({ type: "object" })).toEqualTypeOf<{ [name: string]: unknown }>();
});

test("lists, also by place", () => {
  expectTypeOf(typeOf({ type: "array", items: { type: "string" } })).toEqualTypeOf<string[]>();
  expectTypeOf(
    typeOf({ type: "array", prefixItems: [{ type: "string" }, { type: "number" }], items: false }),
  ).toEqualTypeOf<(string | number)[]>();
});

test("combinations", () => {
  expectTypeOf(typeOf({ anyOf: [{ type: "string" }, { type: "integer" }] })).toEqualTypeOf<
    string | number
  >();
  const parts = typeOf({
    allOf: [
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
      { type: "object", properties: { b: { type: "number" } }, required: ["b"] },
    ],
  });
  expectTypeOf<(typeof parts)["a"]>().toEqualTypeOf<string>();
  expectTypeOf<(typeof parts)["b"]>().toEqualTypeOf<number>();
});

test("references within the schema, also to itself", () => {
  const tree = typeOf({
    $ref: "#/$defs/Node",
    $defs: {
      Node: {
        type: "object",
        properties: {
          value: { type: "number" },
          kids: { type: "array", items: { $ref: "#/$defs/Node" } },
        },
        required: ["value", "kids"],
      },
    },
  });
  expectTypeOf<typeof tree.value>().toEqualTypeOf<number>();
  expectTypeOf<(typeof tree.kids)[number]["kids"][number]["value"]>().toEqualTypeOf<number>();
  expectTypeOf(typeOf({ $ref: "other.json" })).toEqualTypeOf<unknown>();
});
