import { LogCorruptedError, LogRequestError, LogStorageError } from "@millrace/log";
import { errorCodeOf, KafkaError, type ErrorName } from "@millrace/protocol";

/** Kafka's name for what a log, or anything behind a handler, has thrown. */
export function errorNameOf(error: unknown): ErrorName {
  if (error instanceof KafkaError || error instanceof LogRequestError) return error.code;
  if (error instanceof LogStorageError || error instanceof LogCorruptedError)
    return "KAFKA_STORAGE_ERROR";
  return "UNKNOWN_SERVER_ERROR";
}

export function errorCodeOfFailure(error: unknown): number {
  return errorCodeOf(errorNameOf(error));
}

/** Text for a response's error message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A code and a text, as most admin responses carry them. */
export interface ErrorAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export const noError: ErrorAnswer = Object.freeze({ errorCode: 0, errorMessage: null });

export function errorAnswer(name: ErrorName, errorMessage: string | null = null): ErrorAnswer {
  return { errorCode: errorCodeOf(name), errorMessage };
}
