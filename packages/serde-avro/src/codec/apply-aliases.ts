import {
  isNamed,
  type AvroName,
  type AvroSchema,
  type RecordSchema,
} from "../schema/avro-schema.ts";

/** What the aliases in a reader's schema call what a writer's has under other names. */
interface Renames {
  /** By the name in the writer. */
  readonly types: ReadonlyMap<string, AvroName>;
  /** By the record's name in the reader, then by the field's name in the writer. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** The writer's schema with the names that the aliases of the reader's give (Java: `Schema.applyAliases`). */
export function applyAliases(writer: AvroSchema, reader: AvroSchema): AvroSchema {
  const renames = collectRenames(reader);
  if (renames.types.size === 0 && renames.fields.size === 0) return writer;
  return renamed(writer, renames, new Map());
}

function collectRenames(reader: AvroSchema): Renames {
  const types = new Map<string, AvroName>();
  const fields = new Map<string, Map<string, string>>();
  const seen = new Set<AvroSchema>();
  const visit = (schema: AvroSchema): void => {
    if (isNamed(schema)) for (const alias of schema.aliases) types.set(alias.full, schema.name);
    if (schema.kind === "array") visit(schema.items);
    else if (schema.kind === "map") visit(schema.values);
    else if (schema.kind === "union") schema.branches.forEach(visit);
    if (schema.kind !== "record" || seen.has(schema)) return;
    seen.add(schema);
    const own = new Map<string, string>();
    for (const field of schema.fields) {
      for (const alias of field.aliases) own.set(alias, field.name);
      visit(field.schema);
    }
    if (own.size === 0) return;
    for (const { full } of [schema.name, ...schema.aliases]) fields.set(full, own);
  };
  visit(reader);
  return { types, fields };
}

function renamed(
  schema: AvroSchema,
  renames: Renames,
  seen: Map<AvroSchema, AvroSchema>,
): AvroSchema {
  const inner = (part: AvroSchema): AvroSchema => renamed(part, renames, seen);
  switch (schema.kind) {
    case "array":
      return { ...schema, items: inner(schema.items) };
    case "map":
      return { ...schema, values: inner(schema.values) };
    case "union":
      return { ...schema, branches: schema.branches.map(inner) };
    case "enum":
    case "fixed":
      return { ...schema, name: renames.types.get(schema.name.full) ?? schema.name };
    case "record":
      return seen.get(schema) ?? renamedRecord(schema, renames, seen);
    default:
      return schema;
  }
}

function renamedRecord(
  schema: RecordSchema,
  renames: Renames,
  seen: Map<AvroSchema, AvroSchema>,
): AvroSchema {
  const name = renames.types.get(schema.name.full) ?? schema.name;
  const fields: RecordSchema["fields"][number][] = [];
  const record: RecordSchema = { ...schema, name, fields };
  seen.set(schema, record);
  const names = renames.fields.get(name.full);
  for (const field of schema.fields) {
    fields.push({
      ...field,
      name: names?.get(field.name) ?? field.name,
      schema: renamed(field.schema, renames, seen),
    });
  }
  return record;
}
