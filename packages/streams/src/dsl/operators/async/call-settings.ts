import { toMilliseconds, type Duration } from "@millrace/model";

export type CallOrder = "key" | "partition" | "none";

/** When and how often a call is made again. */
export interface RetryOptions {
  /** Calls in all, the first one included. */
  readonly attempts: number;
  /** Before the next attempt: always as long, or from one bound to the other, doubled each time. Default: none. */
  readonly backoff?: Duration | { readonly from: Duration; readonly to: Duration };
  /** Whether an error is worth another attempt. Default: every error is. */
  readonly when?: (error: unknown) => boolean;
}

/** What becomes of a record whose attempts have all failed. */
export type GiveUpPolicy<K, V, V2> =
  | "fail"
  | "continue"
  | "deadLetter"
  | { readonly value: (error: unknown, value: V, key: K) => V2 };

/** How calls are made, without types. */
export interface CallOptions {
  readonly concurrency?: number;
  readonly order?: CallOrder;
  readonly timeout?: Duration;
  readonly retry?: RetryOptions;
  readonly onGiveUp?: GiveUpPolicy<unknown, unknown, unknown>;
}

/** How calls are made, defaults filled in, in milliseconds. */
export interface CallSettings {
  readonly concurrency: number;
  readonly order: CallOrder;
  /** Undefined: a call may take as long as it likes. */
  readonly timeoutMs: number | undefined;
  readonly attempts: number;
  readonly backoffMs: { readonly from: number; readonly to: number };
  readonly when: (error: unknown) => boolean;
  readonly onGiveUp: GiveUpPolicy<unknown, unknown, unknown>;
}

export function callSettings(options: CallOptions): CallSettings {
  const { concurrency = 10, order = "key", timeout, retry, onGiveUp = "fail" } = options;
  const { attempts = 1, backoff = 0, when = () => true } = retry ?? {};
  const { from, to } = typeof backoff === "object" ? backoff : { from: backoff, to: backoff };
  return {
    concurrency,
    order,
    timeoutMs: timeout === undefined ? undefined : toMilliseconds(timeout, "timeout"),
    attempts,
    backoffMs: {
      from: toMilliseconds(from, "retry.backoff.from"),
      to: toMilliseconds(to, "retry.backoff.to"),
    },
    when,
    onGiveUp,
  };
}

/** How long to wait after so many attempts. */
export function backoffAfter(attempt: number, { backoffMs: { from, to } }: CallSettings): number {
  return Math.min(to, from * 2 ** Math.min(attempt - 1, 52));
}
