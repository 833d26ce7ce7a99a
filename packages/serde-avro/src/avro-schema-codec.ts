import type {
  KnownSchema,
  SchemaCodec,
  SchemaReader,
  SchemaWriter,
} from "@millrace/schema-registry";

import {
  AvroValueReader,
  AvroValueWriter,
  isBareBytes,
  withLength,
  withoutLength,
} from "./codec/avro-values.ts";
import type { ValueOptions } from "./codec/value-form.ts";
import type { OwnAvroSchema } from "./own-schema.ts";
import type { AvroSchema } from "./schema/avro-schema.ts";
import { parseSchema } from "./schema/parse-schema.ts";
import { withinDepth } from "./schema/within-depth.ts";

/**
 * Avro for a serde with a registry. Without a schema of the program's own, records are read as they were written.
 */
export function avroSchemaCodec(
  given: OwnAvroSchema | undefined,
  options: ValueOptions,
): SchemaCodec<unknown> {
  return {
    name: "avro",
    schemaType: "AVRO",
    ownSchemas: given === undefined ? [] : [given.own],
    writer: (known) => writerOf(knownSchema(known), options),
    reader(known) {
      const writer = knownSchema(known);
      return readerOf(writer, given?.schema ?? writer, options);
    },
  };
}

function knownSchema({ text, references }: KnownSchema): AvroSchema {
  return withinDepth(() => parseSchema(text, references, { isNew: false }).schema);
}

function writerOf(schema: AvroSchema, options: ValueOptions): SchemaWriter<unknown> {
  const writer = new AvroValueWriter(schema, options);
  if (!isBareBytes(schema)) return writer;
  return { write: (value, prefix) => withoutLength(writer.write(value), prefix) };
}

function readerOf(
  writer: AvroSchema,
  reader: AvroSchema,
  options: ValueOptions,
): SchemaReader<unknown> {
  const values = new AvroValueReader(writer, reader, options);
  if (!isBareBytes(writer)) return values;
  return { read: (bytes, at) => values.read(withLength(bytes, at)) };
}
