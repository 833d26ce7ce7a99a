import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { FrameError, MemorySchemaRegistry } from "@millrace/schema-registry";
import { expect, expectTypeOf, test } from "vitest";

import { jsonSchemaFormat } from "../json-schema-format.ts";
import { jsonSchema } from "./json-schema.ts";

const orderSchema = {
  title: "Order",
  type: "object",
  properties: {
    customer: { type: "string" },
    total: { type: "number", minimum: 0 },
    paid: { type: ["boolean", "null"] },
  },
  required: ["customer", "total"],
  additionalProperties: false,
} as const;

const order = { customer: "Ewa", total: 2.5 };
const bytesOf = (value: unknown): Uint8Array => encodeUtf8(JSON.stringify(value));

test("writes JSON and reads it, with the type of the schema's literal", () => {
  const serde = jsonSchema(orderSchema);
  const bytes = serde.serialize(order, "orders");
  expect(decodeUtf8(bytes)).toBe('{"customer":"Ewa","total":2.5}');
  const read = serde.deserialize(bytes, "orders");
  expect(read).toEqual(order);
  expectTypeOf(read).toEqualTypeOf<{ customer: string; total: number; paid?: boolean | null }>();
});

test("the type can be given, and the schema be a text", () => {
  const serde = jsonSchema<{ readonly n: number }>('{"type":"object"}');
  expectTypeOf(serde.deserialize(bytesOf({ n: 1 }), "t")).toEqualTypeOf<{ readonly n: number }>();
});

test.each([
  [{ customer: "Ewa" }, "the value must have required property 'total'"],
  [{ customer: "Ewa", total: -1 }, "the value at /total must be >= 0"],
  [{ customer: 1, total: 1 }, "the value at /customer must be string"],
  [{ customer: "Ewa", total: 1, more: 1 }, 'must NOT have additional properties: "more"'],
  ["Ewa", "the value must be object"],
])("%j is refused with the place, read and written", (value, message) => {
  const serde = jsonSchema<unknown>(orderSchema);
  const refusal = expect.objectContaining({
    code: "INVALID_VALUE",
    message: expect.stringContaining(message),
  });
  expect(() => serde.serialize(value, "orders")).toThrow(refusal);
  expect(() => serde.deserialize(bytesOf(value), "orders")).toThrow(refusal);
});

test("reading and writing are checked or not by choice", () => {
  const read = jsonSchema<unknown>(orderSchema, { validates: "reads" });
  const written = jsonSchema<unknown>(orderSchema, { validates: "writes" });
  const nothing = jsonSchema<unknown>(orderSchema, { validates: "nothing" });
  const bytes = read.serialize({ wrong: 1 }, "orders");
  expect(nothing.deserialize(nothing.serialize({ wrong: 1 }, "orders"), "orders")).toEqual({
    wrong: 1,
  });
  expect(() => read.deserialize(bytes, "orders")).toThrow(/required property/);
  expect(written.deserialize(bytes, "orders")).toEqual({ wrong: 1 });
  expect(() => written.serialize({ wrong: 1 }, "orders")).toThrow(/required property/);
});

test.each([[null], [undefined], [() => 1]])("%s has no form in JSON, and is refused", (value) => {
  expect(() => jsonSchema<unknown>(true).serialize(value as unknown as {}, "t")).toThrow(
    "null is a record without a value",
  );
});

test.each(["null", "{", "", '{"a":1} {'])("the bytes %s are refused", (text) => {
  expect(() => jsonSchema<unknown>(true).deserialize(encodeUtf8(text), "t")).toThrow();
});

test("a schema may be one of any draft, each by its own rules", () => {
  const valid = (schema: object, value: {}): boolean => {
    try {
      jsonSchema<unknown>(schema).serialize(value, "t");
      return true;
    } catch {
      return false;
    }
  };
  const limit = { minimum: 1, exclusiveMinimum: true };
  expect(valid({ $schema: "http://json-schema.org/draft-04/schema#", ...limit }, 1)).toBe(false);
  const list = { type: "array", prefixItems: [{ type: "string" }], items: false };
  expect(valid({ $schema: "https://json-schema.org/draft/2020-12/schema", ...list }, [1])).toBe(
    false,
  );
  expect(
    valid({ $schema: "http://json-schema.org/draft-07/schema#", prefixItems: [false] }, [1]),
  ).toBe(true);
  const beside = { $ref: "#/definitions/A", minimum: 5, definitions: { A: { type: "number" } } };
  expect(valid(beside, 1)).toBe(true);
  expect(valid({ $schema: "https://json-schema.org/draft/2019-09/schema", ...beside }, 1)).toBe(
    false,
  );
});

test("what is not asked for by a draft or known to nobody is passed over", () => {
  const serde = jsonSchema<unknown>({
    format: "nobody-knows",
    nullable: true,
    xNote: 1,
    type: "string",
  });
  expect(serde.deserialize(bytesOf("a"), "t")).toBe("a");
});

test("names that every object inherits are members like others", () => {
  const serde = jsonSchema<unknown>({ required: ["constructor"] });
  expect(() => serde.serialize({}, "t")).toThrow(/required property 'constructor'/);
  expect(serde.deserialize(bytesOf({ constructor: 1 }), "t")).toEqual({ constructor: 1 });
});

test("references are looked up among those that are given", () => {
  const references = [{ name: "customer.json", schema: { type: "string", minLength: 1 } }];
  const serde = jsonSchema<unknown>(
    { properties: { c: { $ref: "customer.json" } } },
    { references },
  );
  expect(() => serde.serialize({ c: "" }, "t")).toThrow(/at \/c must NOT have fewer than 1/);
  expect(() => jsonSchema({ $ref: "customer.json" })).toThrow(/customer\.json/);
});

test("options that do not exist, or need a registry, are refused", () => {
  expect(() => jsonSchema(true, { validate: "reads" } as never)).toThrow(/validates/);
  expect(() => jsonSchema(true, { useLatestVersion: true } as never)).toThrow(/give registry/);
  expect(() => jsonSchema(true, { references: [{}] } as never)).toThrow(/references/);
});

test("with a registry the schema is registered before what it refers to, and named by id", () => {
  const registry = new MemorySchemaRegistry({ formats: [jsonSchemaFormat] });
  const references = [{ name: "customer.json", subject: "customers", schema: { type: "string" } }];
  const schema = { title: "Cart", properties: { c: { $ref: "customer.json" } } };
  const serde = jsonSchema<unknown>(schema, { registry, references });
  const bytes = serde.serialize({ c: "Ewa" }, "carts");
  expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, 2]);
  expect(serde.deserialize(bytes, "carts")).toEqual({ c: "Ewa" });
  expect(() => serde.serialize({ c: 1 }, "carts")).toThrow(/at \/c must be string/);
  expect(registry.latestVersion("customers").schema).toBe('{"type":"string"}');
  expect(registry.latestVersion("carts-value").references).toEqual([
    { name: "customer.json", subject: "customers", version: 1 },
  ]);
});

test("subjects may be named by the schema's title", () => {
  const registry = new MemorySchemaRegistry({ formats: [jsonSchemaFormat] });
  jsonSchema(orderSchema, { registry, subjectName: "record" }).serialize(order, "orders");
  expect(registry.latestVersion("Order").version).toBe(1);
});

test("what is written with the latest version is checked by that", () => {
  const registry = new MemorySchemaRegistry({ formats: [jsonSchemaFormat] });
  registry.register("orders-value", {
    schemaType: "JSON",
    schema: '{"required":["id"]}',
  });
  const serde = jsonSchema<unknown>({}, { registry, useLatestVersion: true });
  expect(() => serde.serialize({}, "orders")).toThrow(/required property 'id'/);
  const own = jsonSchema<unknown>({ required: ["name"] }, { registry });
  expect(() => own.deserialize(serde.serialize({ id: 1 }, "orders"), "orders")).toThrow(/'name'/);
});

test("without a schema of the program values are checked by those of the registry", () => {
  const registry = new MemorySchemaRegistry({ formats: [jsonSchemaFormat] });
  const lax = jsonSchema<unknown>(orderSchema, { registry, validates: "reads" });
  const serde = jsonSchema<{ customer: string }>({ registry, useLatestVersion: true });
  expect(serde.deserialize(lax.serialize(order, "orders"), "orders")).toEqual(order);
  const wrong = lax.serialize({ customer: 1 }, "orders");
  expect(() => serde.deserialize(wrong, "orders")).toThrow(/required property 'total'/);
  expect(() => serde.serialize({ customer: "Ewa" }, "orders")).toThrow(/required property 'total'/);
});

test("bytes without a frame, and ids that nobody knows, are told", () => {
  const registry = new MemorySchemaRegistry({ formats: [jsonSchemaFormat] });
  const serde = jsonSchema<unknown>(orderSchema, { registry });
  expect(() => serde.deserialize(bytesOf(order), "orders")).toThrow(FrameError);
  expect(() => serde.deserialize(new Uint8Array([0, 0, 0]), "orders")).toThrow(FrameError);
  const unknown = new Uint8Array([0, 0, 0, 0, 9, 123, 125]);
  expect(() => serde.deserialize(unknown, "orders")).toThrow(
    expect.objectContaining({ code: "UNKNOWN_SCHEMA_ID" }),
  );
});

test("a schema of another format is told", () => {
  const registry = new MemorySchemaRegistry();
  const { id } = registry.register("a", { schemaType: "AVRO", schema: '"string"' });
  const bytes = new Uint8Array([0, 0, 0, 0, id, 123, 125]);
  expect(() => jsonSchema({ registry }).deserialize(bytes, "t")).toThrow(
    expect.objectContaining({ code: "SCHEMA_TYPE_DIFFERS" }),
  );
});

test("multiples are those of decimal numbers, not of their nearest binary ones", () => {
  const cents = jsonSchema<number>({ type: "number", multipleOf: 0.01 });
  const takes = (value: number): boolean => {
    try {
      return cents.serialize(value, "t").length > 0;
    } catch {
      return false;
    }
  };
  expect([0.07, 19.99, 4.35, 1e22, 1e-2, -0.29, 0].map(takes)).not.toContain(false);
  expect([0.014, 19.999, 1e-3, 0.07000000000000002].map(takes)).not.toContain(true);
  expect(() => cents.deserialize(bytesOf(0.075), "t")).toThrow("must be multiple of 0.01");
});

test.each([
  [{ a: Number.NaN }, "value.a is NaN"],
  [{ a: [1, Number.NEGATIVE_INFINITY] }, "value.a[1] is -Infinity"],
  [{ a: new Map([[1, 2]]) }, "value.a is a Map"],
  [{ a: [undefined] }, "value.a[0] is undefined"],
])(
  "what JSON would lose is refused, also where the schema takes anything: %#",
  (value, message) => {
    const open = jsonSchema<unknown>({ type: "object" });
    expect(() => open.serialize(value, "t")).toThrow(message);
    const unchecked = jsonSchema<unknown>({ type: "object" }, { validates: "reads" });
    expect(() => unchecked.serialize(value, "t")).toThrow(message);
  },
);
