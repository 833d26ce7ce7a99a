import { SchemaError } from "@millrace/schema-registry";
import { describe, expect, test } from "vitest";

import { avroFormat } from "./avro-format.ts";

const address = {
  name: "people.Address",
  subject: "address",
  version: 1,
  schema: `{"type":"record","name":"Address","namespace":"people","fields":[{"name":"city","type":"string"}]}`,
  references: [],
};

function textOf(schema: unknown): string {
  const text = typeof schema === "string" ? schema : JSON.stringify(schema);
  return avroFormat.parse(text, []).text;
}

function failureOf(schema: unknown): string {
  try {
    textOf(schema);
  } catch (error) {
    if (error instanceof SchemaError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "parsed";
}

describe("the text of a schema", () => {
  test("has its members in Avro's order, unknown ones behind in theirs", () => {
    const given = `{ "zz": 1, "fields": [{"type": "int", "x": [1], "default": 1, "name": "a", "doc": "d"}],
      "aliases": ["Q", "n.T"], "doc": "text", "name": "R", "aa": {"y": 1, "x": 2}, "namespace": "n", "type": "record" }`;
    expect(textOf(given)).toBe(
      `{"type":"record","name":"R","namespace":"n","doc":"text","fields":[{"name":"a","type":"int","doc":"d","default":1,"x":[1]}],"zz":1,"aa":{"y":1,"x":2},"aliases":["Q","T"]}`,
    );
  });

  test("has a type that says nothing more as one word", () => {
    expect(textOf({ type: "string" })).toBe(`"string"`);
    expect(textOf({ type: "string", "avro.java.string": "String" })).toBe(
      `{"type":"string","avro.java.string":"String"}`,
    );
  });

  test("names a type in short within its namespace, in full elsewhere", () => {
    const inner = { type: "enum", name: "a.E", symbols: ["P"], default: "P" };
    const fields = [
      { name: "e", type: inner },
      { name: "f", type: "a.E" },
      { name: "g", type: ["null", { type: "fixed", name: "b.int", size: 2 }], default: null },
      { name: "h", type: { type: "array", items: "b.int" } },
    ];
    expect(textOf({ type: "record", name: "a.R", fields })).toBe(
      `{"type":"record","name":"R","namespace":"a","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["P"],"default":"P"}},{"name":"f","type":"E"},{"name":"g","type":["null",{"type":"fixed","name":"int","namespace":"b","size":2}],"default":null},{"name":"h","type":{"type":"array","items":"b.int"}}]}`,
    );
  });

  test("keeps the digits of numbers that JavaScript would change, and the fraction of a double", () => {
    const field = (type: string, given: string): string =>
      textOf(
        `{"type":"record","name":"R","fields":[{"name":"a","type":"${type}","default":${given}}]}`,
      );
    expect(field("long", "9007199254740993")).toContain(`"default":9007199254740993`);
    expect(field("double", "1.0")).toContain(`"default":1.0}`);
    expect(field("double", "1e10")).toContain(`"default":1.0E10`);
    expect(field("double", "0.0001")).toContain(`"default":1.0E-4`);
    expect(field("double", '"NaN"')).toContain(`"default":"NaN"`);
  });

  test("may name a type before it is defined", () => {
    const fields = [
      { name: "first", type: "Later" },
      { name: "second", type: { type: "fixed", name: "Later", size: 1 } },
    ];
    expect(textOf({ type: "record", name: "R", fields })).toContain(
      `{"name":"first","type":{"type":"fixed","name":"Later","size":1}},{"name":"second","type":"Later"}`,
    );
  });

  test("normalised, has the attributes by name and no empty doc", () => {
    const given = `{"name":"R","type":"error","doc":"","zz":1,"aa":{"y":1,"x":2},"aliases":["T","Q"],"fields":[
      {"type":{"type":"bytes","scale":2,"x":1,"precision":9,"logicalType":"decimal"},"name":"a"},
      {"name":"b","type":"double","default":1}]}`;
    expect(avroFormat.parse(given, []).normalized()).toBe(
      `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2,"x":1}},{"name":"b","type":"double","default":1.0}],"aa":{"x":2,"y":1},"zz":1,"aliases":["Q","T"]}`,
    );
  });

  test("names what a reference defines; resolved, has it in it", () => {
    const given = `{"type":"record","name":"Person","namespace":"people","fields":[{"name":"home","type":"people.Address"}]}`;
    const parsed = avroFormat.parse(given, [address]);
    const named = `{"type":"record","name":"Person","namespace":"people","fields":[{"name":"home","type":"Address"}]}`;
    expect(parsed.text).toBe(named);
    expect(parsed.normalized()).toBe(named);
    expect(parsed.formatted("made-up")).toBe(named);
    expect(parsed.formatted("resolved")).toBe(
      `{"type":"record","name":"Person","namespace":"people","fields":[{"name":"home","type":{"type":"record","name":"Address","fields":[{"name":"city","type":"string"}]}}]}`,
    );
  });

  test("may refer to what a reference of a reference defines, and to nothing", () => {
    const street = {
      ...address,
      name: "Street",
      schema: `"people.Address"`,
      references: [address],
    };
    expect(avroFormat.parse(`["null","people.Address"]`, [street]).text).toBe(
      `["null","people.Address"]`,
    );
    expect(avroFormat.parse(`"int"`, [street]).text).toBe(`"int"`);
  });
});

describe("what is no schema is refused with its place", () => {
  const fixed = { type: "fixed", name: "F", size: 1 };
  const record = (field: object): object => ({ type: "record", name: "R", fields: [field] });

  test.each([
    ["", "is no JSON"],
    ["{", "is no JSON"],
    ["string", "is no JSON"],
    ["3", "is 3, which is no schema"],
    [{ type: "nothing" }, `it names "nothing"`],
    [{ type: "record", name: "R" }, "without a list of fields"],
    [record({ name: "a", type: "people.Address" }), `/fields/0/type names "people.Address"`],
    [record({ name: "a", type: "int", default: "text" }), `/fields/0 has a default`],
    [record({ name: "a", type: "int", default: 2 ** 32 }), `4294967296 is no int`],
    [record({ name: "a b", type: "int" }), `the name "a b"`],
    [record({ name: "a", type: "R", default: {} }), "it has no end"],
    [{ type: "fixed", name: "F", size: -1 }, "has the size -1"],
    [{ type: "enum", name: "E", symbols: ["A", "A"] }, "a symbol twice"],
    [{ type: "enum", name: "E", symbols: ["A"], default: "B" }, "none of its symbols"],
    [["int", "int"], `two branches "int"`],
    [["int", ["string"]], "a union, which"],
    [
      {
        type: "map",
        values: {
          type: "array",
          items: [
            fixed,
            { ...fixed, name: "n.F" },
            record({ name: "a", type: { ...fixed, size: 2 } }),
          ],
        },
      },
      '/values/items/2/fields/0/type defines "F" a second time',
    ],
  ])("%j", (schema, message) => {
    const failure = failureOf(schema);
    expect(failure).toContain("INVALID_SCHEMA");
    expect(failure).toContain(message);
  });

  test("a text nested a hundred thousand times", () => {
    expect(
      failureOf(`${`{"type":"array","items":`.repeat(100_000)}"int"${"}".repeat(100_000)}`),
    ).toMatch(/INVALID_SCHEMA/);
  });

  test("a reference that is none is named", () => {
    const parse = (): unknown => avroFormat.parse(`"int"`, [{ ...address, schema: "{" }]);
    expect(parse).toThrow(`in the reference "people.Address" (subject address, version 1)`);
  });
});

describe("a schema that a registry has already is read, though a new one would be refused", () => {
  const stored = (schema: unknown): string =>
    avroFormat.parse(JSON.stringify(schema), [], { isNew: false }).text;

  test.each([
    { type: "record", name: "R", namespace: "my-company.x", fields: [] },
    { type: "record", name: "R", fields: [{ name: "a", type: ["null", "int"], default: "x" }] },
    { type: "array", items: { type: "enum", name: "E", namespace: "a..b", symbols: ["A"] } },
  ])("%j", (schema) => {
    expect(failureOf(schema)).toContain("INVALID_SCHEMA");
    expect(JSON.parse(stored(schema))).toEqual(schema);
  });

  test("not without names that are some", () => {
    const spaced = { type: "record", name: "R", fields: [{ name: "a b", type: "int" }] };
    expect(() => stored(spaced)).toThrow(`the name "a b"`);
    expect(() => stored({ ...spaced, name: "my-record" })).toThrow(`the name "my-record"`);
  });
});
