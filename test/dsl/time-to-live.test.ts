import { encodeUtf8, OptionError } from "@millrace/model";
import { int64AsNumber, optional, string, type Serde } from "@millrace/serde";
import { StreamsBuilder, TopologyError, tumbling, type Topology } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

const text = { key: string(), value: string() };
const maybe = { key: string(), value: optional(string()) };
const counts = { key: string(), value: optional(int64AsNumber()) };

interface TtlOptions {
  readonly ttl: number;
  readonly caching?: boolean;
}

function tableOf(options: Partial<TtlOptions>, build = {}): Topology {
  const builder = new StreamsBuilder();
  builder
    .table("in", { ...text, store: { name: "rows", ...options } })
    .toStream()
    .to("out", { value: optional(string()) });
  return builder.build(build);
}

function toTableOf(options: TtlOptions): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("in", maybe)
    .toTable({ store: { name: "rows", ...options } })
    .toStream()
    .to("out");
  return builder.build();
}

function countOf(options: TtlOptions): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("in", maybe)
    .groupByKey()
    .count({ store: { name: "rows", ...options } })
    .toStream()
    .to("out", { value: optional(int64AsNumber()) });
  return builder.build();
}

function run(topology: Topology, value: Serde<string | number | null>) {
  const driver = new TopologyTestDriver(topology, { cacheBytesMax: 0 });
  const input = driver.input("in", maybe);
  const out = driver.output("out", { key: string(), value });
  return {
    driver,
    pipe(key: string, at: number, text: string | null = "v") {
      input.pipe(key, text, { timestamp: at });
      return out.readAll().map((one) => `${one.key}=${one.value}@${one.timestamp}`);
    },
  };
}

describe("a row that was not written for so long", () => {
  test("is deleted with a tombstone, before the record that moves time on, with the time when its own was over", () => {
    const { pipe } = run(tableOf({ ttl: 10 }), optional(string()) as Serde<string | null>);
    pipe("b", 1);
    pipe("a", 0);
    expect(pipe("c", 9)).toEqual(["c=v@9"]);
    expect(pipe("c", 20)).toEqual(["a=null@10", "b=null@11", "c=null@19", "c=v@20"]);
  });

  test.each([0, 1_000_000])(
    "has a tombstone of its own time and without headers, with %d bytes of cache",
    (cacheBytesMax) => {
      const driver = new TopologyTestDriver(tableOf({ ttl: 10 }), { cacheBytesMax });
      const input = driver.input("in", text);
      input.pipe("a", "v", { timestamp: 1, headers: [["trace", encodeUtf8("1")]] });
      input.pipe("b", "v", { timestamp: 50, headers: [["trace", encodeUtf8("2")]] });
      const out = driver.output("out", maybe).readAll();
      expect(out.map(({ key, timestamp, headers }) => [key, timestamp, headers.length])).toEqual([
        ["a", 1, 1],
        ["a", 11, 0],
        ["b", 50, 1],
      ]);
    },
  );

  test("stays where it was written again", () => {
    const { pipe, driver } = run(tableOf({ ttl: 10 }), optional(string()) as Serde<string | null>);
    pipe("a", 0);
    pipe("a", 6);
    expect(pipe("b", 12)).toEqual(["b=v@12"]);
    expect(pipe("b", 16)).toEqual(["a=null@16", "b=v@16"]);
    expect(driver.store("rows").get("a")).toBeNull();
  });

  test("has no tombstone where it was deleted already", () => {
    const { pipe } = run(tableOf({ ttl: 10 }), optional(string()) as Serde<string | null>);
    pipe("a", 0);
    expect(pipe("a", 1, null)).toEqual(["a=null@1"]);
    expect(pipe("b", 50)).toEqual(["b=v@50"]);
  });

  test("is counted anew when it comes back", () => {
    const { pipe } = run(countOf({ ttl: 10 }), optional(int64AsNumber()) as Serde<number | null>);
    pipe("a", 0);
    pipe("a", 5);
    expect(pipe("a", 15)).toEqual(["a=null@15", "a=1@15"]);
  });

  test("is left out where it would have expired already, and counted", () => {
    const { pipe, driver } = run(tableOf({ ttl: 10 }), optional(string()) as Serde<string | null>);
    pipe("b", 50);
    expect(pipe("a", 40)).toEqual([]);
    expect(driver.droppedRecords).toBe(1);
    expect(pipe("a", 41)).toEqual(["a=v@41"]);
  });
});

test("an expired row leaves an aggregate of the table", () => {
  const builder = new StreamsBuilder();
  builder
    .table("in", { ...text, store: { name: "rows", ttl: 10 } })
    .groupBy((value, key) => ({ key: value, value: key }), text)
    .count()
    .toStream()
    .to("out");
  const { pipe } = run(builder.build(), int64AsNumber() as Serde<number>);
  pipe("a", 0, "g");
  pipe("b", 5, "g");
  expect(pipe("c", 12, "h")).toEqual(["g=1@10", "h=1@12"]);
});

test("a source topic is no changelog of a table whose rows expire: it has none of the tombstones", () => {
  const changelogs = (store: object) => {
    const builder = new StreamsBuilder();
    builder.table("in", { ...text, store: { name: "rows", ...store } });
    const built = builder.build({ optimize: "all" });
    return built.merged("app").changelogTopics.map(({ name }) => name);
  };
  expect(changelogs({})).toEqual(["in"]);
  expect(changelogs({ ttl: 10 }).toSorted()).toEqual([
    "app-rows-changelog",
    "app-rows-deadlines-changelog",
  ]);
});

describe("rows that were there before expire too", () => {
  test.each([
    ["where a time to live is given to a table that runs", undefined],
    ["where it is made shorter", 1000],
    ["where it is made longer", 5],
  ])("%s", async (_what, ttl) => {
    const before = ttl === undefined ? {} : { ttl };
    const task = new RestartingTask(tableOf(before));
    const pipe = (key: string, at: number): void =>
      task.pipe("in", encodeUtf8(key), encodeUtf8("v"), at);
    const read = (): readonly string[] =>
      task
        .read("out", string(), optional(string()))
        .map((one) => `${one.key}=${one.value}@${one.timestamp}`);
    pipe("a", 1);
    pipe("b", 2);
    await task.restart(tableOf({ ttl: 10 }));
    pipe("b", 4);
    pipe("c", 10);
    expect(read().slice(2)).toEqual(["b=v@4", "c=v@10"]);
    pipe("c", 15);
    expect(read().slice(4)).toEqual(["a=null@11", "b=null@14", "c=v@15"]);
    await task.close();
  });

  test("however many they are, some with each record, through restarts", async () => {
    const task = new RestartingTask(tableOf({}), { recordsPerCommit: 1000 });
    const count = 2500;
    for (let index = 0; index < count; index++)
      task.pipe("in", encodeUtf8(`k${index}`), encodeUtf8("v"), 0);
    await task.restart(tableOf({ ttl: 10 }));
    task.pipe("in", encodeUtf8("last"), encodeUtf8("v"), 50);
    await task.restart();
    for (let index = 1; index <= 5; index++)
      task.pipe("in", encodeUtf8("last"), encodeUtf8("v"), 50);
    const out = task.read("out", string(), optional(string()));
    await task.close();
    const gone = out.filter(({ value }) => value === null).map(({ key }) => key);
    expect(new Set(gone).size).toBe(count);
    expect(gone).toHaveLength(count);
  });
});

describe("a time to live is refused", () => {
  const table = () => new StreamsBuilder().table("in", text);
  const grouped = () => new StreamsBuilder().stream("in", text).groupByKey();
  test.each([
    ["without a name", () => grouped().count({ store: { ttl: "1d" } as never }), TopologyError],
    ["of nothing", () => grouped().count({ store: { name: "s", ttl: 0 } }), OptionError],
    [
      "that is none",
      () => grouped().count({ store: { name: "s", ttl: "soon" as "1d" } }),
      OptionError,
    ],
    [
      "beside a history",
      () => grouped().count({ store: { name: "s", ttl: "1d", historyRetention: "1d" } }),
      TopologyError,
    ],
    [
      "of windows, which have a retention",
      () =>
        grouped()
          .windowedBy(tumbling("1m"))
          .count({ store: { name: "s", ttl: "1d" } }),
      OptionError,
    ],
    [
      "of a table that another one makes",
      () => table().filter(() => true, { store: { name: "s", ttl: "1d" } }),
      OptionError,
    ],
    [
      "of an aggregate of a table",
      () =>
        table()
          .groupBy((value, key) => ({ key, value }), text)
          .count({ store: { name: "s", ttl: "1d" } }),
      TopologyError,
    ],
  ])("%s", (_what, build, kind) => {
    expect(build).toThrow(kind);
  });
});

// ------------------------------------------------------------------------ against a model that is plain

const runs = fc.record({
  ttl: fc.integer({ min: 1, max: 40 }),
  records: fc.array(
    fc.tuple(
      fc.constantFrom("a", "b", "cc", "d"),
      fc.constantFrom("x", "y", null),
      fc.integer({ min: 0, max: 120 }),
    ),
    { maxLength: 60 },
  ),
  restarts: fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 3 }),
  caching: fc.boolean(),
  cacheBytesMax: fc.constantFrom(0, 300, 1_000_000),
  recordsPerCommit: fc.constantFrom(1, 7),
});
type Run = typeof runs extends fc.Arbitrary<infer T> ? T : never;
type Cell = string | number;
interface Row {
  readonly value: Cell;
  readonly at: number;
}

/** What a map and a loop over all of it make of the records. */
function model(
  { ttl, records }: Run,
  next: (row: Row | undefined, value: string | null, at: number) => Row | null | undefined,
) {
  const rows = new Map<string, Row>();
  const updates: string[] = [];
  let now = -1;
  for (const [key, value, at] of records) {
    now = Math.max(now, at);
    const expired = [...rows]
      .filter(([, row]) => row.at + ttl <= now)
      .sort(([left, a], [right, b]) => a.at - b.at || (left < right ? -1 : 1));
    for (const [gone, row] of expired) {
      rows.delete(gone);
      updates.push(`${gone}=null@${row.at + ttl}`);
    }
    if (at + ttl <= now) continue;
    const row = next(rows.get(key), value, at);
    if (row === undefined) continue;
    if (row === null) rows.delete(key);
    else rows.set(key, row);
    updates.push(`${key}=${row?.value ?? null}@${row?.at ?? at}`);
  }
  return { updates, rows };
}

const asTable = (_row: Row | undefined, value: string | null, at: number): Row | null =>
  value === null ? null : { value, at };
const asCount = (row: Row | undefined, value: string | null, at: number): Row | undefined =>
  value === null
    ? undefined
    : { value: Number(row?.value ?? 0) + 1, at: Math.max(at, row?.at ?? 0) };

test.each([
  ["a topic", tableOf, asTable, maybe],
  ["a stream", toTableOf, asTable, maybe],
  ["counts", countOf, asCount, counts],
] as const)(
  "a table of %s is that of a plain model, in any order of time, through restarts, with caches and without",
  async (_name, make, next, serdes) => {
    await fc.assert(
      fc.asyncProperty(runs, async (one) => {
        const { ttl, caching, records, restarts } = one;
        const task = new RestartingTask(make({ ttl, caching }), one);
        for (const [index, [key, value, at]] of records.entries()) {
          task.pipe("in", encodeUtf8(key), value === null ? null : encodeUtf8(value), at);
          if (restarts.includes(index)) await task.restart();
        }
        task.commit();
        const out = task.read("out", serdes.key, serdes.value as Serde<Cell | null>);
        await task.close();
        const { updates, rows } = model(one, next);
        if (one.cacheBytesMax === 0 || !caching)
          expect(out.map(({ key, value, timestamp }) => `${key}=${value}@${timestamp}`)).toEqual(
            updates,
          );
        const last = new Map(out.map(({ key, value }) => [key, value]));
        for (const key of new Set(records.map(([first]) => first)))
          expect([key, last.get(key) ?? null]).toEqual([key, rows.get(key)?.value ?? null]);
      }),
      { numRuns: 150 },
    );
  },
);
