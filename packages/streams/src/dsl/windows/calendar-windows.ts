import { shown, toMilliseconds, type Timestamp, type Window } from "@millrace/model";

import { TopologyError } from "../../error/topology-error.ts";
import type { Given, Has, Optional } from "../types/given-options.ts";
import type { GraceOption, TimeWindows } from "./time-windows.ts";
import { requireWindowOptions } from "./window-options.ts";
import { dateOf, dayMs, dayOf, ZoneTime } from "./zone-time.ts";

const weekdays = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

/** A day of the week. */
export type Weekday = (typeof weekdays)[number];

/** What a calendar counts in, and how many days it has at most. */
const daysOf = { day: 1, week: 7, month: 31, quarter: 92, year: 366 } as const;

/** What a calendar counts in. */
export type CalendarUnit = keyof typeof daysOf;

export interface CalendarOptions extends GraceOption {
  /** Whose midnight: a name of the IANA time zone database, such as `Europe/Berlin`, or `UTC`. */
  readonly timeZone?: string;
  /** The first day of a week. Default `monday`. */
  readonly weekStartsOn?: Weekday;
}

/**
 * Days, weeks, months, quarters or years as people of a time zone count them. No counterpart in Kafka Streams. Where
 * clocks are changed, a day has 23 or 25 hours; it begins when its first moment comes, also where midnight is skipped or
 * comes twice. Windows begin in 1970 at the earliest.
 *
 * @throws TopologyError `INVALID_WINDOWS`, OptionError `UNKNOWN_OPTION`, DurationError
 * @example readings.groupByKey().windowedBy(calendar("day", { timeZone: "Europe/Berlin", grace: "1h" })).count()
 */
export function calendar<const O extends Optional<CalendarOptions>>(
  unit: Has<O, "timeZone"> extends true
    ? CalendarUnit
    : "A day has no length without a place: calendar('day', { timeZone: 'Europe/Berlin' })",
  ...options: Given<O, CalendarOptions>
): TimeWindows {
  const [given = {}] = options as readonly [CalendarOptions?];
  requireWindowOptions("calendar", given);
  const { timeZone, weekStartsOn = "monday", grace = 0 } = given;
  if (!Object.hasOwn(daysOf, unit))
    throw invalid(`calendar was given ${shown(unit)}; give ${listed(Object.keys(daysOf))}`);
  if (!weekdays.includes(weekStartsOn))
    throw invalid(`weekStartsOn of calendar is ${shown(weekStartsOn)}; give ${listed(weekdays)}`);
  const days = daysOf[unit as CalendarUnit];
  const pages = new CalendarPages(
    zoneTimeOf(timeZone),
    periodsOf(unit as CalendarUnit, weekdays.indexOf(weekStartsOn)),
  );
  return Object.freeze({
    kind: "time",
    name: "calendar",
    // A day more: zones have gone back by hours.
    sizeMs: (days + 1) * dayMs,
    graceMs: toMilliseconds(grace, "grace of calendar"),
    startsAt: (timestamp: Timestamp) => pages.at(timestamp)?.starts ?? [],
    endOf: (start: Timestamp) => pages.at(start)?.end ?? start,
    windows: `a ${unit} of ${timeZone}${unit === "week" ? ` from ${weekStartsOn} on` : ""}`,
    isOneSize: false,
    canClose: true,
  });
}

function zoneTimeOf(timeZone: unknown): ZoneTime {
  const advice = `give a name of the IANA time zone database, such as "Europe/Berlin"`;
  if (typeof timeZone !== "string")
    throw invalid(`timeZone of calendar is ${shown(timeZone)}; ${advice}`);
  try {
    return new ZoneTime(timeZone);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalid(
      `timeZone of calendar is ${shown(timeZone)}, which this system does not know; ${advice}`,
    );
  }
}

/** The first day of a period, and that of the next. */
type Periods = (day: number) => readonly [first: number, next: number];

function periodsOf(unit: CalendarUnit, weekStart: number): Periods {
  switch (unit) {
    case "day":
      return (day) => [day, day + 1];
    case "week":
      return (day) => {
        // 1970 began with a Thursday.
        const first = day - ((((day + 3 - weekStart) % 7) + 7) % 7);
        return [first, first + 7];
      };
    case "month":
      return monthsOf(1);
    case "quarter":
      return monthsOf(3);
    case "year":
      return monthsOf(12);
  }
}

function monthsOf(count: 1 | 3 | 12): Periods {
  const firstOf = (months: number): number =>
    dayOf({ year: Math.floor(months / 12), month: (months % 12) + 1, day: 1 });
  return (day) => {
    const { year, month } = dateOf(day);
    const months = Math.floor((year * 12 + month - 1) / count) * count;
    return [firstOf(months), firstOf(months + count)];
  };
}

interface Page extends Window {
  readonly starts: readonly [Timestamp];
}

/** Days of UTC whose windows are remembered. */
const daysMax = 4096;
/** Times that dates are known of, by ECMAScript, less than a year away from the end. */
const timestampMax = 8.64e15 - 400 * dayMs;

/** The windows of a calendar. They are computed once, day by day: asking for the local time takes microseconds. */
class CalendarPages {
  readonly #zone: ZoneTime;
  readonly #periods: Periods;
  readonly #byDay = new Map<number, readonly Page[]>();
  #last: Page | undefined;

  constructor(zone: ZoneTime, periods: Periods) {
    this.#zone = zone;
    this.#periods = periods;
  }

  /** The window of a time; undefined where there are no dates. */
  at(timestamp: Timestamp): Page | undefined {
    const last = this.#last;
    if (last !== undefined && timestamp >= last.start && timestamp < last.end) return last;
    if (!(timestamp >= 0 && timestamp <= timestampMax)) return undefined;
    const day = Math.floor(timestamp / dayMs);
    let pages = this.#byDay.get(day);
    if (pages === undefined) {
      if (this.#byDay.size === daysMax) this.#byDay.clear();
      pages = this.#pagesOf(day);
      this.#byDay.set(day, pages);
    }
    this.#last = pages.find(({ end }) => timestamp < end);
    return this.#last;
  }

  #pagesOf(day: number): readonly Page[] {
    const end = (day + 1) * dayMs;
    const pages = [this.#pageAt(day * dayMs)];
    while (pages[pages.length - 1].end < end) pages.push(this.#pageAt(pages[pages.length - 1].end));
    return pages;
  }

  #pageAt(timestamp: Timestamp): Page {
    let [first, next] = this.#periods(Math.floor(this.#zone.localOf(timestamp) / dayMs));
    let end = this.#zone.firstAt(next * dayMs);
    // Clocks that were put back over midnight show a date that is over.
    while (end <= timestamp) {
      [first, next] = this.#periods(next);
      end = this.#zone.firstAt(next * dayMs);
    }
    const start = Math.max(0, this.#zone.firstAt(first * dayMs));
    return { start, end, starts: [start] };
  }
}

function listed(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}

function invalid(message: string): TopologyError {
  return new TopologyError("INVALID_WINDOWS", message);
}
