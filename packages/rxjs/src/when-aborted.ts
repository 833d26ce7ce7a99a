import { fromEvent, NEVER, of, type Observable } from "rxjs";

/** Tells once that a signal has aborted; at once where it has already. */
export function whenAborted(signal: AbortSignal | undefined): Observable<unknown> {
  if (signal === undefined) return NEVER;
  return signal.aborted ? of(signal) : fromEvent(signal, "abort");
}
