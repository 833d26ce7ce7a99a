import { OptionError, shown, type Timestamp, type Window } from "@millrace/model";

import type { TimeBounds } from "./question.ts";

/** Which windows, by their starts. */
export interface WindowRange {
  /** Inclusive; absent: from the first. */
  readonly from?: Timestamp;
  /** Inclusive; absent: to the last. */
  readonly to?: Timestamp;
  readonly reverse?: boolean;
}

/** Which sessions. */
export interface SessionsRange {
  /** They end no earlier; absent: from the first. */
  readonly earliestEnd?: Timestamp;
  /** They start no later; absent: to the last. */
  readonly latestStart?: Timestamp;
  readonly reverse?: boolean;
}

/** @throws OptionError `INVALID_OPTION` */
export function windowBounds({
  from = 0,
  to = Infinity,
  reverse = false,
}: WindowRange = {}): TimeBounds {
  return { after: earliest("from", from), until: latest("to", to), isReverse: reverse };
}

/** @throws OptionError `INVALID_OPTION` */
export function sessionBounds({
  earliestEnd = 0,
  latestStart = Infinity,
  reverse = false,
}: SessionsRange = {}): TimeBounds {
  return {
    after: earliest("earliestEnd", earliestEnd),
    until: latest("latestStart", latestStart),
    isReverse: reverse,
  };
}

/** Of a window that is named by its start. @throws OptionError `INVALID_OPTION` */
export function requireStart(name: string, given: Timestamp): Timestamp {
  if (Number.isSafeInteger(given) && given >= 0) return given;
  throw refused(name, given, "a whole number of milliseconds of at least 0");
}

/** @throws OptionError `INVALID_OPTION` */
export function requireWindow({ start, end }: Window): Window {
  return { start: requireStart("window.start", start), end: requireStart("window.end", end) };
}

/** One that lies before all others is a moment, too. @throws OptionError `INVALID_OPTION` */
export function requireMoment(name: string, given: Timestamp): Timestamp {
  if (Number.isSafeInteger(given)) return given;
  throw refused(name, given, "a whole number of milliseconds");
}

function earliest(name: string, given: Timestamp): Timestamp {
  return given === -Infinity ? 0 : requireMoment(name, given);
}

function latest(name: string, given: Timestamp): Timestamp {
  return given === Infinity ? given : requireMoment(name, given);
}

function refused(name: string, given: unknown, allowed: string): OptionError {
  return new OptionError(
    "INVALID_OPTION",
    `a store is asked with ${name} ${shown(given)}; give ${allowed}`,
  );
}
