import {
  durationOption,
  optionTable,
  readOptions,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import type { StreamsApp } from "@millrace/streams";
import {
  concat,
  defer,
  filter,
  map,
  of,
  takeUntil,
  timer,
  type Observable,
  type SchedulerLike,
} from "rxjs";

import { fromState } from "./from-state.ts";
import { schedulerKind } from "./option-kinds.ts";

const rows = {
  /** Time between two looks. */
  every: durationOption({ minMs: 1, byDefault: "1s" }),
  /** Says when that is over. */
  scheduler: valueOption<SchedulerLike>(schedulerKind, { defaultText: "asyncScheduler" }),
};

export const metricsOptionTable = optionTable("fromMetrics", rows);

/** How often metrics are looked at. */
export interface MetricsOptions extends GivenOptions<typeof rows> {}

/** All metrics of an application at one time, under Kafka's names where it has one. */
export type MetricsSample = ReturnType<StreamsApp["metrics"]>;

/**
 * The metrics of an application, now and then: at once, `every` so often, and once more when the application has ended;
 * completes then.
 *
 * @throws OptionError
 * @example
 * fromMetrics(app, { every: "5s" })
 *   .pipe(map((metrics) => metrics.find(({ name }) => name === "restore-remaining-records-total")?.value ?? 0))
 *   .subscribe((left) => console.log(`${left} records to restore`));
 */
export function fromMetrics(
  app: Pick<StreamsApp, "metrics" | "state" | "onStateChange">,
  options: MetricsOptions = {},
): Observable<MetricsSample> {
  const { every, scheduler } = readOptions(metricsOptionTable, options);
  const ended = fromState(app).pipe(filter((state) => state === "closed" || state === "failed"));
  return concat(
    timer(0, every, scheduler).pipe(
      map(() => app.metrics()),
      takeUntil(ended),
    ),
    defer(() => of(app.metrics())),
  );
}
