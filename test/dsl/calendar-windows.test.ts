import { encodeUtf8 } from "@millrace/model";
import { int64AsNumber, string, windowed } from "@millrace/serde";
import {
  calendar,
  customWindows,
  StreamsBuilder,
  untilWindowCloses,
  type KTable,
  type TimeWindowedKStream,
  type TimeWindows,
} from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import type { Windowed } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

const text = { key: string(), value: string() };
const hour = 3_600_000;
/** The days around the change of clocks in Berlin. */
const base = Date.UTC(2024, 9, 25, 12);

type Counts = KTable<Windowed<string>, number>;

function countsIn(
  windows: TimeWindows,
  counted: (windowed: TimeWindowedKStream<string, string>) => Counts,
) {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", text).groupByKey();
  counted(grouped.windowedBy(windows))
    .toStream()
    .to("out", { key: windowed(string(), windows), value: int64AsNumber() });
  return builder.build();
}

test("a day of 25 hours is one window, in the store, in the topic and for its reader", () => {
  const windows = calendar("day", { timeZone: "Europe/Berlin" });
  const driver = new TopologyTestDriver(countsIn(windows, (days) => days.count({ store: "days" })));
  const input = driver.input("in", text);
  const [start, end] = [Date.UTC(2024, 9, 26, 22), Date.UTC(2024, 9, 27, 23)];
  for (const timestamp of [start, end - 1, end]) input.pipe("k", "v", { timestamp });
  const out = driver.output("out", { key: windowed(string(), windows), value: int64AsNumber() });
  expect(out.readAll().map(({ key, value }) => [key?.window, value])).toEqual([
    [{ start, end }, 1],
    [{ start, end }, 2],
    [{ start: end, end: end + 24 * hour }, 1],
  ]);
});

test("a time without a window is left out, and counted", () => {
  const mornings = customWindows({
    size: "12h",
    windowsFor: (at) => {
      const start = at - (at % (24 * hour));
      return at < start + 12 * hour ? [{ start, end: start + 12 * hour }] : [];
    },
  });
  const driver = new TopologyTestDriver(countsIn(mornings, (windows) => windows.count()));
  driver.input("in", text).pipe("k", "v", { timestamp: 13 * hour });
  expect(driver.droppedRecords).toBe(1);
});

test("ADD-1: cogrouped streams share the time that tells what is late, over a restart too", async () => {
  const builder = new StreamsBuilder();
  const [left, right] = ["left", "right"].map((topic) => builder.stream(topic, text).groupByKey());
  left
    .cogroup((all, value) => all + value, { value: string() })
    .cogroup(right, (all, value) => all + value)
    .windowedBy(calendar("day", { timeZone: "UTC" }))
    .aggregate(() => "", { store: "days" })
    .toStream((_all, { key }) => key)
    .to("out", { key: string() });
  const task = new RestartingTask(builder.build());
  const pipe = (topic: string, value: string, hours: number): void =>
    task.pipe(topic, encodeUtf8("k"), encodeUtf8(value), hours * hour);
  pipe("left", "a", 1);
  pipe("right", "b", 25);
  pipe("left", "late", 2);
  await task.restart();
  pipe("left", "later", 3);
  pipe("left", "c", 26);
  const out = task.read("out", string(), string());
  await task.close();
  expect(out.map(({ value }) => value)).toEqual(["a", "b", "bc"]);
});

test("retention below the longest day is refused, with both lengths", () => {
  const windows = calendar("day", { timeZone: "Europe/Berlin", grace: "1h" });
  const grouped = new StreamsBuilder().stream("in", text).groupByKey().windowedBy(windows);
  expect(() => grouped.count({ store: { name: "s", retention: "1d" } })).toThrow(
    `retention of the store is 86400000 ms; windows and their grace need at least ${49 * hour} ms`,
  );
});

// ------------------------------------------------------------------------ against a model that is plain

interface Arrival {
  readonly key: string;
  readonly timestamp: number;
}

interface Row {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  count: number;
}

/** The windows as a list: what a map and a filter make of them. */
function model(windows: TimeWindows, arrivals: readonly Arrival[]) {
  const rows = new Map<string, Row>();
  const updates: string[] = [];
  const finals: string[] = [];
  let streamTime = -1;
  const show = (row: Row): string => `${row.key}@${row.start}-${row.end}=${row.count}`;
  const open = new Set<Row>();
  for (const { key, timestamp } of arrivals) {
    streamTime = Math.max(streamTime, timestamp);
    const closeTime = streamTime - windows.graceMs;
    for (const start of windows.startsAt(timestamp)) {
      const end = windows.endOf(start);
      if (end <= closeTime) continue;
      const row = rows.get(`${key}@${start}`) ?? { key, start, end, count: 0 };
      rows.set(`${key}@${start}`, row);
      row.count += 1;
      open.add(row);
      updates.push(show(row));
    }
    const closed = [...open]
      .filter(({ end }) => end <= closeTime)
      .sort((left, right) => left.start - right.start || (left.key < right.key ? -1 : 1));
    for (const row of closed) {
      open.delete(row);
      finals.push(show(row));
    }
  }
  return { updates, finals, table: [...rows.values()].map(show).sort() };
}

const arrivals = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b"),
    // Hours, mostly, so that the edges of windows are hit.
    timestamp: fc
      .tuple(fc.integer({ min: 0, max: 24 * 8 }), fc.constantFrom(-1, 0, 1))
      .map(([hours, ms]) => base + hours * hour + ms),
  }),
  { maxLength: 60 },
);
const run = fc.record({
  arrivals,
  graceHours: fc.constantFrom(0, 3, 30),
  restarts: fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 3 }),
  cacheBytesMax: fc.constantFrom(0, 300, 1_000_000),
  recordsPerCommit: fc.constantFrom(1, 7),
});
type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

const kinds: Readonly<Record<string, (grace: number) => TimeWindows>> = {
  days: (grace) => calendar("day", { timeZone: "Europe/Berlin", grace }),
  weeks: (grace) =>
    calendar("week", { timeZone: "America/New_York", weekStartsOn: "sunday", grace }),
  "windows of our own, which overlap and differ in length": (grace) =>
    customWindows({
      size: "2d",
      grace,
      windowsFor: (at) => {
        const day = at - (at % (24 * hour));
        const windows = [
          { start: day, end: day + 24 * hour },
          { start: day + 6 * hour, end: day + 30 * hour },
          { start: day - 18 * hour, end: day + 6 * hour },
          { start: day - (day % (48 * hour)) + 1, end: day - (day % (48 * hour)) + 48 * hour },
        ];
        return windows.filter(({ start, end }) => start <= at && at < end);
      },
    }),
};

async function outOf(
  windows: TimeWindows,
  { arrivals: records, restarts, ...options }: Run,
  counted: (windowed: TimeWindowedKStream<string, string>) => Counts,
): Promise<readonly string[]> {
  const task = new RestartingTask(countsIn(windows, counted), options);
  for (const [index, { key, timestamp }] of records.entries()) {
    task.pipe("in", encodeUtf8(key), encodeUtf8("v"), timestamp);
    if (restarts.includes(index)) await task.restart();
  }
  task.commit();
  const out = task.read("out", windowed(string(), windows), int64AsNumber());
  await task.close();
  return out.map(
    ({ key, value }) => `${key?.key}@${key?.window.start}-${key?.window.end}=${value}`,
  );
}

/** The last value of each window. */
const tableOf = (rows: readonly string[]): readonly string[] =>
  [...new Map(rows.map((row) => [row.split("=")[0], row])).values()].sort();

describe.each(Object.entries(kinds))("a table of %s is that of a plain model", (_name, make) => {
  test("update by update, through restarts, in any order of time", async () => {
    await fc.assert(
      fc.asyncProperty(run, async (one) => {
        const windows = make(one.graceHours * hour);
        const expected = model(windows, one.arrivals);
        const rows = await outOf(windows, one, (all) => all.count());
        if (one.cacheBytesMax === 0) expect(rows).toEqual(expected.updates);
        expect(tableOf(rows)).toEqual(expected.table);
      }),
      { numRuns: 40 },
    );
  });

  test("once for each window, where results leave on close", async () => {
    await fc.assert(
      fc.asyncProperty(run, async (one) => {
        const windows = make(one.graceHours * hour);
        const { finals } = model(windows, one.arrivals);
        const emitted = await outOf(windows, one, (all) =>
          all.emitStrategy("onWindowClose").count(),
        );
        expect(emitted).toEqual(finals);
        const suppressed = await outOf(windows, { ...one, cacheBytesMax: 0 }, (all) =>
          all.count().suppress(untilWindowCloses()),
        );
        expect(suppressed.toSorted()).toEqual(finals.toSorted());
      }),
      { numRuns: 40 },
    );
  });
});
