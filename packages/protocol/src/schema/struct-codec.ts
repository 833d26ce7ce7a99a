import { ProtocolError } from "../protocol-error.ts";
import type { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { defaultOf, isDefault, isNullable, isPresent } from "./field-defaults.ts";
import type { Field, Fields } from "./field.ts";
import {
  badLength,
  bytesCodec,
  type CodecContext,
  type FieldCodec,
  fixedCodecs,
  stringCodec,
  writeLength,
  writeNull,
} from "./scalar-codec.ts";

type Values = Record<string, unknown>;

interface Part {
  readonly name: string;
  readonly field: Field;
  readonly codec: FieldCodec;
  readonly standard: unknown;
}

/** Reads and writes the fields of a struct, or of a whole message, in one version. */
export function structCodec(fields: Fields, context: CodecContext): FieldCodec {
  const plain: Part[] = [];
  const tagged: Part[] = [];
  const refused: [name: string, field: Field][] = [];
  const template: Values = {};
  for (const [name, field] of Object.entries(fields)) {
    const standard = defaultOf(field);
    template[name] = standard;
    if (!isPresent(field.options, context.version)) {
      if (field.options.ignorable !== true) refused.push([name, field]);
      continue;
    }
    const isTagged = field.options.tag !== undefined && context.isFlexible;
    const codec = fieldCodec(field, { ...context, path: `${context.path}.${name}` });
    (isTagged ? tagged : plain).push({ name, field, codec, standard });
  }
  tagged.sort((left, right) => tagOf(left) - tagOf(right));
  const tags = context.isFlexible ? tagBufferCodec(tagged) : undefined;

  const read = (reader: Reader): Values => {
    const values = { ...template };
    for (const part of plain) values[part.name] = part.codec.read(reader);
    tags?.read(reader, values);
    return values;
  };
  const write = (writer: Writer, values: Values): void => {
    for (const [name, field] of refused) {
      if (!isDefault(field, values[name]))
        throw unsupported(`${context.path}.${name}`, context.version);
    }
    for (const { name, codec, standard } of plain) {
      const value = values[name];
      codec.write(writer, (value === undefined ? standard : value) as never);
    }
    tags?.write(writer, values);
  };
  const sizeMin = plain.reduce((sum, part) => sum + part.codec.sizeMin, tags === undefined ? 0 : 1);
  return { read, write, sizeMin };
}

function tagOf(part: Part): number {
  return part.field.options.tag ?? 0;
}

/**
 * Tags in ascending order; those that are not known are skipped, those with the default left out.
 */
function tagBufferCodec(parts: readonly Part[]) {
  const byTag = new Map(parts.map((part) => [tagOf(part), part]));
  return {
    read(reader: Reader, values: Values): void {
      const tagCount = reader.readUnsignedVarint();
      reader.takeElements(tagCount);
      for (let count = tagCount; count > 0; count--) {
        const part = byTag.get(reader.readUnsignedVarint());
        const size = reader.readUnsignedVarint();
        if (part === undefined) {
          reader.skip(size);
          continue;
        }
        // As in Kafka, the size of a known tag is not held against what the field takes.
        values[part.name] = part.codec.read(reader);
      }
    },
    write(writer: Writer, values: Values): void {
      const given = parts.filter(({ name, field }) => !isDefault(field, values[name]));
      writer.writeUnsignedVarint(given.length);
      for (const part of given) {
        const nested = new Writer(64);
        part.codec.write(nested, values[part.name] as never);
        writer.writeUnsignedVarint(tagOf(part));
        writer.writeSized(nested);
      }
    },
  };
}

function unsupported(path: string, version: number): ProtocolError {
  return new ProtocolError(
    "INVALID_VALUE",
    `${path} is given, but version ${version} cannot carry it; leave it out or use another`,
  );
}

/** The codec of a field that is present in the context's version. */
function fieldCodec(field: Field, context: CodecContext): FieldCodec {
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
    reader.takeElements(length);
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
