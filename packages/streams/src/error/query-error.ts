import { BaseError } from "@millrace/model";

/**
 * - `UNKNOWN_STORE`: the topology has no such store (Kafka: `UnknownStateStoreException`, `DOES_NOT_EXIST`).
 * - `WRONG_QUERY`: a store of this kind cannot be asked that (Kafka: `UNKNOWN_QUERY_TYPE`).
 * - `NOT_PRESENT`: no instance is known to have the partition (Kafka: `NOT_PRESENT`).
 * - `NOT_ACTIVE`: the instance that was asked does not have it now (Kafka: `NOT_ACTIVE`).
 * - `NOT_UP_TO_BOUND`: it has not come as far as was asked for (Kafka: `NOT_UP_TO_BOUND`).
 * - `QUERY_INTERRUPTED`: the rows that were being read are gone; read them again.
 * - `INSTANCE_UNREACHABLE`: the instance that has it does not answer, or its address leads to something else.
 * - `QUERY_REFUSED`: it answered that it will not be asked by this one.
 * - `STORE_FAILED`: the store could not be read (Kafka: `STORE_EXCEPTION`).
 * - `STORE_NOT_LOGGED`: the store has no changelog that could be followed.
 * - `CHANGES_LOST`: what was to be followed is no longer in the changelog.
 * - `CHANGES_NOT_PLACED`: changes were to go on behind others, and of some partitions it was not said where.
 */
export type QueryErrorCode =
  | "UNKNOWN_STORE"
  | "WRONG_QUERY"
  | "NOT_PRESENT"
  | "NOT_ACTIVE"
  | "NOT_UP_TO_BOUND"
  | "QUERY_INTERRUPTED"
  | "INSTANCE_UNREACHABLE"
  | "QUERY_REFUSED"
  | "STORE_FAILED"
  | "STORE_NOT_LOGGED"
  | "CHANGES_LOST"
  | "CHANGES_NOT_PLACED";

/** True: the same query may be answered later. */
const mayPass: Readonly<Record<QueryErrorCode, boolean>> = {
  UNKNOWN_STORE: false,
  WRONG_QUERY: false,
  NOT_PRESENT: true,
  NOT_ACTIVE: true,
  NOT_UP_TO_BOUND: true,
  QUERY_INTERRUPTED: true,
  INSTANCE_UNREACHABLE: true,
  QUERY_REFUSED: false,
  STORE_FAILED: false,
  STORE_NOT_LOGGED: false,
  CHANGES_LOST: false,
  CHANGES_NOT_PLACED: false,
};

export function isQueryErrorCode(given: unknown): given is QueryErrorCode {
  return typeof given === "string" && Object.hasOwn(mayPass, given);
}

/** Why a store gave no answer (Kafka: `FailureReason`, `InvalidStateStoreException` and its kinds). */
export class QueryError extends BaseError<QueryErrorCode> {
  constructor(code: QueryErrorCode, message: string, cause?: unknown) {
    super(code, message, { retriable: mayPass[code], cause });
  }
}
