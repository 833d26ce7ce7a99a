import { ownReferences, resolvedReferences, type OwnSchema } from "@millrace/schema-registry";

import type { AvroReference } from "./avro-options.ts";
import { parseAvro } from "./avro-format.ts";
import { isNamed, type AvroSchema } from "./schema/avro-schema.ts";
import { textOf, type AvroSchemaSource } from "./schema/schema-source.ts";

/** A schema of the program, understood, and as a registry is asked for it. */
export interface OwnAvroSchema {
  readonly schema: AvroSchema;
  readonly own: OwnSchema;
}

/** @throws SchemaError `INVALID_SCHEMA` */
export function ownAvroSchema(
  source: AvroSchemaSource,
  references: readonly AvroReference[] = [],
): OwnAvroSchema {
  const { schema, text } = parseAvro(textOf(source), resolvedReferences(references, textOf));
  const own: OwnSchema = {
    schemaType: "AVRO",
    text,
    references: ownReferences(references, (one, inner) => ownAvroSchema(one, inner).own),
    ...(isNamed(schema) ? { recordName: schema.name.full } : {}),
  };
  return { schema, own };
}
