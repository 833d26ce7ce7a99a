import { noBytes } from "@millrace/model";
import { ProtocolError } from "../protocol-error.ts";
import type { Reader } from "../wire/reader.ts";
import { zeroUuid } from "../wire/uuid.ts";
import type { Writer } from "../wire/writer.ts";
import type { Field, FieldOptions, ScalarKind } from "./field.ts";
import { structCodec } from "./struct-codec.ts";

/** What a codec is composed for. */
export interface CodecContext {
  readonly version: number;
  readonly isFlexible: boolean;
  /** Names from the message to the field, for messages of errors. */
  readonly path: string;
}

/** Reads and writes one field in one version. */
export interface FieldCodec {
  read(reader: Reader): unknown;
  write(writer: Writer, value: never): void;
  /** Fewest bytes that a value has: bounds how many a list may claim. */
  readonly sizeMin: number;
}

const emptyList: readonly never[] = Object.freeze([]);

export function isPresent({ since = 0, until = Infinity }: FieldOptions, version: number): boolean {
  return version >= since && version <= until;
}

function isNullable({ nullable }: FieldOptions, version: number): boolean {
  return nullable === true || (nullable !== undefined && version >= nullable);
}

/** What stands for a field that is absent. Shared: never changed. */
export function defaultOf(field: Field): unknown {
  const given = field.options.default;
  if (given !== undefined) return Array.isArray(given) ? emptyList : given;
  switch (field.kind) {
    case "bool":
      return false;
    case "string":
      return "";
    case "uuid":
      return zeroUuid;
    case "bytes":
    case "records":
      return noBytes;
    case "array":
      return emptyList;
    case "struct":
      return Object.freeze(
        Object.fromEntries(
          Object.entries(field.fields ?? {}).map(([name, part]) => [name, defaultOf(part)]),
        ),
      );
    default:
      return 0;
  }
}

/** True if the value is the one that `defaultOf` gives, or not given at all. */
export function isDefault(field: Field, value: unknown): boolean {
  if (value === undefined) return true;
  const standard = field.options.default;
  if (standard === null || value === null) return value === standard;
  switch (field.kind) {
    case "array":
    case "bytes":
    case "records":
      return (value as ArrayLike<unknown>).length === 0;
    case "struct":
      return Object.entries(field.fields ?? {}).every(([name, part]) =>
        isDefault(part, (value as Record<string, unknown>)[name]),
      );
    default:
      return value === defaultOf(field);
  }
}

/** The codec of a field that is present in the context's version. */
export function fieldCodec(field: Field, context: CodecContext): FieldCodec {
  const nullable = isNullable(field.options, context.version);
  switch (field.kind) {
    case "array":
      return arrayCodec(field, context, nullable);
    case "struct": {
      const codec = structCodec(field.fields ?? {}, context);
      return nullable ? nullableStructCodec(codec) : codec;
    }
    case "string":
      return stringCodec(context, nullable);
    case "bytes":
    case "records":
      return bytesCodec(context, nullable);
    default:
      return fixedCodecs[field.kind];
  }
}

function fixed<T>(
  sizeMin: number,
  read: (reader: Reader) => T,
  write: (writer: Writer, value: T) => void,
): FieldCodec {
  return { read, write, sizeMin };
}

const fixedCodecs: Readonly<
  Record<Exclude<ScalarKind, "string" | "bytes" | "records">, FieldCodec>
> = {
  bool: fixed(
    1,
    (reader) => reader.readBoolean(),
    (writer, value) => writer.writeBoolean(value),
  ),
  int8: fixed(
    1,
    (reader) => reader.readInt8(),
    (writer, value) => writer.writeInt8(value),
  ),
  int16: fixed(
    2,
    (reader) => reader.readInt16(),
    (writer, value) => writer.writeInt16(value),
  ),
  uint16: fixed(
    2,
    (reader) => reader.readUint16(),
    (writer, value) => writer.writeUint16(value),
  ),
  int32: fixed(
    4,
    (reader) => reader.readInt32(),
    (writer, value) => writer.writeInt32(value),
  ),
  uint32: fixed(
    4,
    (reader) => reader.readUint32(),
    (writer, value) => writer.writeUint32(value),
  ),
  int64: fixed(
    8,
    (reader) => reader.readInt64(),
    (writer, value) => writer.writeInt64(value),
  ),
  float64: fixed(
    8,
    (reader) => reader.readFloat64(),
    (writer, value) => writer.writeFloat64(value),
  ),
  uuid: fixed(
    16,
    (reader) => reader.readUuid(),
    (writer, value) => writer.writeUuid(value),
  ),
};

function stringCodec({ isFlexible, path }: CodecContext, nullable: boolean): FieldCodec {
  const read = (reader: Reader): string | null => {
    const length = isFlexible ? reader.readCompactLength() : reader.readInt16();
    if (length >= 0 && length <= 0x7fff) return reader.readText(length);
    if (length < 0 && nullable) return null;
    throw badLength(path, length);
  };
  const write = (writer: Writer, value: string | null): void => {
    if (value === null) writeNull(writer, { isFlexible, path, nullable, isShort: true });
    else if (isFlexible) writer.writeCompactString(value);
    else writer.writeString(value);
  };
  return { read, write, sizeMin: isFlexible ? 1 : 2 };
}

function bytesCodec({ isFlexible, path }: CodecContext, nullable: boolean): FieldCodec {
  const read = (reader: Reader): Uint8Array | null => {
    const length = isFlexible ? reader.readCompactLength() : reader.readInt32();
    if (length >= 0) return reader.readView(length);
    if (nullable) return null;
    throw badLength(path, length);
  };
  const write = (writer: Writer, value: Uint8Array | readonly Uint8Array[] | null): void => {
    if (value === null) {
      writeNull(writer, { isFlexible, path, nullable, isShort: false });
      return;
    }
    const parts = value instanceof Uint8Array ? [value] : value;
    let length = 0;
    for (const part of parts) length += part.length;
    writeLength(writer, length, isFlexible);
    for (const part of parts) writer.writeRaw(part);
  };
  return { read, write, sizeMin: isFlexible ? 1 : 4 };
}

function arrayCodec(field: Field, context: CodecContext, nullable: boolean): FieldCodec {
  const { isFlexible, path } = context;
  if (field.element === undefined)
    throw new ProtocolError("INVALID_VALUE", `${path} has no element`);
  const element = fieldCodec(field.element, context);
  const sizeMin = Math.max(element.sizeMin, 1);
  const read = (reader: Reader): readonly unknown[] | null => {
    const length = isFlexible ? reader.readCompactLength() : reader.readInt32();
    if (length <= 0) {
      if (length === 0) return [];
      if (nullable) return null;
      throw badLength(path, length);
    }
    if (length * sizeMin > reader.remaining) {
      throw new ProtocolError(
        "MALFORMED_MESSAGE",
        `${path} claims ${length} elements where ${reader.remaining} bytes are left`,
      );
    }
    const list: unknown[] = [];
    for (let index = 0; index < length; index++) list.push(element.read(reader));
    return list;
  };
  const write = (writer: Writer, value: readonly never[] | null): void => {
    if (value === null) {
      writeNull(writer, { isFlexible, path, nullable, isShort: false });
      return;
    }
    writeLength(writer, value.length, isFlexible);
    for (const item of value) element.write(writer, item);
  };
  return { read, write, sizeMin: isFlexible ? 1 : 4 };
}

/** One byte before the struct: negative is null. */
function nullableStructCodec(codec: FieldCodec): FieldCodec {
  return {
    read: (reader) => (reader.readInt8() < 0 ? null : codec.read(reader)),
    write: (writer, value) => {
      writer.writeInt8(value === null ? -1 : 1);
      if (value !== null) codec.write(writer, value);
    },
    sizeMin: 1,
  };
}

function writeLength(writer: Writer, length: number, isFlexible: boolean): void {
  if (isFlexible) writer.writeUnsignedVarint(length + 1);
  else writer.writeInt32(length);
}

interface NullContext {
  readonly isFlexible: boolean;
  readonly path: string;
  readonly nullable: boolean;
  /** The length of strings has two bytes, all others four. */
  readonly isShort: boolean;
}

function writeNull(writer: Writer, { isFlexible, path, nullable, isShort }: NullContext): void {
  if (!nullable)
    throw new ProtocolError("INVALID_VALUE", `${path} is null, which its version does not allow`);
  if (isFlexible) writer.writeUnsignedVarint(0);
  else if (isShort) writer.writeInt16(-1);
  else writer.writeInt32(-1);
}

function badLength(path: string, length: number): ProtocolError {
  return new ProtocolError(
    "MALFORMED_MESSAGE",
    `${path} has length ${length}, which its version does not allow`,
  );
}
