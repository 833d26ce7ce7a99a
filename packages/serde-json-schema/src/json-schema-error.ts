import { BaseError } from "@millrace/model";

export type JsonSchemaErrorCode =
  /** A pattern of the schema is no regular expression. */
  | "INVALID_PATTERN"
  /** No engine matches a pattern of the schema within a bound. */
  | "PATTERN_WITHOUT_BOUND"
  /** A text is too long for a pattern that only backtracking can match, or for a format. */
  | "TEXT_TOO_LONG"
  /** The schema's text is too long to be compiled. */
  | "SCHEMA_TOO_LARGE"
  /** The value is not what the schema demands. */
  | "INVALID_VALUE"
  /** The value or the schema is nested deeper than the checks can follow. */
  | "NESTED_TOO_DEEP"
  /** Checking the value follows more references than are granted for its size. */
  | "VALIDATION_TOO_COSTLY";

/** A JSON schema cannot be used, or a value cannot be checked by it. */
export class JsonSchemaError extends BaseError<JsonSchemaErrorCode> {}
