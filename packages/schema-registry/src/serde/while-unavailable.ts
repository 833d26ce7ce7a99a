import { BaseError } from "@millrace/model";
import { abortable } from "@millrace/platform";
import type { Answer } from "../registry/answer.ts";

/**
 * Asks again for as long as it takes: before records flow nothing is lost by waiting. Each attempt has pauses and a log
 * line of its own, which are the registry's.
 */
export async function whileUnavailable<T>(
  attempt: () => Answer<T>,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await abortable(Promise.resolve(attempt()), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BaseError) || !error.retriable) throw error;
    }
  }
}
