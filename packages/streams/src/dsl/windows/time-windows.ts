import { toMilliseconds, type Duration, type Timestamp } from "@millrace/model";

import { TopologyError } from "../../error/topology-error.ts";
import type { Given, Has, Optional } from "../types/given-options.ts";
import { requireWindowOptions } from "./window-options.ts";

export interface GraceOption {
  /** How late a record may come, by stream time (Kafka: `ofSizeAndGrace`). Default 0. */
  readonly grace?: Duration;
}

export interface HoppingOptions extends GraceOption {
  /** From the start of one window to that of the next. */
  readonly advance?: Duration;
}

/** Windows that time alone tells (Kafka: `Windows`); made by `tumbling`, `hopping`, `unlimited`, `calendar` and `customWindows`. */
export interface TimeWindows {
  readonly kind: "time";
  /** What the user called. */
  readonly name: string;
  /** Of the longest. */
  readonly sizeMs: number;
  readonly graceMs: number;
  /** Starts of the windows that a time is in, ascending. */
  readonly startsAt: (timestamp: Timestamp) => readonly Timestamp[];
  /** End of the window that starts then, exclusive. */
  readonly endOf: (start: Timestamp) => Timestamp;
  /** What they are, where the size does not tell: stores that keep them say so. */
  readonly windows?: string;
  /** False: windows may be shorter than `sizeMs`. */
  readonly isOneSize: boolean;
  /** False: windows never close. */
  readonly canClose: boolean;
}

/**
 * Windows one after the other (Kafka: `TimeWindows.ofSizeAndGrace`). They begin at 1970 and every size after it; the end
 * is not part of a window.
 *
 * @throws TopologyError `INVALID_WINDOWS`, OptionError `UNKNOWN_OPTION`, DurationError
 * @example orders.groupByKey().windowedBy(tumbling("1m", { grace: "10s" })).count()
 */
export function tumbling(size: Duration, options: GraceOption = {}): TimeWindows {
  requireWindowOptions("tumbling", options);
  const { grace = 0 } = options;
  const sizeMs = sizeOf("tumbling", size);
  return alignedWindows("tumbling", {
    sizeMs,
    advanceMs: sizeMs,
    graceMs: graceOf("tumbling", grace),
  });
}

/**
 * Windows that overlap (Kafka: `TimeWindows.ofSizeAndGrace(…).advanceBy`): a record is in each that has begun and not
 * ended.
 *
 * @throws TopologyError `INVALID_WINDOWS`, OptionError `UNKNOWN_OPTION`, DurationError
 * @example orders.groupByKey().windowedBy(hopping("5m", { advance: "1m" })).count()
 */
export function hopping<const O extends Optional<HoppingOptions>>(
  size: Has<O, "advance"> extends true
    ? Duration
    : "A hopping window needs its hop: hopping('5m', { advance: '1m' })",
  ...options: Given<O, HoppingOptions>
): TimeWindows {
  const [given = {}] = options as readonly [HoppingOptions?];
  requireWindowOptions("hopping", given);
  const { advance, grace = 0 } = given;
  const sizeMs = sizeOf("hopping", size);
  if (advance === undefined)
    throw invalid("hopping was given no advance; give it: hopping('5m', { advance: '1m' })");
  const advanceMs = toMilliseconds(advance, "advance of hopping");
  if (advanceMs === 0 || advanceMs > sizeMs)
    throw invalid(
      `advance of hopping is ${advanceMs} ms; give more than 0 and at most the size, ${sizeMs} ms`,
    );
  return alignedWindows("hopping", { sizeMs, advanceMs, graceMs: graceOf("hopping", grace) });
}

/**
 * One window without an end (Kafka: `UnlimitedWindows`). Records from before its start are in none.
 *
 * @throws TopologyError `INVALID_WINDOWS`, OptionError `UNKNOWN_OPTION`
 * @example visits.groupByKey().windowedBy(unlimited({ startOn: Date.UTC(2026, 0) })).count()
 */
export function unlimited(options: { readonly startOn?: Timestamp } = {}): TimeWindows {
  requireWindowOptions("unlimited", options);
  const { startOn = 0 } = options;
  if (!Number.isSafeInteger(startOn) || startOn < 0)
    throw invalid(`startOn of unlimited is ${startOn}; give whole milliseconds since 1970`);
  return Object.freeze({
    kind: "time",
    name: "unlimited",
    sizeMs: endOfTime,
    graceMs: 0,
    startsAt: (timestamp: Timestamp) => (timestamp >= startOn ? [startOn] : []),
    endOf: () => endOfTime,
    isOneSize: true,
    canClose: false,
  });
}

/** Java's last time, as near as a number comes. */
const endOfTime = 2 ** 63;

function alignedWindows(
  name: string,
  { sizeMs, advanceMs, graceMs }: { sizeMs: number; advanceMs: number; graceMs: number },
): TimeWindows {
  return Object.freeze({
    kind: "time",
    name,
    sizeMs,
    graceMs,
    startsAt: (timestamp: Timestamp) => {
      const starts: Timestamp[] = [];
      let start = Math.floor(Math.max(0, timestamp - sizeMs + advanceMs) / advanceMs) * advanceMs;
      for (; start <= timestamp; start += advanceMs) starts.push(start);
      return starts;
    },
    endOf: (start: Timestamp) => start + sizeMs,
    isOneSize: true,
    canClose: true,
  });
}

function sizeOf(name: string, size: unknown): number {
  const sizeMs = toMilliseconds(size as Duration, `size of ${name}`);
  if (sizeMs === 0) throw invalid(`size of ${name} is 0 ms; give at least 1 ms`);
  return sizeMs;
}

function graceOf(name: string, grace: Duration): number {
  return toMilliseconds(grace, `grace of ${name}`);
}

function invalid(message: string): TopologyError {
  return new TopologyError("INVALID_WINDOWS", message);
}
