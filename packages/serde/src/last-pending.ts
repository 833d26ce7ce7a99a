import type { SerdePendingError } from "./serde-pending-error.ts";

let last: SerdePendingError | undefined;

/**
 * What a serde waited for in the last call that failed so, since `forgetPending`. Who runs callbacks around such calls
 * looks here when they are done: a callback may have caught the error, and gone on without what it asked for.
 */
export function lastPending(): SerdePendingError | undefined {
  return last;
}

/** Before callbacks are run; and by whoever waits for what was thrown. */
export function forgetPending(): void {
  last = undefined;
}

export function notePending(error: SerdePendingError): void {
  last = error;
}
