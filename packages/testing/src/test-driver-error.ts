import { BaseError } from "@millrace/model";
import { SerdePendingError } from "@millrace/serde";

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
  /** A serde must first fetch something, and a driver cannot wait in the middle of a call. */
  | "SERDE_PENDING"
  /** There is no further record in the output topic. */
  | "NO_RECORD"
  /** A record without a key was read as a row of a table. */
  | "NULL_KEY";

/** A `TopologyTestDriver` was used as it cannot be. */
export class TestDriverError extends BaseError<TestDriverErrorCode> {}

/** What it is, or what to do about a serde that waits. */
export function withoutWait(thrown: unknown): unknown {
  if (!(thrown instanceof SerdePendingError)) return thrown;
  return new TestDriverError(
    "SERDE_PENDING",
    `a serde ${thrown.message}; await driver.prepare() before, once inputs and outputs are made, or what the serde offers for it where prepare cannot know the topic or schema`,
    { cause: thrown },
  );
}
