import {
  flagOption,
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
  /** Whether a value that was read has to match the schema; the program's, or the writer's where it has none. */
  validateOnRead: flagOption({ byDefault: true, kafka: "json.fail.invalid.schema" }),
  /** Whether a value that is written has to match the schema that it is written with. */
  validateOnWrite: flagOption({ byDefault: true, kafka: "json.fail.invalid.schema" }),
});

interface OwnOptions extends GivenOptions<(typeof jsonSchemaOptionTable)["rows"]> {}

/** What `jsonSchema` takes besides the schema; with `registry` also the options of a registry's serdes. */
export interface JsonSchemaOptions extends OwnOptions, Partial<RegistrySerdeOptions> {}

export type JsonSchemaSettings = ReadOptions<(typeof jsonSchemaOptionTable)["rows"]>;

function isSource(given: unknown): boolean {
  return typeof given === "string" || typeof given === "boolean" || isObject(given);
}

function isObject(given: unknown): boolean {
  return typeof given === "object" && given !== null;
}
