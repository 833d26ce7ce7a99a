import { BaseError } from "@millrace/model";

export type SchemaErrorCode =
  /** The text is no schema of its format, or a reference that it uses is missing. */
  "INVALID_SCHEMA";

/** A schema cannot be understood. The message names the place. */
export class SchemaError extends BaseError<SchemaErrorCode> {}
