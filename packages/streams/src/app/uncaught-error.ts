import { isSynchronousFunction } from "@millrace/model";

/**
 * What follows an error that ends a loop (Kafka: `StreamThreadExceptionResponse`): another loop takes its place, this
 * instance ends, or all instances of the application do.
 */
export type UncaughtErrorResponse = "replaceThread" | "shutdownClient" | "shutdownApplication";

/** One answer for all errors, or a function that decides (Kafka: `StreamsUncaughtExceptionHandler`). */
export type UncaughtErrorPolicy =
  | UncaughtErrorResponse
  | ((error: unknown) => UncaughtErrorResponse);

const responses: ReadonlySet<unknown> = new Set<UncaughtErrorResponse>([
  "replaceThread",
  "shutdownClient",
  "shutdownApplication",
]);

export const uncaughtErrorPolicy = {
  allowed:
    '"replaceThread", "shutdownClient", "shutdownApplication" or a synchronous function that answers one of them',
  accepts: (given: unknown) => responses.has(given) || isSynchronousFunction(given),
};

/** What a policy says; `refused`: it throws, or answers something else. */
export function answerOf(
  policy: UncaughtErrorPolicy,
  error: unknown,
): UncaughtErrorResponse | "refused" {
  if (typeof policy === "string") return policy;
  try {
    const answer = policy(error);
    return responses.has(answer) ? answer : "refused";
  } catch {
    return "refused";
  }
}
