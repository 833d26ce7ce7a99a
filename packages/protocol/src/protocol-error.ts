import { BaseError } from "@millrace/model";

/** What may be wrong with bytes, or with a value that is to become bytes. */
export type ProtocolErrorCode =
  /** A message does not parse: a length beyond the end, a null where none may be. */
  | "MALFORMED_MESSAGE"
  /** A record batch does not parse. */
  | "MALFORMED_BATCH"
  /** Compressed records are nothing that their codec has made. */
  | "UNDECOMPRESSABLE"
  /** A batch of the formats before Kafka 0.11 (magic 0 and 1), or of an unknown one. */
  | "UNSUPPORTED_MAGIC"
  /** The version of an API or record that is not known here. */
  | "UNSUPPORTED_VERSION"
  | "UNKNOWN_API_KEY"
  /** A size prefix above the bound given, or a negative one. */
  | "FRAME_TOO_LARGE"
  /** The lists of a message hold more elements together than the bound given. */
  | "TOO_MANY_ELEMENTS"
  /** A value cannot be encoded: out of range, missing, or a field that the version lacks. */
  | "INVALID_VALUE";

/** Bytes that are not what they should be, or a value that has no bytes. Never retriable. */
export class ProtocolError extends BaseError<ProtocolErrorCode> {}

/** The bytes end before the value does. */
export function truncated(what: string, needed: number, remaining: number): ProtocolError {
  return new ProtocolError(
    "MALFORMED_MESSAGE",
    `${what} needs ${needed} bytes where ${remaining} are left; another version, or cut bytes`,
  );
}
