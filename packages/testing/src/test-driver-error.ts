import { BaseError } from "@millrace/model";

export type TestDriverErrorCode =
  /** A method was given what it does not take. */
  | "INVALID_ARGUMENT"
  /** No source of the topology reads the topic. */
  | "UNKNOWN_INPUT_TOPIC"
  /** The driver was closed, or an earlier call failed: only `close` is left. */
  | "DRIVER_CLOSED"
  /** The table has no store that can be read: give it one with `store`. */
  | "NO_STORE"
  /** One call has made the topology write more than `recordsPerCallMax` records. */
  | "TOO_MANY_RECORDS"
  /** There is no further record in the output topic. */
  | "NO_RECORD";

/** A `TopologyTestDriver` was used as it cannot be. */
export class TestDriverError extends BaseError<TestDriverErrorCode> {}
