import type { ParsedSchema, SchemaFormat } from "@millrace/schema-registry";
import { expect, test } from "vitest";

import type { StoredSchema } from "../records/stored-schema.ts";
import { RegistryState } from "../state/registry-state.ts";
import { SchemaParser } from "./schema-parser.ts";

const mebi = 2 ** 20;

/** Counts how often it parses. */
class CountingFormat implements SchemaFormat {
  readonly schemaType = "AVRO";
  count = 0;

  parse(text: string): ParsedSchema {
    this.count++;
    return {
      schemaType: "AVRO",
      text,
      normalized: () => text,
      formatted: () => text,
      differencesFrom: () => [],
    };
  }
}

function stored(subject: string, schema: string): StoredSchema {
  const numbers = { version: 1, id: 1, timestampMs: 0 };
  const content = { schemaType: "AVRO", schema, references: [], isDeleted: false, guid: subject };
  return { subject, ...numbers, ...content };
}

function world(...known: readonly StoredSchema[]) {
  const state = new RegistryState();
  for (const one of known) state.put(one);
  const format = new CountingFormat();
  const parser = new SchemaParser(state, [format]);
  const parse = (schema: string, subjects: readonly string[] = []) => {
    const references = subjects.map((subject) => ({ name: subject, subject, version: 1 }));
    parser.parse({ subject: "s", schemaType: "AVRO", schema, references }, { isNew: false });
    return format.count;
  };
  return parse;
}

test("a schema that was parsed lately is not parsed again", () => {
  const parse = world();
  expect([parse("a"), parse("b"), parse("a"), parse("b")]).toEqual([1, 2, 2, 2]);
});

test("how much is kept goes by its size: large schemas put out others", () => {
  const parse = world(stored("large", "r".repeat(5 * mebi)));
  expect(parse("small")).toBe(1);
  for (const letter of ["a", "b", "c"]) parse(letter.repeat(2 * mebi));
  expect(parse("small")).toBe(4);
  expect(parse("c".repeat(2 * mebi))).toBe(4);
  expect(parse("refers", ["large"])).toBe(5);
  expect(parse("refers", ["large"])).toBe(5);
  expect(parse("a".repeat(2 * mebi))).toBe(6);
});

test("what one schema refers to has a bound", () => {
  const parse = world(
    ...Array.from({ length: 9 }, (_, index) => stored(`${index}`, `${index}`.repeat(mebi))),
  );
  expect(parse("a", ["0", "1"])).toBe(1);
  expect(() => parse("b", [..."012345678"])).toThrow("may have 8388608 characters, all in all");
});
