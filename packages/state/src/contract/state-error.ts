import { BaseError } from "@millrace/model";

/**
 * - `STORE_CLOSED`: used after its task was closed or moved away.
 * - `UNKNOWN_STORE`: the task has no such store, or one of another kind.
 * - `STORE_FORMAT_TOO_NEW`: the folder was written by a newer version.
 * - `STORE_FORMAT_UNKNOWN`: the folder has a database that is not Millrace's.
 * - `STORE_ENGINE_LOCKED`: another process, or another task, has the folder open.
 * - `STORE_ENGINE_UNAVAILABLE`: the native engine cannot be loaded on this machine.
 * - `STORE_ENGINE_FAILED`: the engine could not read or write.
 * - `STORE_DAMAGED`: what the engine has on disk is damaged; opened again it begins anew, once.
 * - `INVALID_STORE_KEY`: a key is null or undefined.
 * - `INVALID_STORE_VALUE`: a value is undefined; null is what deletes.
 * - `READ_ONLY_STORE`: whoever asked for it may read it, and not write it.
 * - `UNKNOWN_BUFFER_FORMAT`: a changelog of suppress that a Kafka Streams before 2.6 has written.
 * - `CHANGELOG_UNREADABLE`: a changelog has a record that no store of its kind writes.
 * - `STORE_NOT_QUERYABLE`: the store is an operator's own, such as the buffer of suppress.
 * - `CURSOR_ENDED`: what a cursor shows is gone; open another one.
 */
export type StateErrorCode =
  | "UNKNOWN_BUFFER_FORMAT"
  | "STORE_CLOSED"
  | "UNKNOWN_STORE"
  | "STORE_FORMAT_TOO_NEW"
  | "STORE_FORMAT_UNKNOWN"
  | "STORE_ENGINE_LOCKED"
  | "STORE_ENGINE_UNAVAILABLE"
  | "STORE_ENGINE_FAILED"
  | "STORE_DAMAGED"
  | "INVALID_STORE_KEY"
  | "INVALID_STORE_VALUE"
  | "READ_ONLY_STORE"
  | "CHANGELOG_UNREADABLE"
  | "STORE_NOT_QUERYABLE"
  | "CURSOR_ENDED";

/** A state store, or the engine under it, refused (Kafka: `ProcessorStateException`, `InvalidStateStoreException`). */
export class StateError extends BaseError<StateErrorCode> {
  constructor(code: StateErrorCode, message: string, cause?: unknown) {
    super(code, message, {
      cause,
      retriable: code === "STORE_ENGINE_LOCKED" || code === "STORE_DAMAGED",
    });
  }
}
