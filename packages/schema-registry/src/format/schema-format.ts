/** A schema's pointer to another one (Confluent: `SchemaReference`). */
export interface SchemaReference {
  /** How the schema's text calls it: a full name in Avro, a file in Protobuf, a URI in JSON Schema. */
  readonly name: string;
  readonly subject: string;
  /** From 1. */
  readonly version: number;
}

/** A reference with what it points to, its own references within. */
export interface ResolvedReference extends SchemaReference {
  readonly schema: string;
  readonly references: readonly ResolvedReference[];
}

/** Names of the formats on the wire of a registry. */
export type SchemaType = "AVRO" | "PROTOBUF" | "JSON";

/** One format of schemas, as a registry needs it (Confluent: `SchemaProvider`). */
export interface SchemaFormat {
  readonly schemaType: SchemaType;
  /**
   * @param references of the schema, resolved; those that the text does not use are allowed
   * @throws SchemaError `INVALID_SCHEMA`, with what is wrong and where
   */
  parse(
    text: string,
    references: readonly ResolvedReference[],
    options?: SchemaParseOptions,
  ): ParsedSchema;
}

export interface SchemaParseOptions {
  /**
   * False: a registry has it already, or it is looked for there; older registries took what is refused today, such as
   * defaults that do not fit. Default: true.
   */
  readonly isNew?: boolean;
}

/** A schema that was understood (Confluent: `ParsedSchema`). */
export interface ParsedSchema {
  readonly schemaType: SchemaType;
  /** The text that a registry keeps and compares: two schemas are one if theirs are equal. */
  readonly text: string;
  /** The text without what does not matter to anybody: order of unknown attributes, of keys, of fields. */
  normalized(): string;
  /** The text in a form that a client asked for, such as `serialized` or `resolved`; an unknown form: `text`. */
  formatted(form: string): string;
  /**
   * What hinders a reader of this schema to read what `writer` wrote, and what was seen and let pass. Both have this
   * format.
   */
  differencesFrom(writer: ParsedSchema, policy: CompatibilityPolicy): readonly SchemaDifference[];
}

/** How strict JSON Schema is about open objects (Confluent: `CompatibilityPolicy`). */
export type CompatibilityPolicy = "STRICT" | "LENIENT";

export interface SchemaDifference {
  /** Confluent's name of it, such as `READER_FIELD_MISSING_DEFAULT_VALUE`. */
  readonly kind: string;
  /** Where, as that format writes it, such as `/fields/1`. */
  readonly path: string;
  /** Avro: the missing symbols, or the field's name. */
  readonly detail?: string;
  /** A sentence for people: what breaks, and where. */
  readonly message: string;
  /** True: it was seen, and reading goes on. */
  readonly isAllowed: boolean;
}
