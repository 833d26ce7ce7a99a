import { encodeUtf8, murmur2, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { session, StreamsBuilder, tumbling, type StreamsApp } from "@millrace/streams";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";
import { TestWorld } from "./world/test-world.ts";

/** What queries are given beside a key: partitions, places, bounds. One application for all, of three partitions. */
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

test("a position of partitions that are not there is refused, however it is asked for", async () => {
  for (const name of [String(count), "-1", "one"]) {
    const open = () => app.store(counts, { positionAtLeast: { words: { [name]: 1, 0: 0 } } });
    for (const ask of [() => open().get(key), () => open().all().toArray()])
      expect(await failureOf(ask())).toMatchObject({
        code: "INVALID_OPTION",
        message: `app.store: positionAtLeast names partition ${name} of words, and store ${counts.storeName} has partitions 0 to ${count - 1}`,
      });
  }
});

test("a key that its serde cannot write is told as a key of the store", async () => {
  const given = 5 as unknown as string;
  expect(await failureOf(app.store(counts).get(given))).toMatchObject({
    code: "SERIALIZATION_FAILED",
    message: expect.stringMatching(
      `^string could not serialise a key of store ${counts.storeName}: .*Check that the key has`,
    ),
  });
});

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
    const told = "partitions is [7], and store counts has partitions 0 to 2";
    const ask = async (timeout: number) => {
      const store = app.store(counts, { partitions: [7], timeout });
      const asked = [store.get(key), store.all().toArray()];
      const failures = await Promise.all(asked.map((one) => failureOf(one)));
      for (const failure of failures) expect(failure).toMatchObject({ code: "NOT_PRESENT" });
      return failures.map(({ message }) => message.includes(told));
    };
    // A broker that is busy for as long as the query goes on tells nothing: it is given more time then.
    let isTold = await ask(100);
    for (let timeout = 1000; isTold.includes(false) && timeout <= 10_000; timeout *= 10)
      isTold = await ask(timeout);
    expect(isTold).toEqual([true, true]);
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

  test.for([
    [NaN, "NaN"],
    [3, "3"],
    [-1, "-1"],
    ["0", '"0"'],
    [undefined, "undefined"],
    [Promise.resolve(0), "a promise"],
  ] as const)("of none that the partitioner cannot mean: %s", async ([given, said]) => {
    const options = { partitioner: () => given as number, timeout: 20 };
    const failure = await failureOf(app.store(counts, options).get(key));
    expect(failure).toMatchObject({ code: "INVALID_OPTION" });
    expect(failure.message).toContain(`partitioner gave ${said} `);
    expect(failure.message).toContain("0 to 2");
  });

  test("of a store that every process has whole, never by partitions", () => {
    expect(() => app.store(rates, { partitions: [0] })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});

describe("changes", () => {
  test.for([
    [{ after: { 0: -1, 1: -1, 2: -1, 9: 0 } }, "partition 9"],
    [{ after: { [-1]: 0 } }, "partition -1"],
    [{ after: { 0: -5 } }, "-5"],
    [{ after: { 0: 1.5 } }, "1.5"],
    [{ after: { 0: "4" } }, '"4"'],
    [{ after: null }, "null"],
    [{ after: 4 }, "4"],
    ["earliest", '"earliest"'],
    [{}, "an object"],
    [null, "null"],
  ] as const)("begin nowhere else than they can: %j", async ([from, said]) => {
    for (const store of [app.store(counts), app.store(perMinute)]) {
      const failure = await failureOf(store.changes({ from: from as never }).next());
      expect(failure).toMatchObject({ code: "INVALID_OPTION" });
      expect(failure.message).toContain(said);
      expect(failure.message).toMatch(/give |has partitions 0 to 2/);
    }
  });

  test.for(["now", "snapshot", { after: { 7: -1 } }, { after: { [own]: -1 } }] as const)(
    "are refused of partitions that are not there: from %j",
    async (from) => {
      const asked = { partitions: [own, 7], timeout: 20 };
      for (const handle of [counts, perMinute]) {
        const failure = await failureOf(app.store(handle, asked).changes({ from }).next());
        expect(failure).toMatchObject({ code: "INVALID_OPTION" });
        expect(failure.message).toContain(
          `partitions is [${own}, 7], and store ${handle.storeName} has partitions 0 to 2`,
        );
      }
    },
  );

  test("have no options but where they begin", async () => {
    const changes = app.store(counts).changes({ after: { 0: 4 } } as never);
    expect(await failureOf(changes.next())).toMatchObject({ code: "UNKNOWN_OPTION" });
  });

  test("go on behind places of more partitions than are asked", async () => {
    const store = app.store(counts, { partitions: [own] });
    const changes = store.changes({ from: { after: { 0: -1, 1: -1, 2: -1 } } });
    expect((await changes.next()).value).toMatchObject({ key, value: 1, partition: own });
    await changes.return();
    const failure = await failureOf(store.changes({ from: { after: { [own]: -1, 3: 0 } } }).next());
    expect(failure).toMatchObject({ code: "INVALID_OPTION" });
  });

  test("are refused of a range that no key is in", async () => {
    const store = app.store(counts);
    expect(await store.range("z", "a").toArray()).toEqual([]);
    const failure = await failureOf(store.watchRange("z", "a").next());
    expect(failure).toMatchObject({ code: "INVALID_OPTION" });
    expect(failure.message).toContain("serialised");
    const changes = store.watchRange(key, key);
    expect((await changes.next()).value).toMatchObject({ key, value: 1 });
    await changes.return();
  });
});

describe("times", () => {
  test.for([
    ["fetch: -1", () => app.store(perMinute).fetch(key, -1)],
    ["fetch: NaN", () => app.store(perMinute).fetch(key, NaN)],
    ["fetch: a date", () => app.store(perMinute).lookup(key, new Date() as never)],
    ["from: NaN", () => app.store(perMinute).fetchRange(key, { from: NaN }).toArray()],
    ["to: NaN", () => app.store(perMinute).fetchRange(key, { to: NaN }).toArray()],
    ["from: 1.5", () => app.store(perMinute).fetchAll({ from: 1.5 }).toArray()],
    [
      "to: text",
      () =>
        app
          .store(perMinute)
          .fetchKeys("a", "z", { to: "1" as never })
          .toArray(),
    ],
    ["earliestEnd", () => app.store(visits).findSessions(key, { earliestEnd: NaN }).toArray()],
    [
      "latestStart",
      () => app.store(visits).findSessionsOfKeys(null, null, { latestStart: NaN }).toArray(),
    ],
    ["start", () => app.store(visits).fetchSession(key, { start: -1, end: 5 })],
    ["end", () => app.store(visits).fetchSession(key, { start: 1, end: NaN })],
    ["asOf: NaN", () => app.store(prices).get(key, { asOf: NaN })],
    ["asOf: Infinity", () => app.store(prices).get(key, { asOf: Infinity })],
    ["from: Infinity", () => app.store(perMinute).fetchAll({ from: Infinity }).toArray()],
    ["to: -Infinity", () => app.store(perMinute).fetchAll({ to: -Infinity }).toArray()],
    ["history", () => app.store(prices).history(key, { from: NaN }).toArray()],
  ] as const)("are refused where they are none: %s", async ([, ask]) => {
    const failure = await failureOf((async () => ask())());
    expect(failure).toMatchObject({ code: "INVALID_OPTION" });
    expect(failure.message).toContain("milliseconds");
  });

  test("of a range may lie before and behind all that there is", async () => {
    const store = app.store(perMinute);
    for (const range of [{ from: -5000 }, { from: -Infinity, to: Infinity }, { to: 1e15 }])
      expect(await store.fetchRange(key, range).toArray()).toHaveLength(1);
    expect(await store.fetchAll({ from: -5000 }).toArray()).toHaveLength(1);
    expect(await store.fetchRange(key, { from: 10, to: -10 }).toArray()).toEqual([]);
    expect(await store.fetchKeys("z", "a").toArray()).toEqual([]);
    const sessions = app.store(visits);
    expect(await sessions.findSessions(key, { earliestEnd: -5 }).toArray()).toHaveLength(1);
    expect(await sessions.findSessionsOfKeys("z", "a").toArray()).toEqual([]);
    expect(await app.store(prices).get(key, { asOf: -5 })).toBeNull();
    expect(await app.store(prices).history(key, { from: -5 }).toArray()).toHaveLength(1);
  });
});
