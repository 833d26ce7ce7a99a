import type { StreamsError } from "../error/streams-error.ts";
import { requireOneOf } from "../processor/callback-result.ts";

/** What to do about an error: end the task, or go on without the record. */
export type ErrorResponse = "fail" | "continue";

const responses: readonly ErrorResponse[] = ["fail", "continue"];

/**
 * A constant, or a function that decides case by case (Kafka: `…ExceptionHandler`). Called synchronously; what
 * it throws ends the task.
 */
export type ErrorPolicy = ErrorResponse | ((error: StreamsError) => ErrorResponse);

export function responseTo(policy: ErrorPolicy, error: StreamsError): ErrorResponse {
  if (typeof policy === "string") return policy;
  return requireOneOf(policy(error), responses, "an error handler");
}
