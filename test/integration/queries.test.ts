import { decodeUtf8, encodeUtf8, murmur2, noHeaders } from "@millrace/model";
import { int64AsNumber, string, type Serde } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import {
  session,
  QueryError,
  StreamsBuilder,
  tumbling,
  type StoreChange,
  type StreamsApp,
} from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import { failureOf } from "./world/failure-of.ts";
import { TestWorld } from "./world/test-world.ts";

/** Stores of a running application, asked beside its tasks. */
let world: TestWorld;
const partitions = 3;

beforeEach(async () => {
  world = await TestWorld.start({ words: partitions, prices: partitions, rates: 2 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const text = { key: string(), value: string() };

const utf8Number: Serde<number> = {
  name: "utf8Number",
  isNullable: false,
  serialize: (value) => encodeUtf8(String(value)),
  deserialize: (bytes) => {
    const value = Number(decodeUtf8(bytes));
    if (Number.isNaN(value)) throw new Error("that is no number");
    return value;
  },
};

/** Where Kafka's clients write a key. */
function partitionOf(key: string, count: number): number {
  return (murmur2(encodeUtf8(key)) & 0x7fffffff) % count;
}

/** @returns the offset of each */
async function write(
  topic: string,
  records: readonly (readonly [key: string, value: string | null, timestamp?: number])[],
): Promise<void> {
  const writer = world.client.openWriter({});
  await writer.prepare([topic]);
  const count = writer.partitionCount(topic) ?? 1;
  for (const [key, value, timestamp = 1000] of records)
    writer
      .partition(topic, partitionOf(key, count))
      .append(timestamp, encodeUtf8(key), value === null ? null : encodeUtf8(value), noHeaders);
  await writer.flush();
  await writer.close();
}

function program() {
  const builder = new StreamsBuilder();
  const words = builder.stream("words", text);
  const grouped = words.groupByKey();
  const counts = grouped.count({ store: "counts" });
  const perMinute = grouped
    .windowedBy(tumbling("1m", { grace: "1h" }))
    .count({ store: "per-minute" });
  const visits = grouped.windowedBy(session("10s", { grace: "1h" })).count({ store: "visits" });
  const prices = builder.table("prices", {
    ...text,
    store: { name: "prices", historyRetention: "1h" },
  });
  const rates = builder.globalTable("rates", { ...text, store: "rates" });
  return { topology: builder.build(), counts, perMinute, visits, prices, rates };
}

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

type Program = ReturnType<typeof program>;

async function started(): Promise<Program & { readonly app: StreamsApp }> {
  const made = program();
  return { ...made, app: await world.app(made.topology, { stateDirectory: "/s" }) };
}

describe("a store is asked", () => {
  test("by key, by range and by prefix, with what the answer is of", async () => {
    const { app, counts } = await started();
    const store = app.store(counts);
    await write("words", [
      ["ant", "1"],
      ["ape", "1"],
      ["bee", "1"],
      ["ape", "2", 2000],
    ]);
    const partition = partitionOf("ape", partitions);
    await eventually(() => store.get("ape")).toBe(2);
    await eventually(() => store.all().toArray()).toHaveLength(3);
    const { value, timestamp, position, isStandby } = await store.lookup("ape");
    expect({ value, timestamp, isStandby }).toEqual({
      value: 2,
      timestamp: 2000,
      isStandby: false,
    });
    expect(position).toMatchObject({ words: { [partition]: expect.any(Number) } });
    expect(await store.get("cat")).toBeNull();
    const keys = async (rows: AsyncIterable<{ readonly key: string }>): Promise<string[]> =>
      (await all(rows)).map(({ key }) => key).sort();
    expect(await keys(store.range("ant", "ape"))).toEqual(["ant", "ape"]);
    expect(await keys(store.range("b", null))).toEqual(["bee"]);
    expect(await keys(store.prefix("a", string()))).toEqual(["ant", "ape"]);
    expect(await store.approximateCount()).toBe(3);
    const results = await store.all().results();
    expect(results.map((result) => result.isFailure)).toEqual([false, false, false]);
    const only = store.with({ partitions: [partition] });
    const own = ["ant", "ape", "bee"].filter((key) => partitionOf(key, partitions) === partition);
    expect(await keys(only.all())).toEqual(own);
  });

  test("by windows, by sessions and by versions", async () => {
    const { app, perMinute, visits, prices } = await started();
    await write("words", [
      ["ape", "1", 60_000],
      ["ape", "2", 61_000],
      ["ape", "3", 121_000],
    ]);
    await write("prices", [
      ["tea", "3", 10],
      ["tea", "4", 20],
      ["tea", null, 30],
    ]);
    const windows = app.store(perMinute);
    await eventually(() => windows.fetch("ape", 120_000)).toBe(1);
    expect(await windows.fetch("ape", 60_000)).toBe(2);
    const found = await windows.fetchRange("ape", { from: 60_000 }).toArray();
    expect(found.map(({ key, value }) => [key, value])).toEqual([
      [{ key: "ape", window: { start: 60_000, end: 120_000 } }, 2],
      [{ key: "ape", window: { start: 120_000, end: 180_000 } }, 1],
    ]);
    expect(await windows.fetchAll({ to: 60_000 }).toArray()).toHaveLength(1);
    const sessions = app.store(visits);
    await eventually(() => sessions.fetchSession("ape", { start: 60_000, end: 61_000 })).toBe(2);
    const [first] = await sessions.findSessions("ape").toArray();
    expect(first).toMatchObject({ key: { window: { start: 60_000, end: 61_000 } }, value: 2 });
    const versions = app.store(prices);
    await eventually(() => versions.history("tea").toArray()).toEqual([
      { value: "3", timestamp: 10, validTo: 20 },
      { value: "4", timestamp: 20, validTo: 30 },
    ]);
    expect(await versions.get("tea")).toBeNull();
    expect(await versions.get("tea", { asOf: 25 })).toEqual({
      value: "4",
      timestamp: 20,
      validTo: 30,
    });
  });

  test("whole, where every process has it whole", async () => {
    await write("rates", [
      ["eur", "1.1"],
      ["chf", "0.9"],
    ]);
    const { app, rates } = await started();
    const store = app.store(rates);
    expect(await store.get("eur")).toBe("1.1");
    expect((await store.all().toArray()).map(({ key }) => key)).toEqual(["chf", "eur"]);
  });

  test("for no less than a record that was written", async () => {
    const { app, counts } = await started();
    await write("words", [["ape", "1"]]);
    const partition = partitionOf("ape", partitions);
    for (let offset = 1; offset < 10; offset++) {
      await write("words", [["ape", "1"]]);
      const positionAtLeast = { words: { [partition]: offset } };
      expect(await app.store(counts, { positionAtLeast }).get("ape")).toBeGreaterThan(offset);
    }
    const tooFar = { positionAtLeast: { words: { [partition]: 99 } }, timeout: 50 };
    const failure = await failureOf(app.store(counts, tooFar).get("ape"));
    expect(failure).toMatchObject({ code: "NOT_UP_TO_BOUND", retriable: true });
    const [result] = await app
      .store(counts, { ...tooFar, partitions: [partition] })
      .all()
      .results();
    expect(result).toMatchObject({
      partition,
      isFailure: true,
      error: { code: "NOT_UP_TO_BOUND" },
    });
  });

  test("for no less of all partitions of a store that every process has whole", async () => {
    const { app, rates } = await started();
    const key = ["eur", "chf", "usd", "gbp"].find((one) => partitionOf(one, 2) === 1) ?? "";
    await write("rates", [[key, "1.1"]]);
    const get = (offset: number, timeout: number): Promise<string | null> =>
      app.store(rates, { positionAtLeast: { rates: { 1: offset } }, timeout }).get(key);
    expect(await get(0, 5000)).toBe("1.1");
    expect(await failureOf(get(9, 50))).toMatchObject({ code: "NOT_UP_TO_BOUND" });
  });

  test("never for less, where nothing is known of the topic that a position names", async () => {
    const { app, counts, rates } = await started();
    for (const handle of [counts, rates]) {
      const open = (): unknown => app.store(handle, { positionAtLeast: { wrods: { 0: 1 } } });
      expect(open).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
      expect(open).toThrow(/names wrods.*(?:words|rates)/);
    }
  });

  test("and says so where it cannot be", async () => {
    const { app, counts, perMinute } = await started();
    expect(() => app.store("none")).toThrow(QueryError);
    expect(() => app.store("none")).toThrow(/counts/);
    const other = keyValueStore({ ...text, name: "other" });
    expect(() => app.store(other)).toThrow(/no store other/);
    const wrong = app.store<typeof counts>({ ...counts, storeName: "per-minute" } as typeof counts);
    expect(wrong).toBeInstanceOf(app.store(perMinute).constructor);
    const gone = app.store(counts, { signal: AbortSignal.abort(new Error("enough")) });
    expect(await failureOf(gone.get("ape"))).toMatchObject({ message: "enough" });
    await app.close();
    expect(await failureOf(app.store(counts).get("ape"))).toMatchObject({
      code: "APPLICATION_CLOSED",
    });
  });
});

describe("what a transaction has not committed", () => {
  test("is seen by those alone who ask for it", async () => {
    const { topology, counts } = program();
    const app = await world.app(topology, {
      stateDirectory: "/s",
      commitInterval: 400,
      transactionTimeout: 5000,
    });
    await write("words", [["ape", "1"]]);
    const live = app.store(counts, { isolation: "live" });
    await eventually(() => live.get("ape")).toBe(1);
    const sooner = await app.store(counts).get("ape");
    expect([null, 1]).toContain(sooner);
    await eventually(() => app.store(counts).get("ape")).toBe(1);
  });
});

describe("the changes of a store", () => {
  async function take<Item>(items: AsyncIterator<Item>, count: number): Promise<Item[]> {
    const taken: Item[] = [];
    while (taken.length < count) {
      const next = await items.next();
      if (next.done === true) break;
      taken.push(next.value);
    }
    return taken;
  }
  const shown = ({ key, value }: StoreChange<string, unknown>): string => `${key}=${String(value)}`;

  test("begin with what is there, and go on with each change", async () => {
    const { app, counts } = await started();
    await write("words", [
      ["ant", "1"],
      ["ape", "1"],
    ]);
    await eventually(() => app.store(counts).all().toArray()).toHaveLength(2);
    const changes = app.store(counts).changes();
    expect((await take(changes, 2)).map(shown).sort()).toEqual(["ant=1", "ape=1"]);
    const next = take(changes, 2);
    await write("words", [
      ["ape", "2"],
      ["bee", "1"],
    ]);
    expect((await next).map(shown).sort()).toEqual(["ape=2", "bee=1"]);
    await changes.return();
  });

  test("of one key tell first that it is not there", async () => {
    const { app, counts } = await started();
    const changes = app.store(counts).watch("ape");
    expect((await take(changes, 1)).map(shown)).toEqual(["ape=null"]);
    const next = take(changes, 1);
    await write("words", [
      ["bee", "1"],
      ["ape", "1"],
    ]);
    const [change] = await next;
    expect(shown(change)).toBe("ape=1");
    expect(change.offset).toBeGreaterThanOrEqual(0);
    await changes.return();
  });

  test("go on behind the last one that was seen", async () => {
    const { app, counts } = await started();
    const partition = partitionOf("ape", partitions);
    const store = app.store(counts, { partitions: [partition] });
    const first = store.changes({ from: "now" });
    const begun = take(first, 1);
    await world.client.admin.describeCluster();
    const writing = (async () => {
      for (let count = 0; count < 20; count++) await write("words", [["ape", "1"]]);
    })();
    const [seen] = await begun;
    await first.return();
    await writing;
    const after = { [partition]: seen.offset ?? -1 };
    const again = store.changes({ from: { after } });
    let last = seen.value ?? 0;
    while (last < 20) {
      const [change] = await take(again, 1);
      expect(change.value).toBeGreaterThan(last);
      last = change.value ?? 0;
    }
    await again.return();
  });

  test("go on nowhere, where it is not said of which partition behind what", async () => {
    const { app, counts } = await started();
    await write("words", [["ape", "1"]]);
    const error = await failureOf(
      app
        .store(counts)
        .changes({ from: { after: { 1: 4 } } })
        .next(),
    );
    expect(error).toMatchObject({ code: "CHANGES_NOT_PLACED", retriable: false });
    expect(String(error)).toContain("for partition 0");
    const after = Object.fromEntries(Array.from({ length: partitions }, (_, one) => [one, -1]));
    const changes = app.store(counts).changes({ from: { after } });
    expect((await take(changes, 1)).map(shown)).toEqual(["ape=1"]);
    await changes.return();
  });

  test("of windows and of global tables", async () => {
    await write("rates", [["eur", "1.1"]]);
    const { app, perMinute, rates } = await started();
    const windows = app.store(perMinute).watch("ape");
    const next = take(windows, 1);
    await write("words", [["ape", "1", 60_000]]);
    expect(await next).toMatchObject([
      { key: { key: "ape", window: { start: 60_000, end: 120_000 } }, value: 1 },
    ]);
    await windows.return();
    const changes = app.store(rates).changes();
    expect((await take(changes, 1)).map(shown)).toEqual(["eur=1.1"]);
    const later = take(changes, 1);
    await write("rates", [["eur", null]]);
    expect((await later).map(shown)).toEqual(["eur=null"]);
    await changes.return();
  });

  test("of a range begin with what is there in it", async () => {
    const { app, rates } = await started();
    await write("rates", [
      ["a", "1"],
      ["b", "1"],
      ["c", "1"],
      ["d", "1"],
    ]);
    await eventually(() => app.store(rates).all().toArray()).toHaveLength(4);
    const changes = app.store(rates).watchRange("b", "c");
    expect((await take(changes, 2)).map(shown)).toEqual(["b=1", "c=1"]);
    const next = take(changes, 1);
    await write("rates", [
      ["a", "2"],
      ["c", "2"],
    ]);
    expect((await next).map(shown)).toEqual(["c=2"]);
    await changes.return();
  });

  test("are told once queries see them, also of a topic that is the changelog", async () => {
    const builder = new StreamsBuilder();
    const handles = {
      prices: builder.table("prices", { ...text, store: "prices" }),
      rates: builder.globalTable("rates", { ...text, store: "rates" }),
    };
    const topology = builder.build({ optimize: "all" });
    const app = await world.app(topology, { commitInterval: 150 });
    for (const topic of ["prices", "rates"] as const) {
      const store = app.store(handles[topic], { timeout: 0 });
      const changes = app.store(handles[topic]).changes();
      const first = changes.next();
      await write(topic, [["a", "0"]]);
      await first;
      for (const value of ["1", "2", "3"]) {
        const next = changes.next();
        await write(topic, [["a", value]]);
        expect((await next).value).toMatchObject({ key: "a", value });
        expect(await store.get("a"), topic).toBe(value);
      }
      await changes.return();
    }
  });

  test("leave out what the store has left out of the topic that is its changelog", async () => {
    const numbers = { key: string(), value: utf8Number };
    const builder = new StreamsBuilder();
    const handles = [
      builder.table("prices", { ...numbers, store: "prices" }),
      builder.globalTable("rates", { ...numbers, store: "rates" }),
    ];
    const topology = builder.build({ optimize: "all" });
    const app = await world.app(topology, { onDeserializationError: "continue" });
    for (const [index, topic] of ["prices", "rates"].entries()) {
      const after: Record<number, number> =
        topic === "prices" ? { 0: -1, 1: -1, 2: -1 } : { 0: -1, 1: -1 };
      const changes = app.store(handles[index]).changes({ from: { after } });
      const next = take(changes, 2);
      await write(topic, [
        ["a", "1"],
        ["a", "one"],
        ["a", "2"],
      ]);
      expect((await next).map(shown)).toEqual(["a=1", "a=2"]);
      await changes.return();
    }
  });

  test("are refused of a global store that a processor of its own fills from a topic", async () => {
    const builder = new StreamsBuilder();
    const lengths = keyValueStore({ name: "lengths", key: string(), value: int64AsNumber() });
    builder.addGlobalStore(lengths, "rates", {
      ...text,
      process: ({ key, value }, { store }) => store.put(key, value?.length ?? null),
    });
    builder.stream("words", text).to("prices");
    const app = await world.app(builder.build(), {});
    const failure = await failureOf(app.store(lengths).changes().next());
    expect(failure).toMatchObject({ code: "STORE_NOT_LOGGED" });
  });

  test("end with the application", async () => {
    const { app, counts } = await started();
    const changes = app.store(counts).changes();
    const next = changes.next();
    await app.close();
    expect(await failureOf(next)).toMatchObject({ code: "APPLICATION_CLOSED" });
  });
});
