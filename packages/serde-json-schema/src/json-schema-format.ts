import {
  SchemaError,
  type CompatibilityPolicy,
  type ParsedSchema,
  type ResolvedReference,
  type SchemaDifference,
  type SchemaFormat,
} from "@millrace/schema-registry";

import { compareSchemas } from "./compatibility/comparison.ts";
import { describeDifference } from "./compatibility/describe.ts";
import { isAllowed } from "./compatibility/difference-kinds.ts";
import type { JsonValue } from "./json/json-value.ts";
import { parseJson } from "./json/parse-json.ts";
import { printJson } from "./json/print-json.ts";
import { loadSchema } from "./schema/load-schema.ts";
import type { NamedDocument } from "./schema/schema-documents.ts";
import type { SchemaNode } from "./schema/schema-node.ts";

/** A JSON schema as a registry has it. */
export class JsonParsedSchema implements ParsedSchema {
  readonly schemaType = "JSON";
  readonly text: string;
  readonly json: JsonValue;
  /** What it refers to, by the names that it uses. */
  readonly references: readonly NamedDocument[];
  readonly #node: SchemaNode;

  constructor(json: JsonValue, references: readonly NamedDocument[]) {
    this.json = json;
    this.references = references;
    this.text = printJson(json, "as written");
    this.#node = loadSchema(json, references);
  }

  normalized(): string {
    return printJson(this.json, "sorted");
  }

  formatted(): string {
    return this.text;
  }

  differencesFrom(writer: ParsedSchema, policy: CompatibilityPolicy): readonly SchemaDifference[] {
    if (!(writer instanceof JsonParsedSchema))
      throw new SchemaError(
        "INVALID_SCHEMA",
        `a schema of ${writer.schemaType} cannot be compared with one of JSON`,
      );
    return compareSchemas(writer.#node, this.#node, policy).map(({ kind, path }) => ({
      kind,
      path: `#/${path}`,
      message: describeDifference(kind, `#/${path}`),
      isAllowed: isAllowed(kind, policy),
    }));
  }
}

/**
 * JSON Schema as a registry needs it: drafts 4, 6, 7, 2019-09 and 2020-12, compared as Confluent's registry does. A
 * schema that names no draft is one of draft 7. Schemas elsewhere on the net are never fetched.
 *
 * @example
 * const schema = jsonSchemaFormat.parse('{ "type": "string" }', []);
 * schema.text; // '{"type":"string"}'
 */
export const jsonSchemaFormat: SchemaFormat = {
  schemaType: "JSON",
  parse(text: string, references: readonly ResolvedReference[]): JsonParsedSchema {
    const named = documentsOf(references).map(({ name, schema }) => ({
      name,
      json: parse(schema, `the JSON schema that is referred to as ${name}`),
    }));
    return new JsonParsedSchema(parse(text, "the JSON schema"), named);
  },
};

/** The schemas themselves first: their names win over those of their references. */
function documentsOf(references: readonly ResolvedReference[]): readonly ResolvedReference[] {
  return [...references, ...references.flatMap((one) => documentsOf(one.references))];
}

function parse(text: string, what: string): JsonValue {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new SchemaError("INVALID_SCHEMA", `${what} is no JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}
