import { choiceOption, optionTable, valueOption, type GivenOptions } from "@millrace/model";
import { excessFieldsOption, referencesKind, type GivenReference } from "@millrace/schema-registry";

import type { AvroSchemaSource } from "./schema/schema-source.ts";

/** A schema that another one names a type of. */
export type AvroReference = GivenReference<AvroSchemaSource>;

const sources = {
  allowed: "a list of Avro schemas, each a text of JSON or an object",
  accepts: (given: unknown) => Array.isArray(given) && given.every(isSource),
};

export const avroOptionRows = {
  /** How longs are held; `number` refuses what a number does not hold exactly. */
  longs: choiceOption(["bigint", "number"], { byDefault: "bigint" }),
  /** Whether dates, decimals and the like have values of their own, or those of the types that they stand on. */
  logicalTypes: choiceOption(["values", "plain"], { byDefault: "values" }),
  /** Members of a value that the schema it is written with has no field for: an error, or left out. */
  excessFields: excessFieldsOption,
  /** Schemas whose types the schema names. */
  references: valueOption<readonly AvroReference[]>(referencesKind(isSource)),
  /** Without a registry: the value's bytes alone, or with the schema's fingerprint before them (single-object encoding). */
  encoding: choiceOption(["datum", "single-object"], { byDefault: "datum" }),
  /** Without a registry: what the bytes that are read were written with, if not with the schema; single objects with any of these, or with the schema. */
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

function isSource(given: unknown): boolean {
  return typeof given === "string" || (typeof given === "object" && given !== null);
}
