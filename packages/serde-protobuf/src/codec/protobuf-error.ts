import { BaseError } from "@millrace/model";

export type ProtobufErrorCode =
  /** Bytes that are no message of the type: cut off, a hostile length, too deep, without a required field. */
  | "MALFORMED"
  /** A value that the message's schema does not allow. */
  | "INVALID_VALUE"
  /** The record holds another message than the one that the serde reads. */
  | "OTHER_MESSAGE"
  /** The schema has no message of the name, or several and none was named. */
  | "UNKNOWN_MESSAGE";

/** Protobuf could not read or write a value. The message names the message and the field. */
export class ProtobufError extends BaseError<ProtobufErrorCode> {}
