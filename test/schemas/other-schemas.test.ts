import { jsonSchema } from "@millrace/serde-json-schema";
import { expect, test } from "vitest";
import { z } from "zod";

test("a Standard Schema is refused, with what to give; its JSON schema is taken", () => {
  const schema = z.object({ a: z.string() });
  const thrown = (given: object) => expect(() => jsonSchema<unknown>(given as {}));
  // @ts-expect-error nor does it compile, with a type or without
  expect(() => jsonSchema(schema)).toThrow("z.toJSONSchema(schema)");
  // @ts-expect-error
  expect(() => jsonSchema<{ a: string }>(schema)).toThrow("z.toJSONSchema(schema)");
  thrown(schema).toThrow("z.toJSONSchema(schema), or use json(schema)");
  const arktypes = Object.assign(() => true, { "~standard": { version: 1 } });
  thrown(arktypes).toThrow("json(schema)");
  thrown({ type: "string", "~standard": { validate: () => true } }).toThrow("json(schema)");
  const serde = jsonSchema<unknown>(z.toJSONSchema(schema));
  expect(() => serde.serialize({ b: 1 }, "t")).toThrow("a");
});

test("what has no form in JSON is refused, with its place", () => {
  const thrown = (given: object) => expect(() => jsonSchema<unknown>(given));
  thrown({ properties: { a: () => true } }).toThrow("the schema.properties.a is a function");
  thrown(new Map([["type", "object"]])).toThrow("give a JSON schema");
  thrown(
    new (class Schema {
      readonly type = "object";
    })(),
  ).toThrow("give a JSON schema");
  expect(() => jsonSchema<unknown>(undefined as never)).toThrow("undefined");
  expect(() => jsonSchema<unknown>("order.json")).toThrow('readFileSync("order.json", "utf8")');
});
