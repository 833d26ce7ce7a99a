import type { AvroSchema } from "../schema/avro-schema.ts";

/** How many bytes a value takes at least. */
export function bytesMinOf(schema: AvroSchema, within: readonly AvroSchema[] = []): number {
  switch (schema.kind) {
    case "null":
      return 0;
    case "float":
      return 4;
    case "double":
      return 8;
    case "fixed":
      return schema.size;
    case "union":
      return 1;
    case "record":
      // One that holds itself has no end but in a union or container, which take a byte.
      if (within.includes(schema)) return 0;
      return schema.fields.reduce(
        (sum, field) => sum + bytesMinOf(field.schema, [...within, schema]),
        0,
      );
    default:
      return 1;
  }
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
