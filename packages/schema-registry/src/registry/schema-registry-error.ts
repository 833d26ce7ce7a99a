import { BaseError, type ErrorDetails } from "@millrace/model";

export type SchemaRegistryErrorCode =
  /** 40401: no such subject, or all of it deleted. */
  | "SUBJECT_NOT_FOUND"
  /** 40402. */
  | "VERSION_NOT_FOUND"
  /** 40403: no such schema, id or GUID. */
  | "SCHEMA_NOT_FOUND"
  /** 409: the level of the subject refuses the schema. */
  | "SCHEMA_INCOMPATIBLE"
  /** 42201: the text is no schema, or a reference is missing. */
  | "SCHEMA_REFUSED"
  /** Another refusal: `errorCode` and the registry's text say which. */
  | "REQUEST_REFUSED"
  /** 401 or 403. */
  | "ACCESS_DENIED"
  /** No answer, or an answer of 429 or 5xx, until the time was over. */
  | "REGISTRY_UNAVAILABLE"
  /** What answers is no registry: HTML, a redirect, other JSON. */
  | "NOT_A_REGISTRY"
  /** An answer longer than the bound. */
  | "ANSWER_TOO_LARGE"
  /** The client was closed meanwhile. */
  | "REGISTRY_CLIENT_CLOSED";

/** What is known of a failure besides its code. */
export interface SchemaRegistryErrorDetails extends ErrorDetails {
  /** Of HTTP; undefined where nothing answered. */
  readonly status?: number;
  /** The registry's own, such as 40401; undefined where it gave none. */
  readonly errorCode?: number;
  /** The registry's text, cut where it is long. */
  readonly registryMessage?: string;
  readonly subject?: string;
  readonly version?: number | "latest";
}

/** A schema registry refused a request, or could not be reached (Confluent: `RestClientException`). */
export class SchemaRegistryError extends BaseError<SchemaRegistryErrorCode> {
  readonly status: number | undefined;
  readonly errorCode: number | undefined;
  readonly registryMessage: string | undefined;
  readonly subject: string | undefined;
  readonly version: number | "latest" | undefined;

  constructor(
    code: SchemaRegistryErrorCode,
    message: string,
    details: SchemaRegistryErrorDetails = {},
  ) {
    super(code, message, details);
    this.status = details.status;
    this.errorCode = details.errorCode;
    this.registryMessage = details.registryMessage;
    this.subject = details.subject;
    this.version = details.version;
  }
}

/** Whether a registry says that what was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return (
    error instanceof SchemaRegistryError &&
    (error.code === "SUBJECT_NOT_FOUND" ||
      error.code === "VERSION_NOT_FOUND" ||
      error.code === "SCHEMA_NOT_FOUND")
  );
}
