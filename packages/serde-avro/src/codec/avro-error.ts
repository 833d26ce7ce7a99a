import { BaseError } from "@millrace/model";

export type AvroErrorCode =
  /** The bytes end within the value. */
  | "TRUNCATED"
  /** The bytes are no value of the schema that they are said to be written with. */
  | "MALFORMED"
  /** The bytes ask for more than a reader grants: nesting, items without bytes, digits. */
  | "LIMIT_EXCEEDED"
  /** The bytes are a value that the reader's schema has no place for. */
  | "UNRESOLVABLE"
  /** A long beyond 2^53 where numbers were asked for. */
  | "UNSAFE_LONG"
  /** The value does not fit the schema. */
  | "INVALID_VALUE"
  /** Single-object encoding with a fingerprint of a schema that is not known. */
  | "UNKNOWN_FINGERPRINT";

/** Bytes that cannot be read, or a value that cannot be written. */
export class AvroError extends BaseError<AvroErrorCode> {}

export function truncated(): AvroError {
  return new AvroError("TRUNCATED", "the bytes end within the value");
}

export function malformed(what: string): AvroError {
  return new AvroError(
    "MALFORMED",
    `${what}; the bytes were not written with the schema that they are read with`,
  );
}
