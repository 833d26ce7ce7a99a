import { fromState, fromStream, fromTable } from "@millrace/rxjs";
import type { StreamsApp, StreamsState } from "millrace";
import { auditTime, combineLatest, map, scan, startWith, type Observable } from "rxjs";

import type { Shop } from "./topology.ts";

/** What the dashboard shows. */
export interface Board {
  readonly state: StreamsState;
  /** By city, of its latest minute. */
  readonly turnover: Readonly<Record<string, number>>;
  /** The last one, and how many there were. */
  readonly large: { readonly last?: string; readonly count: number };
}

/** At most ten boards in a second, however many orders there are; hot, and ends with the application. */
export function dashboard(app: StreamsApp, { large, turnover }: Shop): Observable<Board> {
  const cities = fromTable(app, turnover).pipe(
    scan(
      (latest: ReadonlyMap<string, { readonly start: number; readonly sum: number }>, change) => {
        const { key: city, window } = change.key;
        if (change.value === null || window.start < (latest.get(city)?.start ?? 0)) return latest;
        return new Map(latest).set(city, { start: window.start, sum: change.value });
      },
      new Map(),
    ),
    map((latest) => Object.fromEntries([...latest].map(([city, { sum }]) => [city, sum]).sort())),
    startWith({}),
  );
  // The latest does, so that one is kept; the others are counted.
  const largest = fromStream(app, large, { backPressure: "sample" }).pipe(
    scan((seen, { key, missed }) => ({ last: key, count: seen.count + missed + 1 }), { count: 0 }),
    startWith({ count: 0 }),
  );
  return combineLatest({ state: fromState(app), turnover: cities, large: largest }).pipe(
    auditTime(100),
  );
}
