import { BaseError } from "@millrace/model";

export type RegistrySerdeErrorCode =
  /** The record was written with a schema of another format. */
  | "SCHEMA_TYPE_DIFFERS"
  /** There is no schema to write with. */
  | "NO_SCHEMA_TO_WRITE"
  /** The strategy needs the name of the record, and the schema has none, or it gave no name. */
  | "SUBJECT_UNKNOWN"
  /** The schema is in no version of the subject, and is not to be registered. */
  | "SCHEMA_NOT_REGISTERED"
  /** No schema of the registry has the id or GUID of the record. */
  | "UNKNOWN_SCHEMA_ID"
  /** Header framing, and a registry that tells no GUIDs. */
  | "GUID_UNKNOWN";

/** A serde with a schema registry cannot read or write a value, or be set up. */
export class RegistrySerdeError extends BaseError<RegistrySerdeErrorCode> {}
