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
