import { BaseError } from "@millrace/model";

export type ApplicationErrorCode =
  | "STATE_DIRECTORY_IN_USE"
  | "STATE_DIRECTORY_UNUSABLE"
  | "STATE_FORMAT_TOO_NEW"
  | "EMPTY_TOPOLOGY"
  | "SERDE_NOT_PREPARED"
  | "TOPIC_MATCHED_TWICE"
  | "MISSING_SOURCE_TOPIC"
  | "MISSING_SINK_TOPIC"
  | "SOURCE_TOPIC_RECREATED"
  | "GLOBAL_STORE_BEHIND"
  | "NO_USABLE_OFFSET"
  | "INTERNAL_TOPIC_MISMATCH"
  | "INTERNAL_TOPIC_LOST"
  | "TOPOLOGY_MISMATCH"
  | "PARTITIONS_DIFFER"
  | "ASSIGNMENT_UNREADABLE"
  | "ASSIGNMENT_FAILED"
  | "APPLICATION_SHUT_DOWN"
  | "BROKER_CLOSED"
  | "TAP_NEEDS_ONE_THREAD"
  | "PROGRAM_NOT_LOADED"
  | "PROGRAM_STARTS_ITSELF"
  | "THREAD_ENDED"
  | "APPLICATION_CLOSED";

/**
 * What keeps an application from starting or going on. What goes wrong with a single record is a
 * `StreamsError`, what a cluster refuses a `ClusterError`, a program that is none a `TopologyError`, options that are
 * none an `OptionError`.
 */
export class ApplicationError extends BaseError<ApplicationErrorCode> {}
