import { LogRequestError } from "@millrace/log";
import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import { errorNameOf } from "../partition/failure-name.ts";

/** What a Produce response says of a partition that took nothing. */
export interface AppendRefusal {
  readonly errorCode: number;
  /** -1 where Kafka does not tell it. */
  readonly logStartOffset: number;
  readonly recordErrors: readonly {
    readonly batchIndex: number;
    readonly batchIndexErrorMessage: string | null;
  }[];
  readonly errorMessage: string | null;
}

/** Refused before the log was asked. */
export function refusedWith(error: ErrorName): AppendRefusal {
  return {
    errorCode: errorCodeOf(error),
    logStartOffset: -1,
    recordErrors: [],
    errorMessage: null,
  };
}

/** Errors that Kafka answers without the log's start. */
const bareErrors: ReadonlySet<ErrorName> = new Set([
  "CORRUPT_MESSAGE",
  "KAFKA_STORAGE_ERROR",
  "MESSAGE_TOO_LARGE",
  "NOT_LEADER_OR_FOLLOWER",
  "RECORD_LIST_TOO_LARGE",
  "UNKNOWN_TOPIC_OR_PARTITION",
]);

/** Refused by the log. Errors of single records come with a text (KIP-467), others without. */
export function refusalOf(error: unknown, logStartOffset: number): AppendRefusal {
  const name = errorNameOf(error);
  const isBare = bareErrors.has(name);
  const recordErrors = error instanceof LogRequestError ? error.recordErrors : [];
  return {
    errorCode: errorCodeOf(name),
    logStartOffset: isBare ? -1 : logStartOffset,
    recordErrors: recordErrors.map(({ batchIndex, message }) => ({
      batchIndex,
      batchIndexErrorMessage: message,
    })),
    errorMessage: recordErrors.length > 0 && error instanceof Error ? error.message : null,
  };
}
