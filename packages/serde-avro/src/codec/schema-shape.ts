import type { AvroSchema } from "../schema/avro-schema.ts";

/** True where values take no bytes: there may be any number of them. */
export function takesNoBytes(
  schema: AvroSchema,
  known: Map<AvroSchema, boolean> = new Map(),
): boolean {
  if (schema.kind === "null") return true;
  if (schema.kind === "fixed") return schema.size === 0;
  if (schema.kind !== "record") return false;
  const found = known.get(schema);
  if (found !== undefined) return found;
  // One that holds itself has no end but in a union or container, which take a byte.
  known.set(schema, true);
  const isEmpty = schema.fields.every((field) => takesNoBytes(field.schema, known));
  known.set(schema, isEmpty);
  return isEmpty;
}

/** Finds records in which a cycle of types begins: whatever nests without a bound goes through one of them. */
export class RecordCycles {
  readonly #seen = new Set<AvroSchema>();
  readonly #heads = new Set<AvroSchema>();
  readonly #under = new Set<AvroSchema>();

  isHead(record: AvroSchema): boolean {
    this.#visit(record);
    return this.#heads.has(record);
  }

  #visit(schema: AvroSchema): void {
    if (this.#under.has(schema)) this.#heads.add(schema);
    if (this.#seen.has(schema)) return;
    this.#seen.add(schema);
    if (schema.kind === "array") this.#visit(schema.items);
    if (schema.kind === "map") this.#visit(schema.values);
    if (schema.kind === "union") for (const branch of schema.branches) this.#visit(branch);
    if (schema.kind !== "record") return;
    this.#under.add(schema);
    for (const field of schema.fields) this.#visit(field.schema);
    this.#under.delete(schema);
  }
}
