import {
  flagOption,
  OptionError,
  optionTable,
  readOptions,
  valueOption,
  type GivenOptions,
  type ReadOptions,
} from "@millrace/model";
import { registrySerdeOptionTable, type RegistrySerdeOptions } from "@millrace/schema-registry";

import type { JsonSchemaDocument } from "./from-json-schema.ts";

/** A schema that another one refers to by `$ref`. */
export interface JsonSchemaReference {
  /** As `$ref` calls it, such as `customer.json`. */
  readonly name: string;
  /** Under which it stands in a registry. Default: its name. */
  readonly subject?: string;
  /** As an object or as a text. */
  readonly schema: JsonSchemaDocument | string;
  /** What it refers to itself. */
  readonly references?: readonly JsonSchemaReference[];
}

export const jsonSchemaOptionTable = optionTable("jsonSchema", {
  /** What the schema refers to by `$ref`. With a registry they are registered before it. */
  references: valueOption<readonly JsonSchemaReference[], { byDefault: []; defaultText: string }>(
    {
      allowed: "a list of { name, schema, subject?, references? }",
      accepts: isReferences,
    },
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

/**
 * The options of the format, and those of the registry: undefined where none is given.
 * @throws OptionError
 */
export function readJsonSchemaOptions(given: JsonSchemaOptions): {
  readonly settings: JsonSchemaSettings;
  readonly registry: RegistrySerdeOptions | undefined;
} {
  const entries = Object.entries(given);
  const isRegistrys = (name: string): boolean => Object.hasOwn(registrySerdeOptionTable.rows, name);
  const own = Object.fromEntries(entries.filter(([name]) => !isRegistrys(name)));
  const settings = readOptions(jsonSchemaOptionTable, own);
  const registrys = entries.filter(([name, value]) => isRegistrys(name) && value !== undefined);
  if (given.registry !== undefined)
    return { settings, registry: Object.fromEntries(registrys) as unknown as RegistrySerdeOptions };
  if (registrys.length === 0) return { settings, registry: undefined };
  throw new OptionError(
    "INVALID_OPTION",
    `jsonSchema: ${registrys[0][0]} is for schemas of a registry, and none is given; give registry, or leave it out`,
  );
}

function isReferences(given: unknown): boolean {
  if (!Array.isArray(given)) return false;
  return given.every(
    (one: unknown) =>
      typeof one === "object" &&
      one !== null &&
      "name" in one &&
      typeof one.name === "string" &&
      "schema" in one &&
      (!("references" in one) || one.references === undefined || isReferences(one.references)),
  );
}
