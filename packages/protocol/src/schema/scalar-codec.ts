import { ProtocolError } from "../protocol-error.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { ScalarKind } from "./field.ts";

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

function fixed<T>(
  sizeMin: number,
  read: (reader: Reader) => T,
  write: (writer: Writer, value: T) => void,
): FieldCodec {
  return { read, write, sizeMin };
}

export const fixedCodecs: Readonly<
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

export function stringCodec({ isFlexible, path }: CodecContext, nullable: boolean): FieldCodec {
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

export function bytesCodec({ isFlexible, path }: CodecContext, nullable: boolean): FieldCodec {
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

export function writeLength(writer: Writer, length: number, isFlexible: boolean): void {
  if (isFlexible) writer.writeUnsignedVarint(length + 1);
  else writer.writeInt32(length);
}

export interface NullContext {
  readonly isFlexible: boolean;
  readonly path: string;
  readonly nullable: boolean;
  /** The length of strings has two bytes, all others four. */
  readonly isShort: boolean;
}

export function writeNull(
  writer: Writer,
  { isFlexible, path, nullable, isShort }: NullContext,
): void {
  if (!nullable)
    throw new ProtocolError("INVALID_VALUE", `${path} is null, which its version does not allow`);
  if (isFlexible) writer.writeUnsignedVarint(0);
  else if (isShort) writer.writeInt16(-1);
  else writer.writeInt32(-1);
}

export function badLength(path: string, length: number): ProtocolError {
  return new ProtocolError(
    "MALFORMED_MESSAGE",
    `${path} has length ${length}, which its version does not allow`,
  );
}
