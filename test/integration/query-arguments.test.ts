import { encodeUtf8, murmur2, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { session, StreamsBuilder, tumbling, type StreamsApp } from "@millrace/streams";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";
import { TestWorld } from "./world/test-world.ts";

/** What queries are given beside a key: partitions. One application for all, of three partitions. */
const count = 3;
const key = "ape";
const own = (murmur2(encodeUtf8(key)) & 0x7fffffff) % count;
const other = (own + 1) % count;
const third = (own + 2) % count;
const text = { key: string(), value: string() };

let world: TestWorld;
let app: StreamsApp;

function program() {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("words", text).groupByKey();
  return {
    counts: grouped.count({ store: "counts" }),
    perMinute: grouped.windowedBy(tumbling("1m", { grace: "1h" })).count({ store: "per-minute" }),
    visits: grouped.windowedBy(session("10s", { grace: "1h" })).count({ store: "visits" }),
    prices: builder.table("prices", { ...text, store: { name: "prices", historyRetention: "1h" } }),
    rates: builder.globalTable("rates", { ...text, store: "rates" }),
    topology: builder.build(),
  };
}

const { topology, counts, perMinute, visits, prices, rates } = program();
const spell = { start: 1000, end: 1000 };

beforeAll(async () => {
  world = await TestWorld.start({ words: count, prices: count, rates: 2 });
  const writer = world.client.openWriter({});
  await writer.prepare(["words", "prices", "rates"]);
  for (const topic of ["words", "prices"])
    writer.partition(topic, own).append(1000, encodeUtf8(key), encodeUtf8("1"), noHeaders);
  await writer.flush();
  await writer.close();
  app = await world.app(topology, { stateDirectory: "/s" });
  const seen = (topic: string) => ({ positionAtLeast: { [topic]: { [own]: 0 } } });
  expect(await app.store(counts, seen("words")).get(key)).toBe(1);
  expect(await app.store(perMinute, seen("words")).fetch(key, 0)).toBe(1);
  expect(await app.store(visits, seen("words")).fetchSession(key, spell)).toBe(1);
  expect(await app.store(prices, seen("prices")).get(key)).toMatchObject({ value: "1" });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Every way to ask for one key, and whether it found something. */
const askedByKey: readonly (readonly [string, (partitions: number[]) => Promise<boolean>])[] = [
  ["get", async (partitions) => (await app.store(counts, { partitions }).get(key)) !== null],
  [
    "get, here alone",
    async (partitions) =>
      (await app.store(counts, { partitions, isLocal: true }).get(key)) !== null,
  ],
  [
    "lookup",
    async (partitions) => (await app.store(counts, { partitions }).lookup(key)).value !== null,
  ],
  [
    "fetch",
    async (partitions) => (await app.store(perMinute, { partitions }).fetch(key, 0)) !== null,
  ],
  [
    "fetchRange",
    async (partitions) =>
      (await app.store(perMinute, { partitions }).fetchRange(key).toArray()).length > 0,
  ],
  [
    "fetchSession",
    async (partitions) =>
      (await app.store(visits, { partitions }).fetchSession(key, spell)) !== null,
  ],
  [
    "findSessions",
    async (partitions) =>
      (await app.store(visits, { partitions }).findSessions(key).toArray()).length > 0,
  ],
  ["a version", async (partitions) => (await app.store(prices, { partitions }).get(key)) !== null],
  [
    "history",
    async (partitions) =>
      (await app.store(prices, { partitions }).history(key).toArray()).length > 0,
  ],
  [
    "watch",
    async (partitions) => {
      for await (const { value } of app.store(counts, { partitions }).watch(key))
        return value !== null;
      return false;
    },
  ],
];

describe("a key is asked", () => {
  test.for(askedByKey)("of the partition that is given: %s", async ([, has]) => {
    expect([await has([own]), await has([other])]).toEqual([true, false]);
    expect(await has([third, own])).toBe(true);
    for (const partitions of [[other, third], []]) {
      const failure = await failureOf(has(partitions));
      expect(failure).toMatchObject({ code: "INVALID_OPTION" });
      expect(failure.message).toContain(`is in partition ${own}`);
    }
  });

  test("of a partition that is not there as all of its rows are", async () => {
    const store = app.store(counts, { partitions: [7], timeout: 20 });
    for (const asked of [store.get(key), store.all().toArray()])
      expect(await failureOf(asked)).toMatchObject({ code: "NOT_PRESENT" });
  });

  test("of the partitions that the partitioner's is among", async () => {
    const options = { partitioner: () => other, partitions: [own, other] };
    expect(await app.store(counts, options).get(key)).toBeNull();
    const failure = await failureOf(app.store(counts, { ...options, partitions: [] }).get(key));
    expect(failure.message).toContain(`is in partition ${other}`);
    expect(await app.keyOwners(counts, key, { partitioner: () => other })).toMatchObject({
      partition: other,
    });
  });

  test("of a store that every process has whole, never by partitions", () => {
    expect(() => app.store(rates, { partitions: [0] })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});
