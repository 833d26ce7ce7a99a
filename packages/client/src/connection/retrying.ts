import { BaseError } from "@millrace/model";
import { abortable, type Platform } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import { Backoff } from "./backoff.ts";
import { clusterErrorOf } from "./cluster-error-of.ts";

/** Pause after CONCURRENT_TRANSACTIONS: the transaction before is ended within milliseconds as a rule. */
export const concurrentTransactionsBackoffMs = 20;

export interface RetryOptions {
  readonly platform: Platform;
  /** What is tried, for messages. */
  readonly what: string;
  /** Until it is given up; the last error is told then. Asked for anew after each attempt. */
  readonly timeoutMs: () => number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly signal?: AbortSignal;
  /** Told before the pause. */
  readonly onRetry?: (error: unknown) => void;
}

/**
 * Repeats an attempt until it succeeds, fails for good, or the time is over. Rejects with the error in
 * the words of the port, or the signal's reason.
 */
export async function retrying<T>(
  options: RetryOptions,
  attempt: (leftMs: number) => Promise<T>,
): Promise<T> {
  const { platform, what, signal } = options;
  const { clock, timers } = platform;
  const startMs = clock.monotonicMs();
  const backoff = new Backoff(platform.random, {
    firstMs: options.backoffMs,
    maxMs: options.backoffMsMax,
  });
  const leftMs = (): number => Math.max(0, startMs + options.timeoutMs() - clock.monotonicMs());
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await abortable(attempt(leftMs()), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isRetriable(error)) throw clusterErrorOf(what, error);
      const delayMs = isConcurrentTransactions(error)
        ? concurrentTransactionsBackoffMs
        : backoff.next();
      if (leftMs() <= delayMs) throw clusterErrorOf(what, error);
      if (platform.logger.isEnabled("debug"))
        platform.logger.log("debug", "client.request-retried", { what, cause: String(error) });
      options.onRetry?.(error);
      await timers.sleep(delayMs, signal);
    }
  }
}

export function isRetriable(error: unknown): boolean {
  return error instanceof BaseError && error.retriable;
}

export function isConcurrentTransactions(error: unknown): boolean {
  return error instanceof KafkaError && error.code === "CONCURRENT_TRANSACTIONS";
}
