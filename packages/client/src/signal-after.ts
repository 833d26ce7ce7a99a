import type { Platform } from "@millrace/platform";

/** A signal that aborts after a time, unless it is cancelled; or as soon as another one does. */
export function signalAfter(
  platform: Platform,
  timeoutMs: number,
  reason: () => Error,
): { readonly signal: AbortSignal; readonly cancel: () => void } {
  const controller = new AbortController();
  const timer = platform.timers.after(timeoutMs, () => controller.abort(reason()));
  return { signal: controller.signal, cancel: () => timer.cancel() };
}
