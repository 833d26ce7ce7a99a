import { expect, test } from "vitest";

import type { ParsedSchema, SchemaFormat } from "../format/schema-format.ts";
import { SchemaError } from "../format/schema-error.ts";
import { MemorySchemaRegistry } from "./memory-schema-registry.ts";

/** A schema is letters, in any order; it reads what has no letter of its own missing. */
const letters: SchemaFormat = {
  schemaType: "AVRO",
  parse(text): ParsedSchema {
    if (!/^[a-z ]+$/.test(text)) throw new SchemaError("INVALID_SCHEMA", `${text}: letters only`);
    const plain = text.replaceAll(" ", "");
    return {
      schemaType: "AVRO",
      text: plain,
      normalized: () => [...plain].sort().join(""),
      formatted: () => plain,
      differencesFrom: (writer) =>
        [...plain]
          .filter((letter) => !writer.text.includes(letter))
          .map((letter) => ({
            kind: "MISSING",
            path: letter,
            message: `no ${letter}`,
            isAllowed: false,
          })),
    };
  },
};

const refused = (code: string, errorCode: number) => expect.objectContaining({ code, errorCode });

test("gives ids and versions as a real one: one id for a schema, in whatever subject", () => {
  const registry = new MemorySchemaRegistry({ formats: [letters] });
  expect(registry.register("s", { schema: "ab" })).toMatchObject({ id: 1, version: 1 });
  expect(registry.register("s", { schema: "a b" })).toMatchObject({ id: 1, version: 1 });
  expect(registry.register("s", { schema: "ba" })).toMatchObject({ id: 2, version: 2 });
  expect(registry.register("t", { schema: "ba" })).toMatchObject({ id: 2, version: 1 });
  expect(registry.schemaById(2)).toMatchObject({ schema: "ba", schemaType: "AVRO" });
  expect(registry.lookUp("s", { schema: "b a" })).toMatchObject({ id: 2, version: 2 });
  expect(registry.latestVersion("s").version).toBe(2);
  expect(registry.versions("s")).toEqual([1, 2]);
  expect(registry.schemaByGuid(registry.latestVersion("t").guid ?? "").schema).toBe("ba");
});

test("what it has already is looked up and compared as such", () => {
  const asked: [string, boolean][] = [];
  const format: SchemaFormat = {
    ...letters,
    parse(text, references, { isNew = true } = {}) {
      asked.push([text, isNew]);
      return letters.parse(text, references);
    },
  };
  const registry = new MemorySchemaRegistry({ formats: [format] });
  registry.register("s", { schema: "ba" });
  registry.register("s", { schema: "ab" });
  registry.lookUp("s", { schema: "ab" });
  expect(asked).toEqual([
    ["ba", true],
    ["ab", true],
    ["ba", false],
    ["ab", false],
  ]);
});

test("normalises when asked to", () => {
  const registry = new MemorySchemaRegistry({ formats: [letters] });
  registry.register("s", { schema: "ba" }, { normalize: true });
  expect(registry.latestVersion("s").schema).toBe("ab");
});

test("refuses with the codes of a real one", () => {
  const registry = new MemorySchemaRegistry({ formats: [letters] });
  registry.register("s", { schema: "a" });
  expect(() => registry.register("s", { schema: "ab" })).toThrow(
    refused("SCHEMA_INCOMPATIBLE", 40901),
  );
  expect(() => registry.register("s", { schema: "ab" })).toThrow(/version 1 under BACKWARD: no b/);
  expect(() => registry.register("s", { schema: "7" })).toThrow(refused("SCHEMA_REFUSED", 42201));
  const references = [{ name: "x", subject: "x", version: 1 }];
  expect(() => registry.register("s", { schema: "a", references })).toThrow(/x has no version 1/);
  expect(() => registry.latestVersion("t")).toThrow(refused("SUBJECT_NOT_FOUND", 40401));
  expect(() => registry.referencedVersion("s", 2)).toThrow(refused("VERSION_NOT_FOUND", 40402));
  expect(() => registry.schemaById(7)).toThrow(refused("SCHEMA_NOT_FOUND", 40403));
  expect(() => registry.lookUp("s", { schema: "b" })).toThrow(refused("SCHEMA_NOT_FOUND", 40403));
  registry.setCompatibility("s", "NONE");
  expect(registry.register("s", { schema: "ab" })).toMatchObject({ id: 2, version: 2 });
});

test("a deleted subject is gone, its schemas are read on, and a new version has a new number", () => {
  const registry = new MemorySchemaRegistry();
  registry.register("s", { schema: "a" });
  expect(registry.deleteSubject("s")).toEqual([1]);
  expect(registry.subjects()).toEqual([]);
  expect(() => registry.deleteSubject("s")).toThrow(refused("SUBJECT_NOT_FOUND", 40401));
  expect(registry.schemaById(1).schema).toBe("a");
  expect(registry.referencedVersion("s", 1).deleted).toBe(true);
  expect(registry.register("s", { schema: "a" })).toMatchObject({ id: 1, version: 2 });
});
