import { toMilliseconds, type Duration } from "@millrace/model";

import type { GraceOption } from "./time-windows.ts";
import { requireWindowOptions } from "./window-options.ts";

/** Stretches of activity (Kafka: `SessionWindows`); made by `session`. */
export interface SessionWindows {
  readonly kind: "session";
  /** What the user called. */
  readonly name: string;
  /** Records of a key that lie no farther apart are of one session. */
  readonly gapMs: number;
  readonly graceMs: number;
  /** Always true: every session ends. */
  readonly canClose: boolean;
}

/**
 * A key's records that come one after the other, none farther from the next than the gap (Kafka:
 * `SessionWindows.ofInactivityGapAndGrace`). A session begins with its first record and ends with its last, both
 * inclusive; one that comes between two sessions makes them one.
 *
 * @throws OptionError `UNKNOWN_OPTION`, DurationError
 * @example clicks.groupByKey().windowedBy(session("30m", { grace: "1m" })).count()
 */
export function session(inactivityGap: Duration, options: GraceOption = {}): SessionWindows {
  requireWindowOptions("session", options);
  const { grace = 0 } = options;
  return Object.freeze({
    kind: "session",
    name: "session",
    gapMs: toMilliseconds(inactivityGap, "inactivity gap of session"),
    graceMs: toMilliseconds(grace, "grace of session"),
    canClose: true,
  });
}
