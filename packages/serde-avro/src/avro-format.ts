import {
  SchemaError,
  type ParsedSchema,
  type ResolvedReference,
  type SchemaDifference,
  type SchemaFormat,
  type SchemaParseOptions,
} from "@millrace/schema-registry";

import { isNamed, type AvroSchema } from "./schema/avro-schema.ts";
import { schemaDifferences } from "./schema/compatibility.ts";
import { parseSchema } from "./schema/parse-schema.ts";
import { printSchema } from "./schema/print-schema.ts";
import { withinDepth } from "./schema/within-depth.ts";

/** A schema of Avro as a registry has it. */
export class AvroParsedSchema implements ParsedSchema {
  readonly schemaType = "AVRO";
  readonly text: string;
  readonly schema: AvroSchema;
  /** Full names of what the references define at their top; the text names them only. */
  readonly #known: readonly string[];

  constructor(schema: AvroSchema, known: readonly string[]) {
    this.schema = schema;
    this.#known = known;
    this.text = printSchema(schema, { known });
  }

  normalized(): string {
    return printSchema(this.schema, { known: this.#known, isNormalized: true });
  }

  /** `resolved` puts the schemas of references in, where each is named first. */
  formatted(form: string): string {
    return form === "resolved" ? printSchema(this.schema) : this.text;
  }

  differencesFrom(writer: ParsedSchema): readonly SchemaDifference[] {
    if (!(writer instanceof AvroParsedSchema)) {
      const found = `a schema of ${writer.schemaType} where one of AVRO is asked for`;
      throw new SchemaError("INVALID_SCHEMA", found);
    }
    return withinDepth(() => schemaDifferences(this.schema, writer.schema));
  }
}

/**
 * Avro as a registry needs it: reads, prints and compares schemas as Apache Avro 1.12 and Confluent's registry do.
 *
 * @example
 * const schema = avroFormat.parse('{"type": "string"}', []);
 * schema.text; // '"string"'
 */
export const avroFormat: SchemaFormat = {
  schemaType: "AVRO",
  parse: parseAvro,
};

export function parseAvro(
  text: string,
  references: readonly ResolvedReference[],
  options?: SchemaParseOptions,
): AvroParsedSchema {
  return withinDepth(() => {
    const { schema, referenced } = parseSchema(text, references, options);
    const known = referenced.filter(isNamed).map(({ name }) => name.full);
    return new AvroParsedSchema(schema, known);
  });
}
