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

describe("what is mistaken for a schema or a registry is told, with what to give", () => {
  test.each([
    [() => avro("order.avsc"), 'readFileSync("order.avsc", "utf8")'],
    [() => protobuf("./payment.proto"), 'readFileSync("./payment.proto", "utf8")'],
    [() => avro(undefined as never), "avro was given undefined; give a schema"],
    [() => avro("int", { registry: "http://a" } as never), "new SchemaRegistryClient({ url })"],
    [() => protobuf(message, { registry: "http://a" } as never), "protobuf: registry"],
    [() => jsonSchema(true, { registry: "http://a" } as never), "jsonSchema: registry"],
  ])("%s", (make, told) => {
    expect(make).toThrow(told);
  });

  test("a schema that is not in a registry, and a Date where an instant is wanted", () => {
    const read = () => avro("int", { registry }).deserialize(Uint8Array.of(0, 0, 0, 0, 99, 1), "t");
    expect(read).toThrow("there is no schema 99 of the registry in memory;");
    const millis = avro<unknown>({ type: "long", logicalType: "timestamp-millis" });
    expect(() => millis.serialize(new Date(), "t")).toThrow("getTime()");
    const at = 'syntax = "proto3"; message A { google.protobuf.Timestamp at = 1; }';
    const seen = protobuf<{ at: unknown }>(at);
    expect(() => seen.serialize({ at: new Date() }, "t")).toThrow("write { seconds:");
  });

  test("Protobuf without message indexes hints at who writes so", () => {
    const serde = protobuf(message, { registry });
    serde.serialize({}, "t");
    expect(() => serde.deserialize(Uint8Array.of(0, 0, 0, 0, 1, 255, 1), "t")).toThrow(
      "@kafkajs/confluent-schema-registry",
    );
  });
});
