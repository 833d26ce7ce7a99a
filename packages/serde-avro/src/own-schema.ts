import type { OwnReference, OwnSchema, ResolvedReference } from "@millrace/schema-registry";

import type { AvroReference } from "./avro-options.ts";
import { parseAvro, type AvroParsedSchema } from "./avro-format.ts";
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
  const parsed = parseAvro(textOf(source), references.map(resolved));
  return { schema: parsed.schema, own: ownSchemaOf(parsed, references) };
}

function ownSchemaOf(parsed: AvroParsedSchema, references: readonly AvroReference[]): OwnSchema {
  const { schema, text } = parsed;
  return {
    schemaType: "AVRO",
    text,
    references: references.map(ownReference),
    ...(isNamed(schema) ? { recordName: schema.name.full } : {}),
  };
}

function ownReference(reference: AvroReference): OwnReference {
  const { name, schema, subject = name, references } = reference;
  return { name, subject, schema: ownAvroSchema(schema, references).own };
}

function resolved({
  name,
  subject = name,
  schema,
  references = [],
}: AvroReference): ResolvedReference {
  return {
    name,
    subject,
    version: 1,
    schema: textOf(schema),
    references: references.map(resolved),
  };
}
