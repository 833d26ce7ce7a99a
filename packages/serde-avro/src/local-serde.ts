import { noBytes, type ReadOptions } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import type { avroOptionRows } from "./avro-options.ts";
import { AvroValueReader, AvroValueWriter } from "./codec/avro-values.ts";
import { ownAvroSchema } from "./own-schema.ts";
import type { AvroSchema } from "./schema/avro-schema.ts";
import { SingleObjectReaders, singleObjectHead, singleObjectHeadSize } from "./single-object.ts";

export type AvroSettings = ReadOptions<typeof avroOptionRows>;

/** The serde of a schema that no registry is asked for. */
export function localSerde(schema: AvroSchema, settings: AvroSettings): Serde<unknown> {
  const writer = new AvroValueWriter(schema, settings);
  const others = (settings.writtenWith ?? []).map(
    (source) => ownAvroSchema(source, settings.references).schema,
  );
  const readerOf = (written: AvroSchema): AvroValueReader =>
    new AvroValueReader(written, schema, settings);
  if (settings.encoding === "datum") {
    const reader = readerOf(others[0] ?? schema);
    return {
      name: "avro",
      isNullable: false,
      serialize: (value) => writer.write(value, noBytes),
      deserialize: (bytes) => notNull(reader.read(bytes)),
    };
  }
  const head = singleObjectHead(schema);
  const readers = new SingleObjectReaders([...others, schema], readerOf);
  return {
    name: "avro",
    isNullable: false,
    serialize: (value) => writer.write(value, head),
    deserialize: (bytes) => notNull(readers.find(bytes).read(bytes, singleObjectHeadSize)),
  };
}

/** A union's null is a value in Avro; what it stands for as a whole is the caller's. */
function notNull(value: unknown): NonNullable<unknown> {
  return value as NonNullable<unknown>;
}
