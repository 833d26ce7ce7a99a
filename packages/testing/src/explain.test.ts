import { int64AsNumber, json, string } from "@millrace/serde";
import { StreamsBuilder, Topology, session, tumbling, StreamRecord } from "@millrace/streams";
import { expect, test } from "vitest";

import { TopologyTestDriver } from "./topology-test-driver.ts";

const text = { key: string(), value: string() };

test("tells what became of each record: operators, stores, topics, and what was left out", async () => {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", text)
    .filter((line) => line !== "")
    .groupBy((word) => word, text)
    .windowedBy(tumbling("10ms"))
    .count({ store: "counts" })
    .toStream((_count, windowed) => windowed.key)
    .to("out", { key: string(), value: int64AsNumber() });
  await using driver = new TopologyTestDriver(builder.build(), { cacheBytesMax: 0 });
  const lines = driver.input("lines", text);
  lines.pipe("k", "to", { timestamp: 25 });
  lines.pipe("k", "", { timestamp: 26 });
  lines.pipe("k", "to", { timestamp: 1 });
  expect(driver.explain()).toBe(`1. pipe into lines, at 25
  from lines #0
  KSTREAM-FILTER-0000000001  "k" = "to"  at 25
    KSTREAM-KEY-SELECT-0000000002  "k" = "to"  at 25
      counts-repartition-filter  "to" = "to"  at 25
        -> test-counts-repartition  "to" = "to"  at 25
  from test-counts-repartition #0
  KSTREAM-AGGREGATE-0000000003  "to" = "to"  at 25
    store counts  "to" from 20 = 1  at 25
    KTABLE-TOSTREAM-0000000007  {"key":"to","window":{"start":20,"end":30}} = 1  at 25
      KSTREAM-KEY-SELECT-0000000008  {"key":"to","window":{"start":20,"end":30}} = 1  at 25
        -> out  "to" = 1  at 25
2. pipe into lines, at 26
  from lines #1
  KSTREAM-FILTER-0000000001  "k" = ""  at 26
3. pipe into lines, at 1
  from lines #2
  KSTREAM-FILTER-0000000001  "k" = "to"  at 1
    KSTREAM-KEY-SELECT-0000000002  "k" = "to"  at 1
      counts-repartition-filter  "to" = "to"  at 1
        -> test-counts-repartition  "to" = "to"  at 1
  from test-counts-repartition #1
  KSTREAM-AGGREGATE-0000000003  "to" = "to"  at 1
    left out: window [0, 10) has closed`);
  expect(driver.explain(2)).toMatch(/^2\. pipe into lines, at 26\n/);
});

test("tells of sessions, timers, global stores, what is passed over, and the failure at the end", async () => {
  const builder = new StreamsBuilder();
  builder.globalTable("labels", text);
  builder
    .stream("in", text)
    .mapValues(
      (value) => {
        if (value === "bad") throw new Error("asked to");
        return value;
      },
      { value: string() },
    )
    .process({
      init: ({ schedule, forward }) => {
        schedule("10ms", "wallClockTime", (now) => forward({ tick: now } as never));
      },
      process: (record, { forward }) => forward(record),
      output: text,
    })
    .groupByKey()
    .windowedBy(session("5ms"))
    .reduce((left, right) => left + right, { store: "visits" });
  await using driver = new TopologyTestDriver(builder.build(), {
    onProcessingError: ({ cause }) =>
      cause instanceof Error && cause.message === "asked to" ? "continue" : "fail",
  });
  driver.input("labels", text).pipe("a", "lamp");
  driver.input("in", text).pipe("k", "v", { timestamp: 3 });
  driver.input("in", text).pipe("k", "bad", { timestamp: 4 });
  expect(() => driver.advanceWallClock("10ms")).toThrow(/forward/);
  const told = driver.explain();
  expect(told).toContain('KTABLE-SOURCE-0000000002  "a" = "lamp"');
  expect(told).toContain('store visits  "k" from 3 to 3 = "v"');
  expect(told).toContain("passed over at KSTREAM-MAPVALUES-0000000004: asked to");
  expect(told).toMatch(/4\. the wall clock moves by 10 ms\n {2}failed: .*forward/);
});

test("shows long and odd values briefly, and keeps a bounded number of steps", async () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string(), value: json<string>() })
    .mapValues((value) => {
      if (value === "bytes") return { part: new Uint8Array(3), n: 7n };
      return value === "circle" ? circle : { many: value.repeat(50), n: 7n };
    })
    .peek(() => {});
  await using driver = new TopologyTestDriver(builder.build());
  const input = driver.input("in", { key: string(), value: json<string>() });
  input.pipe("k", "circle");
  input.pipe("k", "abc");
  input.pipe("k", "bytes");
  expect(driver.explain()).toContain('"k" = {"part":"3 bytes","n":"7n"}');
  expect(driver.explain()).toContain('"k" = [object Object]');
  expect(driver.explain()).toMatch(/"k" = \{"many":"(abc)+a?b?…/);
  for (let index = 0; index < 200; index++) input.pipe("k", "a");
  expect(driver.explain().match(/^\d+\. /gm)).toHaveLength(100);
  for (const wrong of [0, -1, 1.5, "all"])
    expect(() => driver.explain(wrong as number)).toThrow(/at least 1/);
});

test("a processor that is frozen runs all the same, untold", async () => {
  const seen: unknown[] = [];
  const topology = new Topology()
    .addSource("source", "in", text)
    .addProcessor(
      "work",
      () => Object.freeze({ process: (record: StreamRecord) => void seen.push(record.value) }),
      {
        parents: "source",
      },
    );
  await using driver = new TopologyTestDriver(topology);
  driver.input("in", text).pipe("k", "v");
  expect(seen).toEqual(["v"]);
  expect(driver.explain()).toBe("1. pipe into in, at 0\n  nothing came of it");
});

test("stream time can be moved on without a record, and never back", async () => {
  const times: number[] = [];
  const builder = new StreamsBuilder();
  builder.stream("in", text).process({
    init: ({ schedule }) => void schedule("1m", "streamTime", (now) => void times.push(now)),
    process: () => {},
  });
  await using driver = new TopologyTestDriver(builder.build());
  driver.input("in", text).pipe("k", "v", { timestamp: 0 });
  driver.advanceStreamTime(120_000);
  driver.advanceStreamTime(60_000);
  expect(times).toEqual([0, 120_000]);
  expect(() => driver.advanceStreamTime(-1)).toThrow(/a time in ms/);
});

test("what comes from a cache, a timer or a call that has ended stands below its operator", async () => {
  const builder = new StreamsBuilder();
  const asked: (() => void)[] = [];
  builder
    .stream("in", text)
    .mapValuesAsync((value) => new Promise<string>((resolve) => asked.push(() => resolve(value))), {
      name: "ask",
      value: string(),
    })
    .to("asked");
  builder
    .stream("counted", text)
    .groupByKey()
    .count({ name: "counter", store: "counts" })
    .toStream()
    .to("counts");
  builder
    .stream("timed", text)
    .process(
      {
        init: ({ schedule, forward }) =>
          void schedule("10ms", "wallClockTime", (now) =>
            forward(new StreamRecord("k", "tick", now)),
          ),
        process: () => {},
        output: text,
      },
      { name: "ticker" },
    )
    .to("ticks");
  await using driver = new TopologyTestDriver(builder.build());
  driver.input("in", text).pipe("k", "v");
  for (const answer of asked) answer();
  await driver.settle();
  expect(driver.explain(2)).toContain('out of ask\n    -> asked  "k" = "v"  at 0');
  driver.input("counted", text).pipe("k", "v");
  expect(driver.explain(1)).toMatch(
    / {2}store counts {2}"k" = 1 {2}at 0\n {2}out of counter\n {4}KTABLE-TOSTREAM-\d{10} {2}"k" = 1/,
  );
  driver.advanceWallClock("10ms");
  expect(driver.explain(1)).toContain('out of ticker\n    -> ticks  "k" = "tick"');
});

test("records that are not taken are told to wait, and for what", async () => {
  const builder = new StreamsBuilder();
  builder
    .stream(["left", "right"], text)
    .foreachAsync(() => new Promise<void>(() => {}), { concurrency: 1 });
  const idle = new TopologyTestDriver(builder.build(), { maxTaskIdleMs: 10 });
  idle.input("left", text).pipe("k", "v");
  expect(idle.explain(1)).toMatch(
    /\n {2}records wait for those of another topic, as maxTaskIdleMs says/,
  );
  await idle.close();
  const busy = new TopologyTestDriver(builder.build());
  const input = busy.input("left", text);
  input.pipe("a", "v");
  expect(busy.explain()).not.toContain("records wait");
  for (let count = 0; count < 100; count++) input.pipe(`k${count}`, "v");
  expect(busy.explain(1)).toContain(
    "records wait: an operator has as many calls under way as it may; await driver.settle()",
  );
  await busy.close();
});
