export { SchemaError, type SchemaErrorCode } from "./format/schema-error.ts";
export type {
  CompatibilityPolicy,
  ParsedSchema,
  ResolvedReference,
  SchemaDifference,
  SchemaFormat,
  SchemaReference,
  SchemaType,
} from "./format/schema-format.ts";
