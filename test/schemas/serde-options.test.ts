import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { avro } from "@millrace/serde-avro";
import { jsonSchema } from "@millrace/serde-json-schema";
import { protobuf } from "@millrace/serde-protobuf";
import { describe, expect, test } from "vitest";

const registry = new MemorySchemaRegistry({ formats: [] });
const message = 'syntax = "proto3"; message A {}';

describe.each([
  { name: "avro", of: (given: object) => avro("int", given), alone: (given: never) => avro(given) },
  {
    name: "protobuf",
    of: (given: object) => protobuf(message, given),
    alone: (given: never) => protobuf(given),
  },
  {
    name: "jsonSchema",
    of: (given: object) => jsonSchema(true, given),
    alone: (given: never) => jsonSchema(given),
  },
])("$name", ({ name, of, alone }) => {
  const refusal = (code: string, message: string) =>
    expect.objectContaining({ code, message: expect.stringContaining(message) as string });

  test("an option that it does not have is told by its name, with what was meant", () => {
    for (const given of [{ reference: [] }, { registry, reference: [] }])
      expect(() => of(given)).toThrow(
        refusal("UNKNOWN_OPTION", `${name} has no option "reference". Did you mean references?`),
      );
    expect(() => of({ registry, subjectNames: "topic" })).toThrow(
      refusal("UNKNOWN_OPTION", `${name} has no option "subjectNames". Did you mean subjectName?`),
    );
  });

  test("an option of a registry is told by the serde's name", () => {
    expect(() => of({ registry, framing: "envelope" })).toThrow(
      refusal("INVALID_OPTION", `${name}: framing is "envelope"`),
    );
    expect(() => of({ registry: 5 })).toThrow(refusal("INVALID_OPTION", `${name}: registry is 5`));
  });

  test("an option of a registry is refused where none is given", () => {
    expect(() => of({ useLatestVersion: true })).toThrow(
      refusal(
        "INVALID_OPTION",
        `${name}: useLatestVersion is for schemas of a registry, and none is given`,
      ),
    );
  });

  test("references are refused where there is no schema that refers to them", () => {
    expect(() => alone({ registry, references: [] } as never)).toThrow(
      refusal("INVALID_OPTION", `${name}: references are those of a schema, and none is given`),
    );
  });

  test("a reference's subject is a text", () => {
    const references = [{ name: "a", subject: 5, schema: message }];
    expect(() => of({ references })).toThrow(refusal("INVALID_OPTION", `${name}: references is`));
  });
});
