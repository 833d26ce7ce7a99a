import { OptionError, readOptions, shown, type ReadOptions } from "@millrace/model";
import {
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
import {
  protobufOptionRows,
  protobufOptionTable,
  type ProtobufOptions,
} from "./protobuf-options.ts";

/** A message of which the program tells no type. */
export type ProtobufMessage = Record<string, unknown>;

/** Options of a serde with a schema registry: those of Protobuf, and those of all such serdes. */
export type ProtobufRegistryOptions = ProtobufOptions & RegistrySerdeOptions;

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
export function protobuf<T = ProtobufMessage>(options: ProtobufRegistryOptions): RegistrySerde<T>;
/**
 * Protobuf by a `Type` of protobufjs: values are what it makes of them, `Long`s for 64-bit fields, say. With a registry
 * `schema` is what is registered for it.
 *
 * @example protobuf<Order>(root.lookupType("shop.Order"))
 */
export function protobuf<T = ProtobufMessage>(
  type: ReflectedType,
  options: ProtobufRegistryOptions,
): RegistrySerde<T>;
export function protobuf<T = ProtobufMessage>(type: ReflectedType): Serde<T>;
/**
 * Protobuf by a class that `pbjs` generated: its values are those of the class. With a registry `schema` is what is
 * registered for it.
 *
 * @example protobuf(shop.Order)
 */
export function protobuf<T>(
  type: ProtobufType<T>,
  options: ProtobufRegistryOptions,
): RegistrySerde<T>;
export function protobuf<T>(type: ProtobufType<T>): Serde<T>;
export function protobuf<T>(
  first: Given<T> | ProtobufRegistryOptions,
  second: Partial<ProtobufRegistryOptions> = {},
): Serde<T> {
  requireGiven(first);
  const hasGiven = typeof first === "string" || "encode" in first;
  const given: Partial<ProtobufRegistryOptions> = hasGiven ? second : first;
  if (hasGiven && given.registry === undefined) {
    // What only a registry makes use of is told as unknown.
    return serdeOf(ownMessage<T>(first, readOptions(protobufOptionTable, given)).form);
  }
  const { own: ownOptions, shared } = parted(given);
  const options = readOptions(protobufOptionTable, ownOptions);
  const own = hasGiven ? ownMessage<T>(first, options) : undefined;
  const codec = protobufCodec(own, options.message, options);
  return registrySerde(codec, shared as RegistrySerdeOptions);
}

/** @throws OptionError */
function requireGiven(first: unknown): void {
  const isHolder = (typeof first === "object" && first !== null) || typeof first === "function";
  if (typeof first === "string" || isHolder) return;
  const wanted = "a .proto text, a class of pbjs, a Type, or options with a registry";
  throw new OptionError("INVALID_OPTION", `protobuf was given ${shown(first)}; give ${wanted}`);
}

type OwnOptions = ReadOptions<typeof protobufOptionRows>;

function ownMessage<T>(given: Given<T>, options: OwnOptions): OwnMessage<T> {
  const { message, references, schema } = options;
  if (typeof given === "string") {
    if (schema !== undefined) {
      const problem = "protobuf: schema is given twice; as an option it is for a class or a Type";
      throw new OptionError("INVALID_OPTION", problem);
    }
    const form = formOf<T>(parseOwn(given, references), message, options);
    return { form, schema: ownSchema(given, references, form.fullName) };
  }
  const type = given as ProtobufType<T>;
  if (schema === undefined) return { form: staticForm(type, message), schema: undefined };
  const own = staticForm(type, message);
  const fullName = messageNamed(parseOwn(schema, references), own.fullName);
  return { form: staticForm(type, fullName), schema: ownSchema(schema, references, fullName) };
}

/** Options of Protobuf, and those that all serdes with a registry have. */
function parted(given: object): { readonly own: object; readonly shared: object } {
  const entries = Object.entries(given);
  const isOwn = ([name]: [string, unknown]): boolean => Object.hasOwn(protobufOptionRows, name);
  return {
    own: Object.fromEntries(entries.filter(isOwn)),
    shared: Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  };
}

const noPrefix = new Uint8Array();

function serdeOf<T>(form: MessageForm<T>): Serde<T> {
  return Object.freeze({
    name: "protobuf",
    isNullable: false,
    serialize: (value: T & {}) => form.write(value, noPrefix),
    deserialize: (bytes: Uint8Array) => form.read(bytes, 0) as T & {},
  });
}
