import { choiceOption, optionTable, valueOption, type GivenOptions } from "@millrace/model";

import type { AvroSchemaSource } from "./schema/schema-source.ts";

const sources = {
  allowed: "a list of Avro schemas, each a text of JSON or an object",
  accepts: (given: unknown) =>
    Array.isArray(given) && given.every((one) => typeof one === "string" || isObject(one)),
};

export const avroOptionRows = {
  /** What longs are in JavaScript; as numbers, one beyond 2^53 is an error. */
  longs: choiceOption(["bigint", "number"], { byDefault: "bigint" }),
  /** Whether dates, decimals and the like have values of their own, or those of the types that they stand on. */
  logicalTypes: choiceOption(["values", "plain"], { byDefault: "values" }),
  /** Without a registry: the value's bytes alone, or with the schema's fingerprint before them (single-object encoding). */
  encoding: choiceOption(["datum", "single-object"], { byDefault: "datum" }),
  /** Without a registry: what the bytes that are read were written with, if not the schema; in single objects any of these, and the schema. */
  writtenWith: valueOption<readonly AvroSchemaSource[], { defaultText: string }>(sources, {
    defaultText: "the schema",
  }),
};

export const avroOptionTable = optionTable("avro", avroOptionRows, [
  {
    demand: "bytes that do not name their schema were written with one: several need single-object",
    options: ["encoding", "writtenWith"],
    holds: ({ encoding, writtenWith = [] }) =>
      encoding === "single-object" || writtenWith.length <= 1,
  },
]);

export interface AvroOptions extends GivenOptions<typeof avroOptionRows> {}

function isObject(given: unknown): boolean {
  return typeof given === "object" && given !== null;
}
