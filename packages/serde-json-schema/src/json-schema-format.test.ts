import { expect, test } from "vitest";

import { jsonSchemaFormat } from "./json-schema-format.ts";

const parse = (json: unknown, references: Readonly<Record<string, unknown>> = {}) =>
  jsonSchemaFormat.parse(
    typeof json === "string" ? json : JSON.stringify(json),
    Object.entries(references).map(([name, schema]) => ({
      name,
      subject: name,
      version: 1,
      schema: JSON.stringify(schema),
      references: [],
    })),
  );

const problems = (update: unknown, original: unknown): readonly string[] =>
  parse(update)
    .differencesFrom(parse(original), "STRICT")
    .filter(({ isAllowed }) => !isAllowed)
    .map(({ kind, path }) => `${kind} ${path}`);

test("the text keeps members in their order, and all digits of numbers, without blanks", () => {
  const text =
    '{ "2": 1, "1": 1.50, "__proto__": {"x": 12345678901234567890}, "e": 1e5, "f": 1E-7 }';
  expect(parse(text).text).toBe(
    '{"2":1,"1":1.50,"__proto__":{"x":12345678901234567890},"e":1E+5,"f":1E-7}',
  );
});

test("control characters are escaped with capital digits, other letters stand as they are", () => {
  expect(parse('{"title":"\\u001f\\n\\u00e9/\\"\\u007f"}').text).toBe(
    '{"title":"\\u001F\\né/\\"\u007f"}',
  );
});

test("normalised texts have their members sorted at every level, and lists in their order", () => {
  const given = {
    type: "object",
    required: ["b", "a"],
    properties: { b: { type: "string" }, a: {} },
  };
  expect(parse(given).normalized()).toBe(
    '{"properties":{"a":{},"b":{"type":"string"}},"required":["b","a"],"type":"object"}',
  );
});

test("a form that is not known is the text", () => {
  expect(parse({ type: "string" }).formatted("resolved")).toBe('{"type":"string"}');
});

test.each([
  ["{", "line 1, column 2"],
  ['{"type":\n "string"', "line 2, column 10"],
  ['{"a":1} x', "nothing may follow"],
  ['{"maximum": 01}', "column 14"],
  ['"string"', "# of the JSON schema has to be an object or a boolean"],
  [{ type: "banana" }, '#/type of the JSON schema has to be a type of JSON, not "banana"'],
  [{ type: ["string", "banana"] }, "#/type/1"],
  [{ type: 1 }, "#/type of the JSON schema has to be a string, and is number"],
  [{ properties: { a: { minLength: "3" } } }, "#/properties/a/minLength"],
  [{ items: { maxItems: 1.5 } }, "#/items/maxItems of the JSON schema has to be an integer"],
  [{ required: "a" }, "#/required"],
  [{ required: ["a", 1] }, "#/required/1"],
  [{ allOf: [{}, { enum: "a" }] }, "#/allOf/1/enum"],
  [{ anyOf: {} }, "#/anyOf"],
  [{ multipleOf: 0 }, "#/multipleOf"],
  [{ properties: { a: 1 } }, "#/properties/a of the JSON schema has to be an object or a boolean"],
  [{ pattern: "(" }, "#/pattern of the JSON schema has to be a regular expression"],
  [{ patternProperties: { "[": {} } }, "#/patternProperties/["],
  [{ dependencies: { a: [1] } }, "#/dependencies/a"],
  [{ not: 3 }, "#/not"],
  [{ title: {} }, "#/title"],
])("%j is refused with the place", (schema, message) => {
  expect(() => parse(schema)).toThrow(
    expect.objectContaining({ code: "INVALID_SCHEMA", message: expect.stringContaining(message) }),
  );
});

test("missing references are all named, with where they are used", () => {
  const schema = { properties: { a: { $ref: "a.json" }, b: { $ref: "#/definitions/B" } } };
  const names =
    /a\.json \(#\/properties\/a\/\$ref\).*|#\/definitions\/B \(#\/properties\/b\/\$ref\)/;
  expect(() => parse(schema)).toThrow(names);
  expect(() => parse(schema)).toThrow(/#\/definitions\/B/);
});

test("a reference whose own text is no JSON is named", () => {
  const broken = { name: "a.json", subject: "a", version: 1, schema: "{", references: [] };
  expect(() => jsonSchemaFormat.parse("{}", [broken])).toThrow(/a\.json is no JSON/);
});

test.each([
  ["by the name of the reference", { $ref: "a.json" }, { "a.json": { type: "string" } }],
  [
    "into a reference",
    { $ref: "a.json#/definitions/A" },
    { "a.json": { definitions: { A: { type: "string" } } } },
  ],
  ["by the reference's id", { $ref: "urn:x:a" }, { "a.json": { $id: "urn:x:a", type: "string" } }],
  [
    "relative to the schema's id",
    { $id: "https://example.com/s/main.json", allOf: [{ $ref: "a.json" }] },
    { "https://example.com/s/a.json": { type: "string" } },
  ],
  ["by an anchor", { definitions: { A: { $id: "#a", type: "string" } }, $ref: "#a" }, {}],
  [
    "by an anchor of 2020-12",
    {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $defs: { A: { $anchor: "a", type: "string" } },
      $ref: "#a",
    },
    {},
  ],
  [
    "by a pointer with escapes",
    { definitions: { "a/b%": { type: "string" } }, $ref: "#/definitions/a~1b%25" },
    {},
  ],
  [
    "by the newer name of definitions",
    { definitions: { A: { type: "string" } }, $ref: "#/$defs/A" },
    {},
  ],
])("a reference is found %s", (_how, schema, references) => {
  const differences = parse({ type: "integer" }).differencesFrom(
    parse(schema, references),
    "STRICT",
  );
  expect(differences.map(({ kind }) => kind)).toEqual(["TYPE_CHANGED"]);
  const same = parse({ type: "string" }).differencesFrom(parse(schema, references), "STRICT");
  expect(same.filter(({ isAllowed }) => !isAllowed)).toEqual([]);
});

test("references of references are found, and the schema's own come first", () => {
  const nested = {
    name: "b.json",
    subject: "b",
    version: 1,
    schema: '{"type":"string"}',
    references: [],
  };
  const one = {
    name: "a.json",
    subject: "a",
    version: 1,
    schema: '{"$ref":"b.json"}',
    references: [nested],
  };
  const schema = jsonSchemaFormat.parse('{"$ref":"a.json"}', [one]);
  expect(parse({ type: "integer" }).differencesFrom(schema, "STRICT")).toHaveLength(1);
});

test("a schema that refers to the schema of schemas is read without asking the net", () => {
  expect(parse({ $ref: "http://json-schema.org/draft-07/schema#" }).text).toContain("draft-07");
});

test("what stands beside a reference counts since 2019-09, and not before", () => {
  const schema = { $ref: "#/definitions/A", minimum: 1, definitions: { A: { type: "number" } } };
  const later = { $schema: "https://json-schema.org/draft/2019-09/schema", ...schema };
  expect(problems(schema, { type: "number" })).toEqual([]);
  expect(problems(later, { type: "number" })).not.toEqual([]);
});

test("a change deep in schemas that refer to each other is found", () => {
  const tree = (leaf: object): object => ({
    $ref: "#/definitions/A",
    definitions: {
      A: { properties: { b: { $ref: "#/definitions/B" }, a: { $ref: "#/definitions/A" } } },
      B: { properties: { a: { $ref: "#/definitions/A" }, leaf } },
    },
  });
  expect(problems(tree({ type: "string" }), tree({ type: "integer" }))).toContain(
    "TYPE_CHANGED #/properties/b/properties/leaf",
  );
  expect(problems(tree({ type: "number" }), tree({ type: "integer" }))).toEqual([]);
});

test.each([
  [1, 1],
  [1, 2],
  [2, 3],
  [3, 7],
  [4, 1],
])("%i references that lead into a circle of %i end", (before, around) => {
  const count = before + around;
  const next = (at: number): number => (at + 1 === count ? before : at + 1);
  const definitions = Array.from({ length: count }, (_, at) => [
    `d${at}`,
    { $ref: `#/definitions/d${next(at)}` },
  ]);
  const schema = { $ref: "#/definitions/d0", definitions: Object.fromEntries(definitions) };
  expect(problems(schema, schema)).toEqual([]);
});

test("a reference to itself alone ends", () => {
  expect(problems({ $ref: "#" }, { $ref: "#" })).toEqual([]);
});

test("enums of a hundred thousand values are compared, whatever their order", () => {
  const values = Array.from({ length: 100_000 }, (_, index) => index);
  expect(problems({ enum: values }, { enum: values.toReversed() })).toEqual([]);
  expect(problems({ enum: values.slice(1) }, { enum: values })).toEqual([
    "ENUM_ARRAY_NARROWED #/enum",
  ]);
  const object = (text: string) => parse(`{"enum":[${text}]}`);
  const equal = object('{"a":1e1,"b":[0.50,-0]},1000').differencesFrom(
    object('1e3,{"b":[0.5,0.0],"a":10}'),
    "STRICT",
  );
  expect(equal).toEqual([]);
});

test("a list of types is compared in time, however long", () => {
  const schema = { type: Array.from({ length: 20_000 }, () => "string") };
  expect(problems(schema, schema)).toEqual([]);
  expect(problems({ type: ["string", "null"] }, { type: ["string", "string", "null"] })).toEqual(
    [],
  );
});

test("thousands of properties that meet thousands of patterns are refused", () => {
  const many = (entryOf: (index: number) => readonly [string, unknown]) =>
    Object.fromEntries(Array.from({ length: 2000 }, (_, index) => entryOf(index)));
  const original = { patternProperties: many((index) => [`^(a|b)*${index}$`, true]) };
  const update = { properties: many((index) => [`p${index}`, { type: "string" }]) };
  expect(() => problems(update, original)).toThrow(/cannot be compared within a bound/);
});

test("numbers are compared by what they are, not by how they are written", () => {
  expect(problems({ enum: [1] }, { enum: ["1"] })).toEqual(["ENUM_ARRAY_CHANGED #/enum"]);
  expect(parse('{"enum":[1.0]}').differencesFrom(parse('{"enum":[1]}'), "STRICT")).toEqual([]);
  expect(problems({ multipleOf: 0.3 }, { multipleOf: 0.1 })).toEqual([
    "MULTIPLE_OF_EXPANDED #/multipleOf",
  ]);
});

test("a difference says in words what breaks, and where", () => {
  const closed = { type: "object", properties: {}, additionalProperties: false };
  const [difference] = parse({ ...closed, properties: { a: {} }, required: ["a"] }).differencesFrom(
    parse(closed),
    "STRICT",
  );
  expect(difference.message).toBe(
    "at #/properties/a the property is new, required, and has no default: what was written so far lacks it",
  );
});

test("schemas of two formats are not compared", () => {
  const foreign = { ...parse({}), schemaType: "AVRO" as const };
  expect(() => parse({}).differencesFrom(foreign as never, "STRICT")).toThrow(/AVRO/);
});

test("a text nested deeper than 300 is refused, and one just below is compared", () => {
  const nested = (depth: number): string => `${'{"items":'.repeat(depth)}{}${"}".repeat(depth)}`;
  expect(() => parse(nested(10_000))).toThrow(/nested deeper than 300/);
  expect(parse(nested(290)).differencesFrom(parse(nested(290)), "STRICT")).toEqual([]);
});

test("a chain of ten thousand references is read, and refused where it is compared", () => {
  const definitions = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, i) => [
      `d${i}`,
      { items: { $ref: `#/definitions/d${i + 1}` } },
    ]),
  );
  const schema = { $ref: "#/definitions/d0", definitions: { ...definitions, d10000: {} } };
  expect(() => problems(schema, schema)).toThrow(/nested deeper than 300/);
});

test("differences that double with every level are refused, not counted out", () => {
  const definitions = (leaf: object): object =>
    Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `d${i}`,
        i === 59
          ? leaf
          : {
              properties: {
                a: { $ref: `#/definitions/d${i + 1}` },
                b: { $ref: `#/definitions/d${i + 1}` },
              },
            },
      ]),
    );
  const schema = (leaf: object): object => ({
    $ref: "#/definitions/d0",
    definitions: definitions(leaf),
  });
  expect(() => problems(schema({ type: "string" }), schema({ type: "integer" }))).toThrow(
    /more than 10000 differences/,
  );
});

test("thousands of alternatives are refused within a bound", () => {
  const many = (type: string): object => ({
    anyOf: Array.from({ length: 2000 }, (_, i) => ({ type, title: `${i}` })),
  });
  expect(() => problems(many("string"), many("integer"))).toThrow(/more than 200000 pairs/);
});

test("a property that no pattern can be matched with in time is not covered by it", () => {
  const pattern = { "(?=a)(a+)+$": { type: "string" } };
  const schema = { type: "object", patternProperties: pattern, additionalProperties: false };
  const update = { ...schema, properties: { [`${"a".repeat(40)}b`]: { type: "string" } } };
  expect(problems(update, schema)).toEqual([]);
});
