export { SerdeError, type SerdeErrorCode } from "./serde-error.ts";
export type { Serde } from "./serde.ts";
export type {
  SchemaOutput,
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaResult,
} from "./standard-schema.ts";
