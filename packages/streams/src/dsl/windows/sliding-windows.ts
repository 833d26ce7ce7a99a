import { toMilliseconds, type Duration } from "@millrace/model";

import type { GraceOption } from "./time-windows.ts";
import { requireWindowOptions } from "./window-options.ts";

/** Windows that begin and end where records do (Kafka: `SlidingWindows`); made by `sliding`. */
export interface SlidingWindows {
  readonly kind: "sliding";
  /** What the user called. */
  readonly name: string;
  /** From the start of a window to its end, both inclusive. */
  readonly sizeMs: number;
  readonly graceMs: number;
  /** Always true: every window ends. */
  readonly canClose: boolean;
}

/**
 * All sets of a key's records that lie no farther apart than the time difference (Kafka:
 * `SlidingWindows.ofTimeDifferenceAndGrace`): a record ends one window, and another begins right behind it, if
 * records follow in time. Both ends are inclusive.
 *
 * @throws OptionError `UNKNOWN_OPTION`, DurationError
 * @example payments.groupByKey().windowedBy(sliding("10m", { grace: "1m" })).count()
 */
export function sliding(timeDifference: Duration, options: GraceOption = {}): SlidingWindows {
  requireWindowOptions("sliding", options);
  const { grace = 0 } = options;
  return Object.freeze({
    kind: "sliding",
    name: "sliding",
    sizeMs: toMilliseconds(timeDifference, "time difference of sliding"),
    graceMs: toMilliseconds(grace, "grace of sliding"),
    canClose: true,
  });
}
