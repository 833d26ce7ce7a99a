import type { ResolvedReference } from "@millrace/schema-registry";

import type { AvroSchema } from "./avro-schema.ts";
import { canonicalForm } from "./canonical-form.ts";
import { fingerprint64 } from "./fingerprint.ts";
import { parseSchema } from "./parse-schema.ts";
import { withinDepth } from "./within-depth.ts";

/** A schema as programs have it: its JSON as a text, or as a literal. A single word, such as `"string"`, is a type. */
export type AvroSchemaSource = string | object;

/** @throws SchemaError `INVALID_SCHEMA` */
export function readSource(
  source: AvroSchemaSource,
  references: readonly ResolvedReference[] = [],
): AvroSchema {
  return withinDepth(() => parseSchema(textOf(source), references).schema);
}

/** A word that is no JSON is the name of a type. */
export function textOf(source: AvroSchemaSource): string {
  const isWord = typeof source === "string" && /^\s*[\p{L}_][\p{L}\p{Nd}_.]*\s*$/u.test(source);
  if (isWord) return JSON.stringify(source.trim());
  return typeof source === "string" ? source : JSON.stringify(source);
}

/**
 * Avro's parsing canonical form: what a reader of the bytes must know of their schema, in one spelling. Docs, aliases,
 * defaults and logical types are not in it (Java: `SchemaNormalization.toParsingForm`).
 *
 * @throws SchemaError `INVALID_SCHEMA`
 * @example
 * avroCanonicalForm({ type: "fixed", name: "Hash", namespace: "files", size: 16 });
 * // {"name":"files.Hash","type":"fixed","size":16}
 */
export function avroCanonicalForm(source: AvroSchemaSource): string {
  return withinDepth(() => canonicalForm(readSource(source)));
}

/**
 * The 64-bit fingerprint of the canonical form, which single-object encoding carries (Java:
 * `SchemaNormalization.parsingFingerprint64`).
 *
 * @throws SchemaError `INVALID_SCHEMA`
 * @example
 * avroFingerprint("int").toString(16); // "7275d51a3f395c8f"
 */
export function avroFingerprint(source: AvroSchemaSource): bigint {
  return withinDepth(() => fingerprint64(readSource(source)));
}
