import { handlerError, type StreamsError } from "../error/streams-error.ts";
import { requireOneOf } from "../processor/callback-result.ts";

/** What to do about an error: end the task, or go on without the record. */
export type ErrorResponse = "fail" | "continue";

const responses: readonly ErrorResponse[] = ["fail", "continue"];

/**
 * A constant, or a function that decides case by case (Kafka: `…ExceptionHandler`). Called synchronously; what
 * it throws ends the task, together with the error that it was asked about.
 */
export type ErrorPolicy = ErrorResponse | ((error: StreamsError) => ErrorResponse);

/** @throws StreamsError `PROCESSING_FAILED` of a handler that throws, or gives no answer */
export function responseTo(policy: ErrorPolicy, error: StreamsError): ErrorResponse {
  if (typeof policy === "string") return policy;
  try {
    return requireOneOf(policy(error), responses, "an error handler");
  } catch (thrown) {
    throw handlerError(error, thrown);
  }
}
