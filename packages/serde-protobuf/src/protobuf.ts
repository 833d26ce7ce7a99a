import { noBytes, OptionError, shown, type ReadOptions } from "@millrace/model";
import {
  readSerdeOptions,
  registrySerde,
  type RegistrySerde,
  type RegistrySerdeOptions,
} from "@millrace/schema-registry";
import type { Serde } from "@millrace/serde";

import {
  staticForm,
  type MessageForm,
  type ProtobufType,
  type ReflectedType,
} from "./codec/message-form.ts";
import { messageNamed } from "./codec/message-names.ts";
import {
  formOf,
  ownSchema,
  parseOwn,
  protobufCodec,
  type OwnMessage,
} from "./codec/protobuf-codec.ts";
import { protobufOptionTable, type ProtobufOptions } from "./protobuf-options.ts";

/** A message of which the program tells no type. */
export type ProtobufMessage = Record<string, unknown>;

/** Options of a serde with a schema registry: those of Protobuf, and those of all such serdes. */
export type ProtobufRegistryOptions = ProtobufOptions & RegistrySerdeOptions;

/** The same of a class or a `Type`, which makes its values by itself. */
export type ProtobufTypeOptions = Omit<
  ProtobufRegistryOptions,
  "values" | "longs" | "enums" | "excessFields"
>;

/** By what a message is read and written: its schema, a `Type` of protobufjs, or a class that `pbjs` generated. */
type Given<T> = string | ReflectedType | ProtobufType<T>;

/**
 * Protobuf with a schema registry, by a `.proto` text, or by a `FileDescriptorProto` in base64.
 *
 * @throws SchemaError `INVALID_SCHEMA`, ProtobufError `UNKNOWN_MESSAGE`, OptionError
 * @example
 * ```ts
 * const order = protobuf<{ id: string }>('syntax = "proto3"; message Order { string id = 1; }', { registry });
 * ```
 */
export function protobuf<T = ProtobufMessage>(
  schema: string,
  options: ProtobufRegistryOptions,
): RegistrySerde<T>;
/**
 * Protobuf by a `.proto` text, or by a `FileDescriptorProto` in base64. Fields are in lower camel case, 64-bit ones are
 * bigints, and what is absent without presence is there as zero. The type is a claim that nothing checks, unlike the
 * values, which are checked when they are written.
 *
 * @throws SchemaError `INVALID_SCHEMA`, ProtobufError `UNKNOWN_MESSAGE`, OptionError
 * @example
 * ```ts
 * const order = protobuf<{ id: string; total: bigint }>(
 *   'syntax = "proto3"; message Order { string id = 1; int64 total = 2; }',
 * );
 * ```
 */
export function protobuf<T = ProtobufMessage>(schema: string, options?: ProtobufOptions): Serde<T>;
/**
 * Protobuf with a schema registry, by what a record's own schema says; writes with `useLatestVersion` or `useSchemaId`.
 *
 * @example protobuf({ registry })
 */
export function protobuf<T = ProtobufMessage>(
  options: Omit<ProtobufRegistryOptions, "references" | "schema">,
): RegistrySerde<T>;
/**
 * Protobuf by a `Type` of protobufjs: values are what it makes of them, `Long`s for 64-bit fields, say. With a registry
 * `schema` is what is registered for it.
 *
 * @example protobuf<Order>(root.lookupType("shop.Order"))
 */
export function protobuf<T = ProtobufMessage>(
  type: ReflectedType,
  options: ProtobufTypeOptions,
): RegistrySerde<T>;
export function protobuf<T = ProtobufMessage>(type: ReflectedType): Serde<T>;
/**
 * Protobuf by a class that `pbjs` generated: its values are those of the class. With a registry `schema` is what is
 * registered for it.
 *
 * @example protobuf(shop.Order)
 */
export function protobuf<T>(type: ProtobufType<T>, options: ProtobufTypeOptions): RegistrySerde<T>;
export function protobuf<T>(type: ProtobufType<T>): Serde<T>;
export function protobuf<T>(
  first: Given<T> | ProtobufRegistryOptions,
  second: Partial<ProtobufRegistryOptions> = {},
): Serde<T> {
  if (!isObject(first) && typeof first !== "string") throw notGiven(first);
  const hasGiven = typeof first === "string" || "encode" in first;
  const given: Partial<ProtobufRegistryOptions> = hasGiven ? second : first;
  const text = typeof first === "string" ? first : given.schema;
  const { settings, registry } = readSerdeOptions(protobufOptionTable, given, text);
  refuseUnusedOptions(hasGiven ? first : undefined, given);
  const own = hasGiven ? ownMessage<T>(first, settings) : undefined;
  if (registry !== undefined)
    return registrySerde(protobufCodec(own, settings.message, settings), registry);
  if (own === undefined) throw notGiven(first);
  return serdeOf(own.form);
}

function isObject(first: unknown): boolean {
  return (typeof first === "object" && first !== null) || typeof first === "function";
}

function notGiven(first: unknown): OptionError {
  const wanted = "a .proto text, a class of pbjs, a Type, or options with a registry";
  return new OptionError("INVALID_OPTION", `protobuf was given ${shown(first)}; give ${wanted}`);
}

/** A text is the schema, and a class makes its values by itself. */
function refuseUnusedOptions(first: Given<unknown> | undefined, given: ProtobufOptions): void {
  const isType = first !== undefined && typeof first !== "string";
  const names = isType
    ? (["values", "longs", "enums", "excessFields"] as const)
    : (["schema"] as const);
  const name = names.find((one) => given[one] !== undefined);
  if (name === undefined) return;
  const owner = isType ? "schemas that are given as a text" : "a class or a Type";
  throw new OptionError("INVALID_OPTION", `protobuf: ${name} is for ${owner}; leave it out`);
}

type OwnOptions = ReadOptions<(typeof protobufOptionTable)["rows"]>;

function ownMessage<T>(given: Given<T>, options: OwnOptions): OwnMessage<T> {
  const { message, references, schema } = options;
  if (typeof given === "string") {
    const form = formOf<T>(parseOwn(given, references), message, options);
    return { form, schema: ownSchema(given, references, form.fullName) };
  }
  const type = given as ProtobufType<T>;
  if (schema === undefined) return { form: staticForm(type, message), schema: undefined };
  const own = staticForm(type, message);
  const fullName = messageNamed(parseOwn(schema, references), own.fullName);
  return { form: staticForm(type, fullName), schema: ownSchema(schema, references, fullName) };
}

function serdeOf<T>(form: MessageForm<T>): Serde<T> {
  return Object.freeze({
    name: "protobuf",
    isNullable: false,
    serialize: (value: T & {}) => form.write(value, noBytes),
    deserialize: (bytes: Uint8Array) => form.read(bytes, 0) as T & {},
  });
}
