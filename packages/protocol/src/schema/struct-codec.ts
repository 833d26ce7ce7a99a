import { ProtocolError } from "../protocol-error.ts";
import type { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import {
  type CodecContext,
  defaultOf,
  fieldCodec,
  type FieldCodec,
  isDefault,
  isPresent,
} from "./field-codec.ts";
import type { Field, Fields } from "./field.ts";

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

/** Tags in ascending order; those that are not known are skipped, those with the default left out. */
function tagBufferCodec(parts: readonly Part[]) {
  const byTag = new Map(parts.map((part) => [tagOf(part), part]));
  return {
    read(reader: Reader, values: Values): void {
      for (let count = reader.readUnsignedVarint(); count > 0; count--) {
        const part = byTag.get(reader.readUnsignedVarint());
        const size = reader.readUnsignedVarint();
        if (part === undefined) {
          reader.skip(size);
          continue;
        }
        const start = reader.position;
        values[part.name] = part.codec.read(reader);
        if (reader.position - start !== size) {
          throw new ProtocolError(
            "MALFORMED_MESSAGE",
            `tagged field ${part.name} has ${reader.position - start} bytes, its size says ${size}`,
          );
        }
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
    `${path} is given, but version ${version} cannot carry it; leave it out or use a version that has it`,
  );
}
