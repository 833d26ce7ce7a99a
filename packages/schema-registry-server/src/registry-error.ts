import type { SchemaError } from "@millrace/schema-registry";
import { BaseError, type ErrorDetails } from "@millrace/model";

export type RegistryErrorCode =
  | "BAD_REQUEST"
  | "SUBJECT_NOT_FOUND"
  | "VERSION_NOT_FOUND"
  | "SCHEMA_NOT_FOUND"
  | "SUBJECT_SOFT_DELETED"
  | "SUBJECT_NOT_SOFT_DELETED"
  | "VERSION_SOFT_DELETED"
  | "VERSION_NOT_SOFT_DELETED"
  | "SUBJECT_WITHOUT_CONFIG"
  | "SUBJECT_WITHOUT_MODE"
  | "INCOMPATIBLE_SCHEMA"
  | "EMPTY_BODY"
  | "INVALID_SCHEMA"
  | "INVALID_VERSION"
  | "INVALID_COMPATIBILITY_LEVEL"
  | "INVALID_MODE"
  | "OPERATION_NOT_PERMITTED"
  | "REFERENCE_EXISTS"
  | "INVALID_SUBJECT"
  | "SCHEMA_TOO_LARGE"
  | "INVALID_RULE_SET"
  | "CONTEXT_NOT_EMPTY"
  | "STORE_FAILED"
  | "STORE_TIMED_OUT"
  | "FORWARDING_FAILED"
  | "LEADER_UNKNOWN";

/** Confluent's `error_code`: its first three digits are the HTTP status. */
const numbers: Readonly<Record<RegistryErrorCode, number>> = {
  BAD_REQUEST: 400,
  SUBJECT_NOT_FOUND: 40401,
  VERSION_NOT_FOUND: 40402,
  SCHEMA_NOT_FOUND: 40403,
  SUBJECT_SOFT_DELETED: 40404,
  SUBJECT_NOT_SOFT_DELETED: 40405,
  VERSION_SOFT_DELETED: 40406,
  VERSION_NOT_SOFT_DELETED: 40407,
  SUBJECT_WITHOUT_CONFIG: 40408,
  SUBJECT_WITHOUT_MODE: 40409,
  INCOMPATIBLE_SCHEMA: 40901,
  EMPTY_BODY: 422,
  INVALID_SCHEMA: 42201,
  INVALID_VERSION: 42202,
  INVALID_COMPATIBILITY_LEVEL: 42203,
  INVALID_MODE: 42204,
  OPERATION_NOT_PERMITTED: 42205,
  REFERENCE_EXISTS: 42206,
  INVALID_SUBJECT: 42208,
  SCHEMA_TOO_LARGE: 42209,
  INVALID_RULE_SET: 42210,
  CONTEXT_NOT_EMPTY: 42211,
  STORE_FAILED: 50001,
  STORE_TIMED_OUT: 50002,
  FORWARDING_FAILED: 50003,
  LEADER_UNKNOWN: 50004,
};

/** What a registry answers instead of what it was asked for. */
export class RegistryError extends BaseError<RegistryErrorCode> {
  /** As Confluent's registry numbers it, such as 40401. */
  readonly errorCode: number;
  /** Of the HTTP answer. */
  readonly status: number;

  constructor(code: RegistryErrorCode, message: string, details: ErrorDetails = {}) {
    const errorCode = numbers[code];
    super(code, message, { retriable: errorCode >= 50_000, ...details });
    this.errorCode = errorCode;
    this.status = Number(String(errorCode).slice(0, 3));
  }
}

/** What a format says of a schema that it cannot understand, print or compare. */
export function schemaNotTaken(cause: SchemaError): RegistryError {
  return new RegistryError("INVALID_SCHEMA", cause.message, { cause });
}
