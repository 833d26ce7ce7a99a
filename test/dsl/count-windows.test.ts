import { encodeUtf8 } from "@millrace/model";
import { counted, optional, string } from "@millrace/serde";
import type { KeyValueStore } from "@millrace/state";
import { countWindows, StreamsBuilder, TopologyError, type Topology } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

const text = { key: string(), value: string() };

interface Windows {
  readonly size: number;
  readonly advance?: number;
  readonly onClose?: boolean;
}

/** Windows as texts: what came into them, in order. */
function program({ size, onClose = false, ...options }: Windows): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string(), value: optional(string()) })
    .groupByKey()
    .windowedBy(countWindows(size, options))
    .emitStrategy(onClose ? "onWindowClose" : "onWindowUpdate")
    .aggregate(
      () => "",
      (all, value) => all + value,
      { value: string(), store: "windows" },
    )
    .toStream()
    .to("out");
  return builder.build();
}

function run(windows: Windows, ...records: (readonly [key: string, value: string, at?: number])[]) {
  const driver = new TopologyTestDriver(program(windows));
  const input = driver.input("in", text);
  for (const [key, value, timestamp = 0] of records) input.pipe(key, value, { timestamp });
  const out = driver.output("out", { key: counted(string()), value: string() }).readAll();
  return {
    driver,
    rows: out.map(({ key, value, timestamp }) => `${key?.key}${key?.index}=${value}@${timestamp}`),
  };
}

describe("windows that records fill", () => {
  const records = [
    ["k", "a", 5],
    ["k", "b", 9],
    ["x", "z", 7],
    ["k", "c", 1],
    ["k", "d", 2],
  ] as const;

  test("follow one another, by key, in the order in which records come, whatever their times", () => {
    expect(run({ size: 3 }, ...records).rows).toEqual([
      "k0=a@5",
      "k0=ab@9",
      "x0=z@7",
      "k0=abc@9",
      "k1=d@2",
    ]);
  });

  test("overlap where they advance by less than their size", () => {
    expect(run({ size: 2, advance: 1 }, ...records).rows).toEqual([
      "k0=a@5",
      "k0=ab@9",
      "k1=b@9",
      "x0=z@7",
      "k1=bc@9",
      "k2=c@1",
      "k2=cd@2",
      "k3=d@2",
    ]);
  });

  test("are told once, when they are full, where results leave on close", () => {
    expect(run({ size: 2, advance: 1, onClose: true }, ...records).rows).toEqual([
      "k0=ab@9",
      "k1=bc@9",
      "k2=cd@2",
    ]);
  });

  test("are kept until the next one is full", () => {
    const many = Array.from({ length: 101 }, (_, index) => ["k", String(index % 10)] as const);
    const { driver } = run({ size: 10 }, ...many);
    const rows = driver.store<KeyValueStore<unknown, unknown>>("windows");
    expect([...rows.all()].map(({ key }) => key)).toEqual([
      { key: "k", index: 9 },
      { key: "k", index: 10 },
    ]);
  });

  test("drop and count what has no key or no value", () => {
    const driver = new TopologyTestDriver(program({ size: 2 }));
    driver.input("in", { key: string(), value: optional(string()) }).pipe("k", null);
    expect(driver.droppedRecords).toBe(1);
  });

  test("feed aggregates of their table, whose old values are right", () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .groupByKey()
      .windowedBy(countWindows(2))
      .reduce((all, value) => all + value)
      .groupBy((all, { index }) => ({ key: `window ${index}`, value: all }), text)
      .reduce({ adder: (sum, all) => `${sum}+${all}`, subtractor: (sum, all) => `${sum}-${all}` })
      .toStream()
      .to("out");
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.input("in", text);
    for (const value of ["a", "b", "c"]) input.pipe("k", value);
    expect(
      driver
        .output("out", text)
        .readAll()
        .map(({ key, value }) => `${key}: ${value}`),
    ).toEqual(["window 0: a", "window 0: a-a+ab", "window 1: c"]);
  });

  test("have names of their own", () => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).groupByKey().windowedBy(countWindows(2)).count();
    expect(builder.build().describe().toString()).toMatch(
      /Processor: KSTREAM-COUNTWINDOWS-\d+ \(stores: \[KSTREAM-COUNTWINDOWS-STATE-STORE-/,
    );
  });
});

test.each([{ name: "tens" }, { store: "tens-store" }])(
  "a name for it names its store and its topic too: %j",
  (options) => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .selectKey((value) => value, { key: string() })
      .groupByKey()
      .windowedBy(countWindows(10))
      .count(options);
    const topology = builder.build({ requireExplicitNames: true });
    expect(topology.describe()).toContain("tens-store-repartition");
  },
);

test.each([
  ["a size of 0", () => countWindows(0), "size of countWindows is 0"],
  ["a size in time", () => countWindows("1m" as never), 'is "1m"'],
  ["an advance of 0", () => countWindows(5, { advance: 0 }), "from 1 to the size, 5"],
  [
    "an advance beyond the size",
    () => countWindows(5, { advance: 6 }),
    "advance of countWindows is 6",
  ],
  ["too many windows at once", () => countWindows(5000, { advance: 1 }), "in 5000 windows"],
])("%s is refused, with its value", (_what, make, message) => {
  expect(make).toThrow(TopologyError);
  expect(make).toThrow(message);
});

test("cogrouped streams have no such windows, and their store has no cache", () => {
  const grouped = new StreamsBuilder().stream("in", text).groupByKey();
  const cogrouped = grouped.cogroup((all, value) => all + value, { value: string() });
  expect(() => cogrouped.windowedBy(countWindows(2) as never)).toThrow("windows, such as tumbling");
  const store = { name: "s", caching: true } as never;
  expect(() => grouped.windowedBy(countWindows(2)).count({ store })).toThrow("caching");
});

test("in any order of time, through restarts, windows are slices of the list of a key", async () => {
  const runs = fc.record({
    size: fc.integer({ min: 1, max: 6 }),
    advanceBy: fc.integer({ min: 0, max: 5 }),
    onClose: fc.boolean(),
    records: fc.array(
      fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom("x", "y", null), fc.nat(100)),
      { maxLength: 50 },
    ),
    restarts: fc.array(fc.nat(49), { maxLength: 3 }),
    cacheBytesMax: fc.constantFrom(0, 1_000_000),
    recordsPerCommit: fc.constantFrom(1, 7),
  });
  await fc.assert(
    fc.asyncProperty(runs, async ({ size, advanceBy, onClose, records, restarts, ...options }) => {
      const advance = Math.max(1, size - advanceBy);
      const task = new RestartingTask(program({ size, advance, onClose }), options);
      const lists = new Map<string, string[]>();
      const expected: string[] = [];
      for (const [index, [key, value, at]] of records.entries()) {
        task.pipe("in", encodeUtf8(key), value === null ? null : encodeUtf8(value), at);
        if (restarts.includes(index)) await task.restart();
        if (value === null) continue;
        const list = lists.get(key) ?? [];
        lists.set(key, [...list, value]);
        for (let window = 0; window * advance <= list.length; window += 1) {
          const slice = [...list, value].slice(window * advance, window * advance + size);
          const isIn = list.length < window * advance + size;
          const isFull = slice.length === size;
          if (isIn && (isFull || !onClose)) expected.push(`${key}${window}=${slice.join("")}`);
        }
      }
      task.commit();
      const out = task.read("out", counted(string()), string());
      await task.close();
      expect(out.map(({ key, value }) => `${key?.key}${key?.index}=${value}`)).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});
