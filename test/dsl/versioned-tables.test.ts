import { double, string } from "@millrace/serde";
import { StreamsBuilder, type KStream, type KTable, type StoreOptions } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const serdes = { key: string(), value: string() };
const versioned: StoreOptions = { name: "rows", historyRetention: 100 };
type Rows = KTable<string, string | null, "known", "known">;
type Records = KStream<string, string, "known", "known">;

function program(store: StoreOptions): {
  readonly builder: StreamsBuilder;
  readonly records: Records;
  readonly rows: Rows;
} {
  const builder = new StreamsBuilder();
  const records = builder.stream("records", serdes);
  return { builder, records, rows: builder.table("rows", { ...serdes, store }) };
}

function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was to be refused");
}

const joined = (left: string, right: string | null): string => `${left}-${right}`;
/** As without types: those of a table's store would refuse it. */
const withGrace = (grace: number): {} => ({ grace });

describe("a store of a table is refused where the kinds do not fit", () => {
  const cases: readonly (readonly [string, StoreOptions, string])[] = [
    ["two kinds", { name: "s", historyRetention: 1, entriesMax: 1 }, "give one of them"],
    ["no name", { historyRetention: "1h" }, 'give { name: "…" } too'],
    ["segments of nothing", { name: "s", segmentInterval: "1h" }, "without historyRetention"],
    ["no entries", { name: "s", entriesMax: 0 }, "entriesMax is 0"],
    ["a negative history", { name: "s", historyRetention: -1 }, "historyRetention"],
  ];
  test.each(cases)("%s", (_, store, text) => {
    expect(refusal(() => program(store))).toContain(text);
  });

  test("a global table with versions", () => {
    const builder = new StreamsBuilder();
    expect(refusal(() => builder.globalTable("g", { ...serdes, store: versioned }))).toContain(
      "a global table keeps no versions",
    );
  });
});

describe("grace is refused", () => {
  const cases: readonly (readonly [string, StoreOptions, (rows: Rows) => Rows, number])[] = [
    ["of a table without versions", { name: "rows" }, (rows) => rows, 5],
    [
      "of a table that is kept otherwise",
      versioned,
      (r) => r.filter(() => true, { store: "x" }),
      5,
    ],
    ["that is longer than the history", versioned, (rows) => rows, 101],
    ["that is longer than the history above", versioned, (r) => r.filter(() => true), 101],
  ];
  test.each(cases)("%s", (_, store, derive, grace) => {
    const message = refusal(() => {
      const { builder, records, rows } = program(store);
      records.join(derive(rows), joined, withGrace(grace));
      builder.build();
    });
    expect(message).toMatch(/needs a versioned table|the table keeps 100 ms of history/);
  });
});

test("a record waits for the versions of its row, in a store with a changelog", async () => {
  const { builder, records, rows } = program(versioned);
  records.leftJoin(rows, joined, { ...withGrace(10), name: "waiting", value: string() }).to("out");
  const topology = builder.build();
  expect(topology.describe()).toContain("(stores: [waiting-Buffer, rows])");
  const driver = new TopologyTestDriver(topology);
  const row = driver.input("rows", serdes);
  const record = driver.input("records", serdes);
  row.pipe("k", "at 0", { timestamp: 0 });
  record.pipe("k", "a", { timestamp: 20 });
  row.pipe("k", "at 15", { timestamp: 15 });
  record.pipe("k", "b", { timestamp: 31 });
  row.pipe("k", "at 12", { timestamp: 12 });
  record.pipe("k", "c", { timestamp: 14 });
  const out = driver.output("out", serdes).readAll();
  expect(out.map(({ value, timestamp }) => [value, timestamp])).toEqual([
    ["a-at 15", 20],
    ["c-at 12", 14],
  ]);
  await driver.close();
});

test("an older version changes no aggregate, and is seen by a join as of its time", async () => {
  const { builder, records, rows } = program(versioned);
  rows
    .groupBy((value, key) => ({ key: "all", value: value.length + key.length * 0 }), {
      key: string(),
      value: double(),
    })
    .reduce({ adder: (sum, next) => sum + next, subtractor: (sum, next) => sum - next })
    .toStream()
    .to("sums");
  records
    .join(
      rows.filter((value) => value !== "hidden"),
      joined,
      { value: string() },
    )
    .to("out");
  const driver = new TopologyTestDriver(builder.build());
  const row = driver.input("rows", serdes);
  row.pipe("k", "four", { timestamp: 10 });
  row.pipe("k", "eleventh!!!", { timestamp: 5 });
  row.pipe("k", "hidden", { timestamp: 3 });
  const record = driver.input("records", serdes);
  for (const timestamp of [4, 7, 10]) record.pipe("k", String(timestamp), { timestamp });
  const sums = driver.output("sums", { key: string(), value: double() }).readAll();
  expect(sums.map(({ value }) => value)).toEqual([4]);
  const out = driver.output("out", serdes).readAll();
  expect(out.map(({ value }) => value)).toEqual(["7-eleventh!!!", "10-four"]);
  await driver.close();
});

test("a driver reads the store of a versioned table by its handle, as of a time", async () => {
  const builder = new StreamsBuilder();
  const rows = builder.table("rows", {
    ...serdes,
    store: { name: "rows", historyRetention: "1h" },
  });
  rows.toStream().to("out", serdes);
  const driver = new TopologyTestDriver(builder.build());
  const row = driver.input("rows", serdes);
  row.pipe("k", "first", { timestamp: 10 });
  row.pipe("k", "second", { timestamp: 20 });
  const store = driver.store(rows);
  expect(store.get("k", 15)).toEqual({ value: "first", timestamp: 10, validTo: 20 });
  expect(store.history("k").map(({ value }) => value)).toEqual(["first", "second"]);
  expect(driver.output("out", serdes).readValues()).toEqual(["first", "second"]);
  await driver.close();
});

test("what is older than the history goes no further, and is counted", async () => {
  const { builder, rows } = program(versioned);
  rows.toStream().to("out", serdes);
  const driver = new TopologyTestDriver(builder.build());
  const row = driver.input("rows", serdes);
  row.pipe("k", "new", { timestamp: 1_000 });
  row.pipe("k", "old", { timestamp: 899 });
  row.pipe("k", "late", { timestamp: 900 });
  expect(
    driver
      .output("out", serdes)
      .readAll()
      .map(({ value }) => value),
  ).toEqual(["new", "late"]);
  expect(driver.droppedRecords).toBe(1);
  await driver.close();
});
