import type { Timers } from "./platform.ts";

/** `Timers.sleep`, on top of `Timers.after`. */
export function sleepByTimer(
  timers: Pick<Timers, "after">,
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal === undefined) {
      timers.after(delayMs, resolve);
      return;
    }
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = timers.after(delayMs, () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    signal.addEventListener("abort", abort, { once: true });
  });
}
