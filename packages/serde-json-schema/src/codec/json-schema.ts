import { noBytes, OptionError, shown } from "@millrace/model";
import {
  readSerdeOptions,
  registrySerde,
  type RegistrySerde,
  type RegistrySerdeOptions,
} from "@millrace/schema-registry";
import { lossOf, type Serde } from "@millrace/serde";

import type { FromJsonSchema, JsonSchemaDocument } from "./from-json-schema.ts";
import { JsonSchemaCodec, jsonReader, jsonWriter, ownJsonSchema } from "./json-schema-codec.ts";
import {
  jsonSchemaOptionTable,
  validatesReads,
  validatesWrites,
  type JsonSchemaOptions,
} from "./json-schema-options.ts";

/** Options of a serde with a schema registry: those of JSON Schema, and those of all such serdes. */
export type JsonSchemaRegistryOptions = JsonSchemaOptions & RegistrySerdeOptions;

/**
 * JSON by the schemas of a registry alone: what is read is checked by the schema that it was written with; what is
 * written, with `useLatestVersion` or `useSchemaId`, by that one.
 *
 * @example const order = jsonSchema<Order>({ registry, useLatestVersion: true });
 */
export function jsonSchema<T = unknown>(
  options: Omit<JsonSchemaRegistryOptions, "references">,
): RegistrySerde<T>;
/**
 * JSON that is checked by a JSON schema (Confluent: `KafkaJsonSchemaSerde`), of drafts 4 to 7, 2019-09 and 2020-12. The
 * type of its values is that of the schema's literal, as far as TypeScript can tell, or the one that is given. With
 * `registry` each value names its schema there by an id; without, the bytes are plain JSON.
 *
 * Checking takes a bounded time, whatever schema and value: what crosses a bound is a `JsonSchemaError`.
 *
 * @throws SchemaError `INVALID_SCHEMA` with the place; JsonSchemaError for a schema that cannot be checked by within a
 *   bound; OptionError
 * @example
 * const order = jsonSchema({
 *   type: "object",
 *   properties: { customer: { type: "string" }, total: { type: "number", minimum: 0 } },
 *   required: ["customer", "total"],
 * }); // Serde<{ customer: string; total: number }>
 * const registered = jsonSchema(orderSchema, { registry });
 */
export function jsonSchema<const Schema extends JsonSchemaDocument>(
  schema: Schema,
  options: JsonSchemaRegistryOptions,
): RegistrySerde<NonNullable<FromJsonSchema<Schema>>>;
export function jsonSchema<const Schema extends JsonSchemaDocument>(
  schema: Schema,
  options?: JsonSchemaOptions,
): Serde<NonNullable<FromJsonSchema<Schema>>>;
/**
 * The same with a type that is given: nothing checks that it is the schema's.
 *
 * @example const order = jsonSchema<Order>(await readFile("order.json", "utf8"), { registry });
 */
export function jsonSchema<T>(
  schema: JsonSchemaDocument | string,
  options: JsonSchemaRegistryOptions,
): RegistrySerde<T>;
export function jsonSchema<T>(
  schema: JsonSchemaDocument | string,
  options?: JsonSchemaOptions,
): Serde<T>;
export function jsonSchema(
  given: JsonSchemaDocument | string | JsonSchemaRegistryOptions,
  options: JsonSchemaOptions = {},
): Serde<unknown> {
  if (hasRegistry(given)) {
    const { settings, registry = given } = readSerdeOptions(
      jsonSchemaOptionTable,
      given,
      undefined,
    );
    return registrySerde(new JsonSchemaCodec<unknown>(undefined, settings), registry);
  }
  refuseOtherSchemas(given);
  const { settings, registry } = readSerdeOptions(jsonSchemaOptionTable, options, given);
  const own = ownJsonSchema(given, settings.references);
  if (registry !== undefined)
    return registrySerde(new JsonSchemaCodec<unknown>(own, settings), registry);
  const { validator } = own;
  const writer = jsonWriter<{}>(validatesWrites(settings) ? validator : undefined);
  const reader = jsonReader<{}>(validatesReads(settings) ? validator : undefined);
  return Object.freeze({
    name: "jsonSchema",
    isNullable: false,
    serialize: (value: {}) => writer.write(value, noBytes),
    deserialize: (bytes: Uint8Array) => reader.read(bytes, 0),
  });
}

/** Options in the schema's place: a schema knows no keyword that holds a registry. */
function hasRegistry(
  given: JsonSchemaDocument | string | JsonSchemaRegistryOptions,
): given is JsonSchemaRegistryOptions {
  if (typeof given !== "object" || !("registry" in given)) return false;
  const { registry } = given;
  return typeof registry === "object" && registry !== null && "schemaById" in registry;
}

/** A zod schema, say, is an object with a `type` too, and would pass for a JSON schema that demands next to nothing. */
function refuseOtherSchemas(given: unknown): void {
  if (typeof given === "string" || typeof given === "boolean") return;
  const problem = isPlain(given) ? lossOf(given) : ` is ${shown(given)}`;
  if (problem === undefined) return;
  const isStandard = given !== null && given !== undefined && "~standard" in Object(given);
  const advice = isStandard
    ? "of a Standard Schema give its JSON schema, as zod's z.toJSONSchema(schema), or use json(schema)"
    : "give a JSON schema as an object or a text";
  throw new OptionError(
    "INVALID_OPTION",
    `jsonSchema takes what has a form in JSON, and the schema${problem}; ${advice}`,
  );
}

function isPlain(given: unknown): boolean {
  if (typeof given !== "object" || given === null) return false;
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === Object.prototype || prototype === null;
}
