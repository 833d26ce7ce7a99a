import { readOptions } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import {
  staticForm,
  type MessageForm,
  type ProtobufType,
  type ReflectedType,
} from "./codec/message-form.ts";
import { formOf, parseOwn } from "./codec/protobuf-codec.ts";
import { protobufOptionTable, type ProtobufOptions } from "./protobuf-options.ts";

/** A message of which the program tells no type. */
export type ProtobufMessage = Record<string, unknown>;

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
 * Protobuf by a `Type` of protobufjs: values are what it makes of them, `Long`s for 64-bit fields, say.
 *
 * @example protobuf<Order>(root.lookupType("shop.Order"))
 */
export function protobuf<T = ProtobufMessage>(type: ReflectedType): Serde<T>;
/**
 * Protobuf by a class that `pbjs` generated: its values are those of the class.
 *
 * @example protobuf(shop.Order)
 */
export function protobuf<T>(type: ProtobufType<T>): Serde<T>;
export function protobuf<T>(
  given: string | ReflectedType | ProtobufType<T>,
  options: ProtobufOptions = {},
): Serde<T> {
  if (typeof given !== "string") return serdeOf(staticForm(given as ProtobufType<T>));
  const { message, references, longs, enums } = readOptions(protobufOptionTable, options);
  return serdeOf(formOf(parseOwn(given, references), message, { longs, enums }));
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
