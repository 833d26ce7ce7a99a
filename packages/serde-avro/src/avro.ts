import { OptionError, shown } from "@millrace/model";
import {
  readSerdeOptions,
  registrySerde,
  type RegistrySerde,
  type RegistrySerdeOptions,
} from "@millrace/schema-registry";
import { optional, type Serde } from "@millrace/serde";

import { avroOptionTable, type AvroOptions } from "./avro-options.ts";
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
 * const registry = new SchemaRegistryClient({ url: "http://localhost:8081" });
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
export function avro<T = unknown>(
  options: Omit<AvroRegistryOptions, "references">,
): RegistrySerde<T>;
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
  const source = isSource(first) ? first : undefined;
  const given = isSource(first) ? second : first;
  if (source === undefined && !isObject(first)) throw notGiven(first);
  const { settings, registry } = readSerdeOptions(avroOptionTable, given, source);
  const own = source === undefined ? undefined : ownAvroSchema(source, settings.references);
  if (registry === undefined) {
    if (own === undefined) throw notGiven(first);
    return withNull(own.schema, localSerde(own.schema, settings));
  }
  refuseLocalOptions(given);
  const serde = registrySerde(avroSchemaCodec(own, settings), registry);
  return own === undefined ? serde : withNull(own.schema, serde);
}

/** Where null is a value of the schema, so is a record without one. */
function withNull(schema: AvroSchema, serde: Serde<unknown>): Serde<unknown> {
  const kinds = schema.kind === "union" ? schema.branches.map(({ kind }) => kind) : [schema.kind];
  return kinds.includes("null") ? optional(serde) : serde;
}

function isSource(first: unknown): first is AvroSchemaSource {
  if (typeof first === "string" || Array.isArray(first)) return true;
  return isObject(first) && "type" in first;
}

function isObject(first: unknown): first is object {
  return typeof first === "object" && first !== null;
}

function notGiven(first: unknown): OptionError {
  const wanted = "a schema as a text or an object, or options with a registry";
  return new OptionError("INVALID_OPTION", `avro was given ${shown(first)}; give ${wanted}`);
}

/** What only bytes need that do not name their schema. */
function refuseLocalOptions(given: AvroOptions): void {
  const name = (["encoding", "writtenWith"] as const).find((one) => given[one] !== undefined);
  if (name === undefined) return;
  throw new OptionError(
    "INVALID_OPTION",
    `avro: ${name} is for bytes without a registry, and one is given; leave ${name} out`,
  );
}
