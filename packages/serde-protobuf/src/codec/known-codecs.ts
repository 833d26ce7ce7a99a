/**
 * Well-known types that TypeScript has a form of its own for: wrappers are the bare value, `Struct`, `Value` and
 * `ListValue` are JSON. The others (`Timestamp`, `Duration`, `Any`, `FieldMask`, `Empty`) are messages as they stand.
 */
import type { Reader, Writer } from "protobufjs";

import { ProtobufError } from "./protobuf-error.ts";
import { depthMax, readEnd, tooDeep, type MessageCodec } from "./wire.ts";
import { shown } from "@millrace/model";

/** What `google.protobuf.Value` holds. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A wrapper around a codec of `{ value }`. */
export function wrapperCodec(inner: MessageCodec): MessageCodec {
  const valueOf = (message: unknown): unknown => (message as { readonly value: unknown }).value;
  return {
    empty: () => valueOf(inner.empty()),
    decode: (reader, end, depth) => valueOf(inner.decode(reader, end, depth)),
    encode: (value, writer, depth) => inner.encode({ value }, writer, depth),
  };
}

export const wrapperNames: ReadonlySet<string> = new Set(
  ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"].map(
    (name) => `google.protobuf.${name}Value`,
  ),
);

export const valueCodec: MessageCodec = {
  empty: () => null,
  decode: (reader, end, depth) => decodeValue(reader, end, depth),
  encode: encodeValue,
};

export const structCodec: MessageCodec = {
  empty: () => ({}),
  decode: decodeStruct,
  encode: encodeStruct,
};

export const listCodec: MessageCodec = {
  empty: () => [],
  decode: decodeList,
  encode: encodeList,
};

/** Field numbers of `Value`. */
const nullValue = 1;
const numberValue = 2;
const stringValue = 3;
const boolValue = 4;
const structValue = 5;
const listValue = 6;

function decodeValue(reader: Reader, end: number, depth: number): JsonValue {
  if (depth > depthMax) throw tooDeep();
  let value: JsonValue = null;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === nullValue * 8) {
      reader.int32();
      value = null;
    } else if (tag === numberValue * 8 + 1) value = reader.double();
    else if (tag === stringValue * 8 + 2) value = reader.stringVerify();
    else if (tag === boolValue * 8) value = reader.bool();
    else if (tag === structValue * 8 + 2) {
      value = within(reader, (inner) => decodeStruct(reader, inner, depth + 1));
    } else if (tag === listValue * 8 + 2) {
      value = within(reader, (inner) => decodeList(reader, inner, depth + 1));
    } else reader.skipType(tag & 7, depth, tag >>> 3);
  }
  return value;
}

function decodeStruct(
  reader: Reader,
  end: number,
  depth: number,
  into: unknown = {},
): { readonly [key: string]: JsonValue } {
  if (depth > depthMax) throw tooDeep();
  const entries: [string, JsonValue][] = Object.entries(into as Record<string, JsonValue>);
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === 10) entries.push(within(reader, (inner) => decodeEntry(reader, inner, depth)));
    else reader.skipType(tag & 7, depth, tag >>> 3);
  }
  // Unlike an assignment, it makes an own member of "__proto__".
  return Object.fromEntries(entries);
}

function decodeEntry(reader: Reader, end: number, depth: number): [string, JsonValue] {
  let key = "";
  let value: JsonValue = null;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === 10) key = reader.stringVerify();
    else if (tag === 18) value = within(reader, (inner) => decodeValue(reader, inner, depth + 1));
    else reader.skipType(tag & 7, depth, tag >>> 3);
  }
  return [key, value];
}

function decodeList(
  reader: Reader,
  end: number,
  depth: number,
  into: unknown = [],
): readonly JsonValue[] {
  if (depth > depthMax) throw tooDeep();
  const list = [...(into as readonly JsonValue[])];
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === 10) list.push(within(reader, (inner) => decodeValue(reader, inner, depth + 1)));
    else reader.skipType(tag & 7, depth, tag >>> 3);
  }
  return list;
}

function within<T>(reader: Reader, read: (end: number) => T): T {
  const { len } = reader;
  const end = readEnd(reader);
  reader.len = end;
  const value = read(end);
  reader.len = len;
  return value;
}

function encodeValue(value: unknown, writer: Writer, depth: number): void {
  if (depth > depthMax) throw tooDeep();
  if (value === null) writer.uint32(nullValue * 8).int32(0);
  else if (typeof value === "number") writer.uint32(numberValue * 8 + 1).double(value);
  else if (typeof value === "string") writer.uint32(stringValue * 8 + 2).string(wellFormed(value));
  else if (typeof value === "boolean") writer.uint32(boolValue * 8).bool(value);
  else if (Array.isArray(value)) {
    writer.uint32(listValue * 8 + 2).fork();
    encodeList(value, writer, depth + 1);
    writer.ldelim();
  } else {
    writer.uint32(structValue * 8 + 2).fork();
    encodeStruct(value, writer, depth + 1);
    writer.ldelim();
  }
}

function encodeStruct(value: unknown, writer: Writer, depth: number): void {
  if (depth > depthMax) throw tooDeep();
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unfitJson(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unfitJson(value);
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    writer.uint32(10).fork().uint32(10).string(wellFormed(key)).uint32(18).fork();
    encodeValue(item, writer, depth + 1);
    writer.ldelim().ldelim();
  }
}

function encodeList(value: unknown, writer: Writer, depth: number): void {
  if (depth > depthMax) throw tooDeep();
  if (!Array.isArray(value)) throw unfitJson(value);
  for (const item of value as readonly unknown[]) {
    writer.uint32(10).fork();
    encodeValue(item, writer, depth + 1);
    writer.ldelim();
  }
}

/** Half of a surrogate pair has no UTF-8. */
function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw unfitJson(text);
  return text;
}

function unfitJson(value: unknown): ProtobufError {
  const problem = `google.protobuf.Struct, Value and ListValue take JSON, not ${shown(value)}`;
  return new ProtobufError("INVALID_VALUE", problem);
}
