import { BaseError } from "@millrace/model";

/**
 * - `SNAPSHOT_STORE_FAILED`: the directory or bucket of snapshots cannot be reached, read or written.
 * - `SNAPSHOT_STORE_UNKNOWN`: what names a place for snapshots names none.
 * - `SNAPSHOT_DAMAGED`: bytes of a snapshot are not what was written, or are not there.
 * - `SNAPSHOT_TOO_NEW`: a newer version has written it.
 * - `SNAPSHOT_NOT_TAKEN`: there is nothing that could be copied.
 */
export type SnapshotErrorCode =
  | "SNAPSHOT_STORE_FAILED"
  | "SNAPSHOT_STORE_UNKNOWN"
  | "SNAPSHOT_DAMAGED"
  | "SNAPSHOT_TOO_NEW"
  | "SNAPSHOT_NOT_TAKEN";

/** A snapshot of state could not be written, or must not be read. */
export class SnapshotError extends BaseError<SnapshotErrorCode> {
  constructor(code: SnapshotErrorCode, message: string, cause?: unknown) {
    super(code, message, { cause, retriable: code === "SNAPSHOT_STORE_FAILED" });
  }
}
