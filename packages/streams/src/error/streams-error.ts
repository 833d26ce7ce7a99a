import { BaseError, type ErrorDetails } from "@millrace/model";

export type StreamsErrorCode =
  | "UNKNOWN_OPTION"
  | "INVALID_OPTION"
  | "STATE_DIRECTORY_IN_USE"
  | "STATE_DIRECTORY_UNUSABLE"
  | "STATE_FORMAT_TOO_NEW"
  | "MISSING_SOURCE_TOPIC"
  | "INTERNAL_TOPIC_MISMATCH"
  | "TOPOLOGY_MISMATCH"
  | "PARTITIONS_DIFFER"
  | "ASSIGNMENT_UNREADABLE"
  | "OFFSET_LOST"
  | "CLOSED";

/**
 * What stops a streams application: the message says what happened and what to do.
 * Errors of callbacks, serdes and topologies have classes of their own.
 */
export class StreamsError extends BaseError<StreamsErrorCode> {
  constructor(code: StreamsErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
    this.name = "StreamsError";
  }
}
