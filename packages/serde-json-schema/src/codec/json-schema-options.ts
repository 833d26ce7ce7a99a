import {
  choiceOption,
  optionTable,
  valueOption,
  type GivenOptions,
  type ReadOptions,
} from "@millrace/model";
import {
  referencesKind,
  type GivenReference,
  type RegistrySerdeOptions,
} from "@millrace/schema-registry";

import type { JsonSchemaDocument } from "./from-json-schema.ts";

/** A schema that another one refers to by `$ref`, as an object or as a text. */
export type JsonSchemaReference = GivenReference<JsonSchemaDocument | string>;

export const jsonSchemaOptionTable = optionTable("jsonSchema", {
  /** What the schema refers to by `$ref`. With a registry they are registered before it. */
  references: valueOption<readonly JsonSchemaReference[], { byDefault: []; defaultText: string }>(
    referencesKind(isSource),
    { byDefault: [], defaultText: "none" },
  ),
  /** Which values have to match: those that are read the program's schema, or the writer's where it has none; those that are written the schema that they are written with. */
  validates: choiceOption(["reads and writes", "reads", "writes", "nothing"], {
    byDefault: "reads and writes",
    kafka: "json.fail.invalid.schema",
  }),
});

interface OwnOptions extends GivenOptions<(typeof jsonSchemaOptionTable)["rows"]> {}

/** What `jsonSchema` takes besides the schema; with `registry` also the options of a registry's serdes. */
export interface JsonSchemaOptions extends OwnOptions, Partial<RegistrySerdeOptions> {}

export type JsonSchemaSettings = ReadOptions<(typeof jsonSchemaOptionTable)["rows"]>;

export function validatesReads({ validates }: JsonSchemaSettings): boolean {
  return validates === "reads" || validates === "reads and writes";
}

export function validatesWrites({ validates }: JsonSchemaSettings): boolean {
  return validates === "writes" || validates === "reads and writes";
}

function isSource(given: unknown): boolean {
  return typeof given === "string" || typeof given === "boolean" || isObject(given);
}

function isObject(given: unknown): boolean {
  return typeof given === "object" && given !== null;
}
