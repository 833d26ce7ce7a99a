import protobufjs, { type Type } from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

import type { OptionDeclaration, OptionEntry, OptionValue } from "./proto-file.ts";
import {
  decodeUninterpreted,
  encodeUninterpreted,
  type UninterpretedOption,
} from "./uninterpreted-option.ts";

/** Has no name of its own in protobufjs's module. */
export const extensionRangeOptions: Type = descriptor.FileDescriptorProto.root.lookupType(
  "google.protobuf.ExtensionRangeOptions",
);

/** Options as a message of `descriptor.proto`, or of what such a message holds. */
export type OptionsMessage = Readonly<Record<string, unknown>>;

/** Options of a descriptor as declarations; those that nobody interpreted too. */
export function decodeOptions(
  type: Type,
  message: OptionsMessage | null | undefined,
): readonly OptionDeclaration[] {
  if (message === null || message === undefined) return [];
  return type.fieldsArray.flatMap((field): OptionDeclaration[] => {
    if (field.name === "uninterpretedOption") {
      const list = (message[field.name] ?? []) as readonly UninterpretedOption[];
      return list.map(decodeUninterpreted);
    }
    if (!Object.hasOwn(message, field.name)) return [];
    const value = message[field.name];
    const values: readonly unknown[] = field.repeated ? (value as readonly unknown[]) : [value];
    return values.map((item) => ({ name: field.protoName, value: decodeValue(field, item) }));
  });
}

function decodeValue(field: protobufjs.Field, value: unknown): OptionValue {
  const type = field.resolve().resolvedType;
  if (type instanceof protobufjs.Enum) {
    return { kind: "word", word: type.valuesById[value as number] ?? `${value as number}` };
  }
  if (type === null) {
    return typeof value === "string"
      ? { kind: "text", text: value }
      : { kind: "word", word: `${value as number}` };
  }
  return { kind: "message", entries: decodeOptions(type, value as OptionsMessage) };
}

/** @returns undefined without options */
export function encodeOptions(
  type: Type,
  options: readonly OptionDeclaration[],
): OptionsMessage | undefined {
  const message: Record<string, unknown> = {};
  for (const option of options) {
    if (option.name === "default" || option.name === "json_name") continue;
    const isSet = setOption(type, message, { ...option, path: option.name.split(".") });
    if (isSet) continue;
    const list = (message["uninterpretedOption"] ??= []) as UninterpretedOption[];
    list.push(...encodeUninterpreted(option));
  }
  return Object.keys(message).length === 0 ? undefined : message;
}

interface SetOption {
  readonly path: readonly string[];
  readonly value: OptionValue;
}

/** @returns false: the type has no such option */
function setOption(
  type: Type,
  message: Record<string, unknown>,
  { path: [name, ...rest], value }: SetOption,
): boolean {
  const field = type.fieldsArray.find((candidate) => candidate.protoName === name);
  if (field === undefined) return false;
  const inner = field.resolve().resolvedType;
  if (rest.length > 0) {
    if (!(inner instanceof protobufjs.Type)) return false;
    const held = (message[field.name] ??= {}) as Record<string, unknown>;
    return setOption(inner, held, { path: rest, value });
  }
  const encoded = encodeValue(field, value);
  if (encoded === undefined) return false;
  if (!field.repeated) message[field.name] = encoded;
  else {
    const list = (message[field.name] ??= []) as unknown[];
    list.push(...(value.kind === "list" ? (encoded as readonly unknown[]) : [encoded]));
  }
  return true;
}

function encodeValue(field: protobufjs.Field, value: OptionValue): unknown {
  if (value.kind === "list") return value.values.map((item) => encodeValue(field, item));
  const type = field.resolve().resolvedType;
  if (type instanceof protobufjs.Type) {
    return value.kind === "message" ? encodeEntries(type, value.entries) : undefined;
  }
  if (value.kind === "text") return value.text;
  if (value.kind === "message") return undefined;
  if (type instanceof protobufjs.Enum) return type.values[value.word];
  return field.type === "bool" ? value.word === "true" : Number(value.word);
}

function encodeEntries(type: Type, entries: readonly OptionEntry[]): OptionsMessage {
  const message: Record<string, unknown> = {};
  for (const { name, value } of entries) setOption(type, message, { path: [name], value });
  return message;
}
