import { string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { QueryError, type StreamsApp } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import { failureOf } from "./world/failure-of.ts";
import {
  partitionOf,
  partitions,
  queriedProgram,
  queriedTopics,
  text,
  writeTexts,
} from "./world/queried-program.ts";
import { TestWorld } from "./world/test-world.ts";

/** Stores of a running application, asked beside its tasks. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start(queriedTopics);
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const write = (topic: string, records: Parameters<typeof writeTexts>[2]): Promise<void> =>
  writeTexts(world, topic, records);

type Program = ReturnType<typeof queriedProgram>;

async function started(): Promise<Program & { readonly app: StreamsApp }> {
  const made = queriedProgram();
  return { ...made, app: await world.app(made.topology, { stateDirectory: "/s" }) };
}

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
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
    const { topology, counts } = queriedProgram();
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
