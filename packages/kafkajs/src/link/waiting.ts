import { ClusterError } from "@millrace/cluster";
import { abortable, JoinedSignal, type Platform } from "@millrace/platform";

import { clusterErrorOf, mayPass } from "./kafkajs-failure.ts";

const firstPauseMs = 50;
const pauseMsMax = 1000;

export interface AttemptOptions {
  readonly platform: Platform;
  /** What is attempted, for messages. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signals: readonly (AbortSignal | undefined)[];
  /** Default: what may pass. */
  readonly mayTryAgain?: (error: unknown) => boolean;
}

/**
 * Attempts it until it succeeds, fails for good, or the time is over: kafkajs's own retries end much sooner, or later,
 * than who waits here.
 *
 * @throws ClusterError; a signal's reason
 */
export async function attempt<T>(options: AttemptOptions, work: () => Promise<T>): Promise<T> {
  const { platform, what, timeoutMs, mayTryAgain = mayPass } = options;
  const over = new AbortController();
  let last: unknown;
  const timer = platform.timers.after(timeoutMs, () => over.abort(timedOut(options, last)));
  using ends = new JoinedSignal(over.signal, ...options.signals);
  const { signal } = ends;
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
      signal.throwIfAborted();
      try {
        return await abortable(work(), signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!mayTryAgain(error)) throw clusterErrorOf(what, error);
        last = error;
      }
      await platform.timers.sleep(pauseMs, signal);
    }
  } finally {
    timer.cancel();
  }
}

function timedOut({ what, timeoutMs }: AttemptOptions, last: unknown): ClusterError {
  const failure = last === undefined ? undefined : clusterErrorOf(what, last);
  const isAway = failure instanceof ClusterError && failure.code === "BROKER_UNREACHABLE";
  const reason = failure === undefined ? "no answer" : failure.message;
  return new ClusterError(
    isAway ? "BROKER_UNREACHABLE" : "REQUEST_TIMED_OUT",
    `${what}: not done within ${timeoutMs} ms: ${reason}`,
    { retriable: true, cause: last },
  );
}
