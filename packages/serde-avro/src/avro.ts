import { OptionError, readOptions, shown } from "@millrace/model";
import {
  registrySerde,
  type RegistrySerde,
  type RegistrySerdeOptions,
} from "@millrace/schema-registry";
import { optional, type Serde } from "@millrace/serde";

import { avroOptionRows, avroOptionTable, type AvroOptions } from "./avro-options.ts";
import { avroSchemaCodec } from "./avro-schema-codec.ts";
import { localSerde } from "./local-serde.ts";
import { ownAvroSchema } from "./own-schema.ts";
import type { AvroSchema } from "./schema/avro-schema.ts";
import type { AvroSchemaSource } from "./schema/schema-source.ts";
import type { AvroSchemaLiteral, AvroValue } from "./types/avro-value.ts";

/** Options of a serde with a schema registry: those of Avro, and those of all such serdes. */
export type AvroRegistryOptions = Omit<AvroOptions, "encoding" | "writtenWith"> &
  RegistrySerdeOptions;

/**
 * Avro with a schema registry: records name the schema that they were written with, and are read as `schema` has them.
 *
 * @throws SchemaError `INVALID_SCHEMA`; OptionError
 * @example
 * const registry = new SchemaRegistryClient("http://localhost:8081");
 * const order = avro({ type: "record", name: "Order", fields: [{ name: "id", type: "string" }] }, { registry });
 */
export function avro<
  const Schema extends AvroSchemaLiteral,
  const Options extends AvroRegistryOptions,
>(schema: Schema, options: Options): RegistrySerde<AvroValue<Schema, Options>>;
/** The same, of a schema that is no literal: the type is a claim that values are checked against only when written. */
export function avro<T>(schema: AvroSchemaSource, options: AvroRegistryOptions): RegistrySerde<T>;
/**
 * Avro with a schema registry, by what a record's own schema says; writes with `useLatestVersion` or `useSchemaId`.
 *
 * @example avro({ registry })
 */
export function avro<T = unknown>(options: AvroRegistryOptions): RegistrySerde<T>;
/**
 * Values in Avro. The type of values follows from a schema that is a literal; of a schema in a text or an imported
 * file it is given: `avro<Order>(schema)`.
 *
 * @throws SchemaError `INVALID_SCHEMA`; OptionError
 * @example
 * const order = avro({
 *   type: "record",
 *   name: "Order",
 *   fields: [
 *     { name: "id", type: "string" },
 *     { name: "total", type: "double" },
 *   ],
 * });
 * order.serialize({ id: "a", total: 9.5 }, "orders");
 */
export function avro<
  const Schema extends AvroSchemaLiteral,
  const Options extends AvroOptions = {},
>(schema: Schema, options?: Options): Serde<AvroValue<Schema, Options>>;
export function avro<T>(schema: AvroSchemaSource, options?: AvroOptions): Serde<T>;
export function avro(
  first: AvroSchemaSource | AvroRegistryOptions,
  second: Partial<AvroRegistryOptions> = {},
): unknown {
  const hasSchema = typeof first === "string" || Array.isArray(first) || isTyped(first);
  const given: Partial<AvroRegistryOptions> = hasSchema ? second : first;
  if (given.registry === undefined) {
    if (!hasSchema) throw notGiven(first);
    // What only a registry makes use of is told as unknown.
    const options = readOptions(avroOptionTable, given);
    const { schema } = ownAvroSchema(first, options.references);
    return withNull(schema, localSerde(schema, options));
  }
  const { own, shared } = parted(given);
  const options = readOptions(avroOptionTable, own);
  const schema = hasSchema ? ownAvroSchema(first, options.references) : undefined;
  // Its own table reads them.
  const serde = registrySerde(avroSchemaCodec(schema, options), shared as RegistrySerdeOptions);
  return schema === undefined ? serde : withNull(schema.schema, serde);
}

/** Where null is a value of the schema, so is a record without one. */
function withNull(schema: AvroSchema, serde: Serde<unknown>): Serde<unknown> {
  const kinds = schema.kind === "union" ? schema.branches.map(({ kind }) => kind) : [schema.kind];
  return kinds.includes("null") ? optional(serde) : serde;
}

function isTyped(first: unknown): first is AvroSchemaSource {
  return typeof first === "object" && first !== null && "type" in first;
}

function notGiven(first: unknown): OptionError {
  const wanted = "a schema as a text or an object, or options with a registry";
  return new OptionError("INVALID_OPTION", `avro was given ${shown(first)}; give ${wanted}`);
}

/** What Avro makes of options, without what only makes sense without a registry; and what all serdes with one take. */
function parted(given: object): { readonly own: object; readonly shared: object } {
  const own: Record<string, unknown> = {};
  const shared: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const isLocal = name === "encoding" || name === "writtenWith";
    const isOwn = Object.hasOwn(avroOptionRows, name) && !isLocal;
    (isOwn ? own : shared)[name] = value;
  }
  return { own, shared };
}
