import { ClusterError, type ClusterErrorCode } from "@millrace/cluster";

import { isDamagedStore } from "../error/store-failure.ts";

const recoverable: ReadonlySet<ClusterErrorCode> = new Set([
  "TRANSACTION_ABORTED",
  "COMMIT_FENCED",
  "WRITER_FENCED",
  "WRITER_FAILED",
  "REQUEST_TIMED_OUT",
  "BROKER_UNREACHABLE",
]);

/**
 * Errors after which the group, a new epoch, or a store that is made anew lets the loop go on from what is committed.
 */
export function isRecoverable(error: unknown): boolean {
  if (!(error instanceof ClusterError)) return isDamagedStore(error);
  return recoverable.has(error.code) || (error.code === "WRITE_REFUSED" && error.retriable);
}

/** The group has moved on: this member is not in it, or in another generation. */
export function isFencedCommit(error: unknown): boolean {
  return error instanceof ClusterError && error.code === "COMMIT_FENCED";
}

/** The writer is finished: another one takes a new epoch. */
export function isFencedWriter(error: unknown): boolean {
  return error instanceof ClusterError && error.code === "WRITER_FENCED";
}
