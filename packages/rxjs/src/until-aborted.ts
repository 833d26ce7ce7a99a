import type { Subscriber } from "rxjs";

/** Completes a subscriber when a signal aborts; true: it has already. */
export function completeOnAbort(
  subscriber: Subscriber<unknown>,
  signal: AbortSignal | undefined,
): boolean {
  if (signal === undefined) return false;
  const complete = (): void => subscriber.complete();
  if (signal.aborted) complete();
  else {
    signal.addEventListener("abort", complete, { once: true });
    subscriber.add(() => signal.removeEventListener("abort", complete));
  }
  return signal.aborted;
}
