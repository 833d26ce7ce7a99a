import { isPromise, isSynchronousFunction, shown } from "@millrace/model";
import type { LogFields, Logger } from "@millrace/platform";

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

const allowed = '"replaceThread", "shutdownClient" or "shutdownApplication"';

export const uncaughtErrorPolicy = {
  allowed:
    '"replaceThread", "shutdownClient", "shutdownApplication" or a synchronous function that answers one of them',
  accepts: (given: unknown) => responses.has(given) || isSynchronousFunction(given),
};

interface FailedThread {
  readonly policy: UncaughtErrorPolicy;
  /** False: what keeps the application from starting would keep another loop from it too, while the start waits. */
  readonly mayReplace: boolean;
  readonly logger: Logger;
  /** Of its lines. */
  readonly fields: LogFields;
}

/** Asks the policy, and tells in the log what it says; undefined: nothing that there is. */
export function tellAnswer(
  error: unknown,
  { policy, mayReplace, logger, fields }: FailedThread,
): UncaughtErrorResponse | undefined {
  const given = answerOf(policy, error);
  if (typeof given === "object")
    logger.log("error", "streams.error-handler-failed", {
      ...fields,
      handler: "onUncaughtError",
      cause: given.refusal,
    });
  const answer = given === "replaceThread" && !mayReplace ? "shutdownClient" : given;
  logger.log(answer === "replaceThread" ? "error" : "info", "streams.thread-failed", {
    ...fields,
    answer: typeof answer === "string" ? answer : "refused",
    cause: error,
  });
  return typeof answer === "string" ? answer : undefined;
}

/** What a policy says, or why it says nothing that there is: what it threw, or gave in place of an answer. */
function answerOf(
  policy: UncaughtErrorPolicy,
  error: unknown,
): UncaughtErrorResponse | { readonly refusal: unknown } {
  if (typeof policy === "string") return policy;
  try {
    const answer: unknown = policy(error);
    // Whoever gave the promise hears of its rejection here, and nowhere else: it must not end the process.
    if (isPromise(answer)) answer.then(undefined, () => {});
    if (isResponse(answer)) return answer;
    return { refusal: `the policy gave ${shown(answer)}; return ${allowed}` };
  } catch (refusal) {
    return { refusal };
  }
}

function isResponse(given: unknown): given is UncaughtErrorResponse {
  return responses.has(given);
}
