import { int64AsNumber, string } from "@millrace/serde";
import type { SessionStore, TimestampedWindowStore } from "@millrace/state";
import { session, StreamsBuilder, tumbling } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, expectTypeOf, test } from "vitest";

const texts = { key: string(), value: string() };
const minute = 60_000;

/** Clicks per minute and per visit, and what a processor reads of both. */
function clicks() {
  const builder = new StreamsBuilder();
  const stream = builder.stream("clicks", texts);
  const grouped = stream.groupByKey();
  const perMinute = grouped
    .windowedBy(tumbling("1m"))
    .count({ store: { name: "per-minute", retention: "1h" } });
  const visits = grouped
    .windowedBy(session("1m"))
    .count({ store: { name: "visits", retention: "1h" } });
  builder
    .stream("questions", { key: string(), value: int64AsNumber() })
    .process({
      stores: { perMinute, visits },
      output: texts,
      process(record, { perMinute: windows, visits: sessions, forward }) {
        const { key, value: start } = record;
        const count = windows.fetch(key, start)?.value;
        const counts = [...windows.fetchRange(key, {})].map((row) => row.value.value);
        const all = [...windows.fetchKeys(null, null)].map((row) => row.key.key);
        const [visit] = [...sessions.findSessions(key)].map((row) => row.key.window);
        const visitors = [...sessions.findSessionsOfKeys(null, null)].map((row) => row.key.key);
        const told = { count, counts, all, visit, visitors };
        forward(record.withValue(JSON.stringify(told)));
      },
    })
    .to("answers");
  const driver = new TopologyTestDriver(builder.build());
  const input = driver.input("clicks", texts);
  input.pipe("ada", "/", { timestamp: 1000 });
  input.pipe("ada", "/", { timestamp: 2000 });
  input.pipe("bob", "/", { timestamp: minute });
  input.pipe("ada", "/", { timestamp: minute + 1 });
  return { driver, perMinute, visits };
}

test("a processor reads the tables of windows and sessions that it lists", async () => {
  const { driver } = clicks();
  await using _ = driver;
  driver.input("questions", { key: string(), value: int64AsNumber() }).pipe("ada", 0);
  const [answer] = driver.output("answers", texts).readValues();
  expect(JSON.parse(answer ?? "")).toEqual({
    count: 2,
    counts: [2, 1],
    all: ["ada", "ada", "bob"],
    visit: { start: 1000, end: minute + 1 },
    visitors: ["ada", "bob"],
  });
});

test("a driver gives the stores of such tables by their handles, with their kind", async () => {
  const { driver, perMinute, visits } = clicks();
  await using _ = driver;
  const windows = driver.store(perMinute);
  expectTypeOf(windows).toEqualTypeOf<TimestampedWindowStore<string, number>>();
  expect(windows.fetch("ada", 0)).toEqual({ value: 2, timestamp: 2000 });
  const sessions = driver.store(visits);
  expectTypeOf(sessions).toEqualTypeOf<SessionStore<string, number>>();
  expect(sessions.fetchSession("ada", { start: 1000, end: minute + 1 })).toBe(3);
});
