import { BaseError } from "@millrace/model";

import { placeOfCall } from "./place-of-call.ts";

export type TopologyErrorCode =
  | "INVALID_ARGUMENT"
  | "INVALID_NAME"
  | "INVALID_WINDOWS"
  | "NO_WINDOWS"
  | "DUPLICATE_NODE"
  | "UNKNOWN_PARENT"
  | "UNKNOWN_PROCESSOR"
  | "UNKNOWN_STORE"
  | "SHARED_PROCESSOR"
  | "NO_TOPICS"
  | "TOPIC_REGISTERED_TWICE"
  | "OVERLAPPING_TOPICS"
  | "PARTITIONS_DIFFER"
  | "OFFSET_RESET_CONFLICT"
  | "INVALID_OFFSET_RESET"
  | "DUPLICATE_STORE"
  | "GLOBAL_STORE_CONNECTED"
  | "GLOBAL_STORE_AS_PARENT"
  | "SINK_AS_PARENT"
  | "FOREIGN_STREAM"
  | "MISSING_SERDE"
  | "INVALID_DESCRIPTION"
  | "UNNAMED_INTERNAL_RESOURCE";

/**
 * A program that cannot become a topology (Kafka: `TopologyException`): found while it is built, never later. The
 * message ends in the place of the operator's call.
 */
export class TopologyError extends BaseError<TopologyErrorCode> {
  constructor(code: TopologyErrorCode, message: string) {
    super(code, message + placeOfCall());
  }
}

/** A setting of the topology that is not one (Kafka: `ConfigException`). */
export class TopologyConfigError extends BaseError<"INVALID_CONFIG"> {
  constructor(message: string) {
    super("INVALID_CONFIG", message);
  }
}
