import { BaseError, InvariantError } from "@millrace/model";

import type { History } from "../history.ts";

/** Errors that say that records were lost or damaged: no fault in use here may lead to them. */
const lossCodes: ReadonlySet<string> = new Set(["LOG_CORRUPTED", "OFFSET_OUT_OF_RANGE"]);
/** The same, told and not thrown. */
export const lossEvents: ReadonlySet<string> = new Set(["broker.log-damaged", "log.damaged"]);

/** I0: what fails does so by a named error, never by a mistake of ours. */
export function judgeFailure(history: History, where: string, error: unknown): void {
  for (let cause = error; cause !== undefined; cause = causeOf(cause)) {
    history.tell(where, stackOf(cause));
  }
  for (let cause = error; cause !== undefined; cause = causeOf(cause)) {
    if (!isMistake(cause)) continue;
    history.violate("I0", `${where}: ${stackOf(cause)}`);
    return;
  }
}

function isMistake(error: unknown): boolean {
  if (error instanceof InvariantError) return true;
  if (error instanceof BaseError) return lossCodes.has(error.code);
  return !(error instanceof DOMException && error.name === "AbortError");
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
