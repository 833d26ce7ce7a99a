import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { TopologyError } from "../../error/topology-error.ts";
import { calendar, type CalendarOptions, type CalendarUnit } from "./calendar-windows.ts";

const iso = (timestamp: number): string => new Date(timestamp).toISOString();
const at = (text: string): number => new Date(text).getTime();

function windowAt(
  unit: CalendarUnit,
  options: CalendarOptions & { timeZone: string },
  time: number,
) {
  const windows = calendar(unit, options);
  const [start] = windows.startsAt(time);
  return { start, end: windows.endOf(start), sizeMs: windows.sizeMs };
}

describe("a day of a time zone", () => {
  test.each([
    ["24 hours", "Europe/Berlin", "2024-06-01T12:00Z", "2024-05-31T22:00", "2024-06-01T22:00"],
    [
      "23 hours, clocks put on",
      "Europe/Berlin",
      "2024-03-31T12:00Z",
      "2024-03-30T23:00",
      "2024-03-31T22:00",
    ],
    [
      "25 hours, clocks put back",
      "Europe/Berlin",
      "2024-10-27T12:00Z",
      "2024-10-26T22:00",
      "2024-10-27T23:00",
    ],
    [
      "no midnight",
      "America/Sao_Paulo",
      "2018-11-04T12:00Z",
      "2018-11-04T03:00",
      "2018-11-05T02:00",
    ],
    [
      "two midnights",
      "America/Sao_Paulo",
      "2018-02-17T12:00Z",
      "2018-02-17T02:00",
      "2018-02-18T03:00",
    ],
    [
      "no midnight, four hours from UTC",
      "America/Santiago",
      "2023-09-03T12:00Z",
      "2023-09-03T04:00",
      "2023-09-04T03:00",
    ],
    [
      "the day before it, four hours from UTC",
      "America/Santiago",
      "2023-09-02T12:00Z",
      "2023-09-02T04:00",
      "2023-09-03T04:00",
    ],
    [
      "no midnight, on UTC",
      "Africa/Casablanca",
      "2008-06-01T12:00Z",
      "2008-06-01T00:00",
      "2008-06-01T23:00",
    ],
    ["no midnight", "Asia/Beirut", "2022-03-27T12:00Z", "2022-03-26T22:00", "2022-03-27T21:00"],
    ["no midnight", "Africa/Cairo", "2024-04-26T12:00Z", "2024-04-25T22:00", "2024-04-26T21:00"],
    [
      "a date that comes back",
      "America/St_Johns",
      "2006-10-29T03:00Z",
      "2006-10-29T02:30",
      "2006-10-30T03:30",
    ],
    [
      "half an hour",
      "Australia/Lord_Howe",
      "2024-04-06T18:00Z",
      "2024-04-06T13:00",
      "2024-04-07T13:30",
    ],
    ["27 hours", "Antarctica/Casey", "2010-03-05T01:00Z", "2010-03-04T13:00", "2010-03-05T16:00"],
    [
      "before a date that is skipped",
      "Pacific/Apia",
      "2011-12-30T05:00Z",
      "2011-12-29T10:00",
      "2011-12-30T10:00",
    ],
    [
      "an offset with seconds",
      "Africa/Monrovia",
      "1971-06-01T12:00Z",
      "1971-06-01T00:44:30",
      "1971-06-02T00:44:30",
    ],
  ])("has %s in %s", (_what, timeZone, time, ...edges) => {
    const window = windowAt("day", { timeZone }, at(time));
    expect([window.start, window.end].map(iso)).toEqual(edges.map((edge) => iso(at(`${edge}Z`))));
  });

  test("is in 1970 at the earliest, and ends where dates do", () => {
    const first = windowAt("day", { timeZone: "Asia/Tokyo" }, 0);
    expect([first.start, first.end]).toEqual([0, 15 * 3_600_000]);
    const windows = calendar("day", { timeZone: "UTC" });
    expect(windows.startsAt(8.64e15)).toEqual([]);
    expect(windows.startsAt(2 ** 63)).toEqual([]);
    expect(windows.startsAt(8.6e15)).toHaveLength(1);
  });
});

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "America/Havana",
  "America/Asuncion",
  "America/Santiago",
  "America/St_Johns",
  "Asia/Beirut",
  "Asia/Kathmandu",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Australia/Lord_Howe",
  "Antarctica/Casey",
  "Pacific/Apia",
];

/** The date on the walls, as a text that sorts. */
function dateIn(timeZone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  return (time) => format.format(time);
}

const time = fc.integer({
  min: at("1975-01-01T00:00Z") / 1000,
  max: at("2037-01-01T00:00Z") / 1000,
});

test("days begin with the first minute that shows their date, and nothing lies between them", () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), time, (timeZone, seconds) => {
      const now = seconds * 1000;
      const { start, end, sizeMs } = windowAt("day", { timeZone }, now);
      const date = dateIn(timeZone);
      expect(start <= now && now < end && end - start <= sizeMs).toBe(true);
      // Day by day around it, minute by minute: the latest date so far tells which day it is.
      const minute = 60_000;
      let latest = "";
      let begun = 0;
      for (let one = now - (now % minute) - 3 * 1440 * minute; one <= now; one += minute) {
        if (date(one) <= latest) continue;
        latest = date(one);
        begun = one;
      }
      expect(iso(start)).toBe(iso(begun));
      expect(windowAt("day", { timeZone }, end).start).toBe(end);
    }),
    { numRuns: 60 },
  );
});

/** The last moments before the clocks of a time zone were changed, to the hour. */
function changesOf(timeZone: string, from: number, to: number): readonly number[] {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const offsetAt = (time: number): string => format.format(time).replace(/.*GMT/, "");
  const [hour, step] = [3_600_000, 14 * 86_400_000];
  const found: number[] = [];
  for (let at = from; at < to; at += step) {
    let [before, behind] = [at, at + step];
    if (offsetAt(before) === offsetAt(behind)) continue;
    while (behind - before > hour) {
      const middle = before + Math.floor((behind - before) / (2 * hour)) * hour;
      if (offsetAt(middle) === offsetAt(at)) before = middle;
      else behind = middle;
    }
    found.push(before);
  }
  return found;
}

test.each(zones)(
  "where the clocks of %s were changed days follow one another, each with its date",
  (timeZone) => {
    const [hour, day] = [3_600_000, 86_400_000];
    const date = dateIn(timeZone);
    const windows = calendar("day", { timeZone });
    for (const change of changesOf(timeZone, at("2000-01-01T00:00Z"), at("2024-06-01T00:00Z"))) {
      let [start] = windows.startsAt(change - day);
      for (let count = 0; count < 3; count += 1) {
        const end = windows.endOf(start);
        expect([iso(end), windows.startsAt(end), windows.startsAt(end - 1)]).toEqual([
          iso(end),
          [end],
          [start],
        ]);
        expect(end - start).toBeGreaterThanOrEqual(20 * hour);
        expect(end - start).toBeLessThanOrEqual(28 * hour);
        expect([iso(end), date(end) > date(start)]).toEqual([iso(end), true]);
        start = end;
      }
    }
  },
);

test("weeks, months, quarters and years are made of whole days", () => {
  const units = ["week", "month", "quarter", "year"] as const;
  const weekdays = ["monday", "sunday", "saturday"] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...units),
      fc.constantFrom(...weekdays),
      time,
      (timeZone, unit, weekStartsOn, seconds) => {
        const now = seconds * 1000;
        const { start, end, sizeMs } = windowAt(unit, { timeZone, weekStartsOn }, now);
        expect(start <= now && now < end && end - start <= sizeMs).toBe(true);
        for (const edge of [start, end]) {
          expect(windowAt("day", { timeZone }, edge).start).toBe(edge);
          const date = dateIn(timeZone)(edge);
          const day = new Date(`${date}T00:00Z`).getUTCDay();
          if (unit === "week")
            expect(day).toBe({ sunday: 0, monday: 1, saturday: 6 }[weekStartsOn]);
          else
            expect(date).toMatch(
              { month: /-01$/, quarter: /-(?:01|04|07|10)-01$/, year: /-01-01$/ }[unit],
            );
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("a date that is asked for out of order, and again, is in the same window", () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.array(time), (timeZone, seconds) => {
      const windows = calendar("day", { timeZone });
      for (const one of [...seconds, ...seconds.toReversed()]) {
        const [start] = windows.startsAt(one * 1000);
        expect([start, windows.endOf(start)]).toEqual([
          ...calendar("day", { timeZone }).startsAt(one * 1000),
          windowAt("day", { timeZone }, one * 1000).end,
        ]);
      }
    }),
    { numRuns: 30 },
  );
});

test.each([
  ["a unit", () => calendar("fortnight" as "day", { timeZone: "UTC" }), '"fortnight"'],
  [
    "a zone that is none",
    () => calendar("day", { timeZone: "Europe/Berlinn" }),
    '"Europe/Berlinn"',
  ],
  ["no zone", () => calendar("day" as never, {} as never), "undefined"],
  [
    "a weekday",
    () => calendar("week", { timeZone: "UTC", weekStartsOn: "Monday" as "monday" }),
    '"Monday"',
  ],
])("%s that it does not know is told with its value", (_what, make, value) => {
  expect(make).toThrow(TopologyError);
  expect(make).toThrow(value);
});

test("grace that is no duration is refused", () => {
  expect(() => calendar("day", { timeZone: "UTC", grace: -1 })).toThrow("grace of calendar");
});
