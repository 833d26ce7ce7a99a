import type { StreamsApp, StreamsState } from "@millrace/streams";
import { Observable } from "rxjs";

/**
 * What an application is doing: the present state, then each change, at once. Completes after the last one, `closed` or
 * `failed`; what it failed with is told by `app.closed`.
 *
 * @example fromState(app).subscribe((state) => health.set(state === "running"));
 */
export function fromState(
  app: Pick<StreamsApp, "state" | "onStateChange">,
): Observable<StreamsState> {
  return new Observable((subscriber) => {
    const tell = (state: StreamsState): void => {
      subscriber.next(state);
      if (state === "closed" || state === "failed") subscriber.complete();
    };
    // Before the first is told: whoever hears of it may close the application.
    const changes = app.onStateChange(tell);
    subscriber.add(() => changes[Symbol.dispose]());
    tell(app.state);
  });
}
