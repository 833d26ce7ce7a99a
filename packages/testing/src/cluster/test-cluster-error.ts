import { BaseError } from "@millrace/model";

export type TestClusterErrorCode =
  /** The cluster is in memory: nobody reaches it by an address. */
  | "NO_PORT"
  /** The cluster is closed. */
  | "TEST_CLUSTER_CLOSED";

/** A cluster for tests was used as it cannot be. */
export class TestClusterError extends BaseError<TestClusterErrorCode> {}
