import type { AvroSchema } from "./avro-schema.ts";

/** Avro's parsing canonical form: what matters to a reader of the bytes, in one spelling; its fingerprints tell schemas apart. */
export function canonicalForm(schema: AvroSchema): string {
  return print(schema, new Set());
}

function print(schema: AvroSchema, known: Set<string>): string {
  switch (schema.kind) {
    case "union":
      return `[${schema.branches.map((branch) => print(branch, known)).join(",")}]`;
    case "array":
      return `{"type":"array","items":${print(schema.items, known)}}`;
    case "map":
      return `{"type":"map","values":${print(schema.values, known)}}`;
    case "record":
    case "enum":
    case "fixed":
      break;
    default:
      return `"${schema.kind}"`;
  }
  const { full } = schema.name;
  if (known.has(full)) return `"${full}"`;
  known.add(full);
  const head = `{"name":"${full}","type":"${schema.kind}"`;
  if (schema.kind === "fixed") return `${head},"size":${schema.size}}`;
  if (schema.kind === "enum") {
    return `${head},"symbols":[${schema.symbols.map((symbol) => `"${symbol}"`).join(",")}]}`;
  }
  const fields = schema.fields.map(
    (field) => `{"name":"${field.name}","type":${print(field.schema, known)}}`,
  );
  return `${head},"fields":[${fields.join(",")}]}`;
}
