import type { AvroSchema } from "../schema/avro-schema.ts";

/** True where values take no bytes: there may be any number of them. */
export function takesNoBytes(schema: AvroSchema, within: readonly AvroSchema[] = []): boolean {
  if (schema.kind === "null") return true;
  if (schema.kind === "fixed") return schema.size === 0;
  // A record that holds itself has no end but in a union or container, which take a byte.
  if (schema.kind !== "record" || within.includes(schema)) return schema.kind === "record";
  return schema.fields.every((field) => takesNoBytes(field.schema, [...within, schema]));
}

/** True for a record whose values may hold values of it. */
export function isRecursive(record: AvroSchema): boolean {
  const seen = new Set<AvroSchema>();
  const reaches = (schema: AvroSchema): boolean => {
    if (schema === record && seen.size > 0) return true;
    if (seen.has(schema)) return false;
    seen.add(schema);
    if (schema.kind === "array") return reaches(schema.items);
    if (schema.kind === "map") return reaches(schema.values);
    if (schema.kind === "union") return schema.branches.some(reaches);
    return schema.kind === "record" && schema.fields.some((field) => reaches(field.schema));
  };
  return reaches(record);
}
