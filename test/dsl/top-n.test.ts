import { encodeUtf8 } from "@millrace/model";
import { int64AsNumber, json, list, optional, string, windowed } from "@millrace/serde";
import {
  StreamsBuilder,
  StreamsError,
  TopologyError,
  tumbling,
  type KTable,
} from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

interface Entry {
  readonly group: string;
  readonly name: string;
  readonly n: number;
}
const entries = { key: string(), value: json<Entry>() };
const lists = { key: string(), value: list(json<Entry>()) };

type Tops = KTable<string, readonly Entry[]>;

function fromTable(n = 2, store: object = { name: "top" }) {
  const builder = new StreamsBuilder();
  const table = builder.table("in", { key: string(), value: json<Entry>() });
  const top: Tops = table
    .groupBy((value) => ({ key: value.group, value }), entries)
    .topN(n, (entry) => entry.n, { store });
  top.toStream().to("out", lists);
  return builder.build();
}

function fromStream(n = 2, store: object = { name: "top" }) {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", entries).groupBy((value) => value.group, { key: string() });
  const top: Tops = grouped.topN(n, (entry) => [entry.n, -entry.name.length], { store });
  top.toStream().to("out", lists);
  return builder.build();
}

function run(topology: ReturnType<typeof fromTable>) {
  const driver = new TopologyTestDriver(topology);
  const input = driver.input("in", { key: string(), value: optional(json<Entry>()) });
  const out = driver.output("out", lists);
  return {
    driver,
    pipe(name: string, value: Omit<Entry, "name"> | null) {
      input.pipe(name, value === null ? null : { ...value, name });
      return out.readAll().map((one) => `${one.key}: ${one.value?.map((all) => all.name).join()}`);
    },
  };
}

describe("the greatest of a table", () => {
  test("follow its rows: those that change, go, and move to another group", () => {
    const { pipe } = run(fromTable());
    pipe("a", { group: "g", n: 1 });
    pipe("b", { group: "g", n: 2 });
    expect(pipe("c", { group: "g", n: 3 })).toEqual(["g: c,b"]);
    expect(pipe("c", { group: "g", n: 0 }).at(-1)).toEqual("g: b,a");
    expect(pipe("b", null)).toEqual(["g: a,c"]);
    expect(pipe("a", { group: "h", n: 1 })).toEqual(["g: c", "h: a"]);
    expect(pipe("c", null)).toEqual(["g: "]);
  });

  test("of equal ones are those whose bytes come first, whichever came first", () => {
    const { pipe } = run(fromTable());
    for (const name of ["c", "a", "b"]) pipe(name, { group: "g", n: 5 });
    expect(pipe("d", { group: "g", n: 5 })).toEqual(["g: a,b"]);
  });

  test("have names of their own, and a store for all rows", () => {
    const builder = new StreamsBuilder();
    builder
      .table("in", entries)
      .groupBy((value) => ({ key: value.group, value }), entries)
      .topN(2, (entry) => entry.n);
    expect(builder.build().describe().toString()).toMatch(
      /Processor: KTABLE-TOPN-\d{10} \(stores: \[KTABLE-TOPN-STATE-STORE-\d{10}(?:-candidates)?, KTABLE-TOPN-STATE-STORE-\d{10}(?:-candidates)?\]\)/,
    );
  });
});

describe("the greatest of a stream", () => {
  test("are the greatest so far; the first number of a score that differs decides, then who came first", () => {
    const { pipe } = run(fromStream());
    pipe("long", { group: "g", n: 5 });
    expect(pipe("s", { group: "g", n: 5 })).toEqual(["g: s,long"]);
    expect(pipe("t", { group: "g", n: 5 })).toEqual(["g: s,t"]);
    expect(pipe("u", { group: "g", n: 4 })).toEqual(["g: s,t"]);
    expect(pipe("v", { group: "g", n: 6 })).toEqual(["g: v,s"]);
  });

  test("are those of each window, in windows", () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", entries)
      .groupBy((value) => value.group, { key: string() })
      .windowedBy(tumbling(10))
      .topN(1, (entry) => entry.n, { store: "top" })
      .toStream()
      .to("out");
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.input("in", entries);
    for (const [n, timestamp] of [
      [1, 0],
      [2, 5],
      [1, 10],
    ])
      input.pipe("k", { group: "g", name: "x", n }, { timestamp });
    const out = driver.output("out", {
      key: windowed(string(), { size: 10 }),
      value: list(json<Entry>()),
    });
    expect(out.readAll().map(({ key, value }) => [key?.window.start, value?.[0]?.n])).toEqual([
      [0, 1],
      [0, 2],
      [10, 1],
    ]);
  });
});

test.each([0, 1.5, -1, "3", null])("%s is no count of values", (n) => {
  const build = () => fromTable(n as number, {});
  expect(build).toThrow(TopologyError);
  expect(() =>
    new StreamsBuilder()
      .stream("in", entries)
      .groupByKey()
      .topN(n as number, () => 1),
  ).toThrow("how many values to keep");
});

test.each([NaN, "5", null, [], [1, Number.NaN]])("%s is no score", (score) => {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", entries).groupByKey();
  grouped
    .topN(1, () => score as number)
    .toStream()
    .to("out", lists);
  const driver = new TopologyTestDriver(builder.build());
  const pipe = () => driver.input("in", entries).pipe("k", { group: "g", name: "x", n: 1 });
  expect(pipe).toThrow(StreamsError);
  expect(() => driver.input("in", entries)).toBeDefined();
});

// ------------------------------------------------------------------------ against a model that is plain

const change = fc.record({
  name: fc.constantFrom("a", "bb", "c", "dd", "e"),
  group: fc.constantFrom("g", "h", "gg"),
  n: fc.constantFrom(-Infinity, -2.5, -1, -0, 0, 1, 2, 1e300),
  isDeleted: fc.boolean(),
});
const runs = fc.record({
  n: fc.integer({ min: 1, max: 4 }),
  changes: fc.array(change, { maxLength: 50 }),
  restarts: fc.array(fc.integer({ min: 0, max: 49 }), { maxLength: 3 }),
  caching: fc.boolean(),
  cacheBytesMax: fc.constantFrom(0, 400, 1_000_000),
  recordsPerCommit: fc.constantFrom(1, 9),
});
type Run = typeof runs extends fc.Arbitrary<infer T> ? T : never;

/** JSON has no infinities, and no -0. */
const known = (n: number): number => (Number.isFinite(n) ? n + 0 : n < 0 ? -1e308 : 1e308);

async function tops(
  topology: ReturnType<typeof fromTable>,
  { changes, restarts, ...options }: Run,
  valueOf: (one: Run["changes"][number]) => Entry | null,
): Promise<Map<string, readonly string[]>> {
  const task = new RestartingTask(topology, options);
  for (const [index, one] of changes.entries()) {
    const value = valueOf(one);
    const bytes = value === null ? null : encodeUtf8(JSON.stringify(value));
    task.pipe("in", encodeUtf8(one.name), bytes, index);
    if (restarts.includes(index)) await task.restart();
  }
  task.commit();
  const out = task.read("out", lists.key, lists.value);
  await task.close();
  return new Map(out.map(({ key, value }) => [key ?? "", value?.map((one) => one.name) ?? []]));
}

test("tables of any changes, through restarts, with caches and without, have the greatest of a sorted list", async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (one) => {
      const rows = new Map<string, Entry>();
      const groups = new Set<string>();
      const valueOf = ({ name, group, n, isDeleted }: Run["changes"][number]): Entry | null => {
        const value = isDeleted ? null : { group, name, n: known(n) };
        if (value === null) rows.delete(name);
        else rows.set(name, value);
        if (value !== null) groups.add(group);
        return value;
      };
      const store = { name: "top", caching: one.caching };
      const found = await tops(fromTable(one.n, store), one, valueOf);
      const expected = new Map(
        [...groups].map((group) => [
          group,
          [...rows.values()]
            .filter((row) => row.group === group)
            .sort(
              (left, right) =>
                right.n - left.n || (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1),
            )
            .slice(0, one.n)
            .map((row) => row.name),
        ]),
      );
      for (const [group, names] of expected)
        expect([group, found.get(group) ?? []]).toEqual([group, names]);
    }),
    { numRuns: 150 },
  );
});

test("streams of any order have the greatest of a stable sort", async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (one) => {
      const valueOf = ({ name, group, n }: Run["changes"][number]): Entry => ({
        group,
        name,
        n: known(n),
      });
      const store = { name: "top", caching: one.caching };
      const found = await tops(fromStream(one.n, store), one, valueOf);
      const all = one.changes.map(valueOf);
      for (const group of new Set(all.map((entry) => entry.group)))
        expect(found.get(group)).toEqual(
          all
            .filter((entry) => entry.group === group)
            .sort((left, right) => right.n - left.n || left.name.length - right.name.length)
            .slice(0, one.n)
            .map((entry) => entry.name),
        );
    }),
    { numRuns: 150 },
  );
});

describe("the greatest of each window", () => {
  const sums = { key: string(), value: optional(int64AsNumber()) };

  function hourly(store: object) {
    const builder = new StreamsBuilder();
    builder
      .stream("in", { key: string(), value: string() })
      .groupByKey()
      .windowedBy(tumbling(10))
      .count({ store: "hours" })
      .groupBy(
        (n, { key, window }) => ({ key: `${window.start}`, value: { group: key, name: key, n } }),
        entries,
      )
      .topN(2, (entry) => entry.n, { store: { name: "top", ...store } })
      .toStream()
      .mapValues((all) => (all === null ? null : all.length), { value: sums.value })
      .to("out");
    return builder.build();
  }

  function sizes(driver: TopologyTestDriver) {
    return ["top", "top-candidates", "top-deadlines"].map((name) => {
      using rows = driver.store(name).all();
      return [...rows].length;
    });
  }

  test("goes with all of its rows, once its time to live is over", () => {
    const driver = new TopologyTestDriver(hourly({ ttl: 30 }));
    const input = driver.input("in", { key: string(), value: string() });
    for (let at = 0; at < 5000; at += 2) input.pipe(`k${at % 10}`, "v", { timestamp: at });
    const [lists, candidates] = sizes(driver);
    expect(lists).toBeLessThanOrEqual(5);
    expect(candidates).toBeLessThanOrEqual(5 * 5);
    const first = driver
      .output("out", sums)
      .readAll()
      .filter(({ key }) => key === "0");
    expect(first.map(({ value, timestamp }) => [value, timestamp]).at(-1)).toEqual([null, 38]);
  });

  test("takes a change that comes late, as long as it is there", () => {
    const driver = new TopologyTestDriver(fromTable(2, { name: "top", ttl: 10 }));
    const input = driver.input("in", entries);
    input.pipe("a", { group: "g", name: "a", n: 1 }, { timestamp: 20 });
    input.pipe("b", { group: "h", name: "b", n: 1 }, { timestamp: 29 });
    input.pipe("a", { group: "g", name: "late", n: 2 }, { timestamp: 15 });
    const last = driver.output("out", lists).readAll().at(-1);
    expect(last).toMatchObject({ key: "g", value: [{ name: "late" }], timestamp: 20 });
    expect(driver.droppedRecords).toBe(0);
  });
});
