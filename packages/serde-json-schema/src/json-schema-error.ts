import { BaseError } from "@millrace/model";

export type JsonSchemaErrorCode =
  /** A pattern of the schema is no regular expression. */
  | "INVALID_PATTERN"
  /** No engine matches a pattern of the schema within a bound. */
  | "PATTERN_WITHOUT_BOUND"
  /** A text is too long for a pattern that only backtracking can match. */
  | "TEXT_TOO_LONG";

/** A JSON schema cannot be used, or a value cannot be checked by it. */
export class JsonSchemaError extends BaseError<JsonSchemaErrorCode> {}
