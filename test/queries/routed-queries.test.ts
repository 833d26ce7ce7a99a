import { encodeUtf8, murmur2, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import {
  StreamsBuilder,
  tumbling,
  type PartitionResult,
  type Position,
  type StoreChange,
  type StreamsApp,
} from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { eventually } from "../integration/world/eventually.ts";
import { QueryNetwork } from "./query-network.ts";
import { TestWorld } from "../integration/world/test-world.ts";

/** Stores of an application of several instances, asked wherever their partitions are. */
let world: TestWorld;
let network: QueryNetwork;
const partitions = 4;
/** Of all records: none is too old to be kept. */
const now = Date.now();
const minute = 60_000 * Math.floor(now / 60_000);
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const kills = isVerify ? 20 : 1;
const keys = Array.from({ length: 24 }, (_, index) => `key-${index}`);

beforeEach(async () => {
  world = await TestWorld.start({ words: partitions });
  network = new QueryNetwork();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const builder = new StreamsBuilder();
const words = builder.stream("words", { key: string(), value: string() }).groupByKey();
const counts = words.count({ store: "counts" });
const perMinute = words.windowedBy(tumbling("1m", { grace: "1h" })).count({ store: "per-minute" });
const topology = builder.build();

function partitionOf(key: string): number {
  return (murmur2(encodeUtf8(key)) & 0x7fffffff) % partitions;
}

/** What was written: the keys of each partition, by offset. */
class Writing {
  readonly #written = Array.from({ length: partitions }, (): string[] => []);

  async write(...written: readonly string[]): Promise<void> {
    const writer = world.client.openWriter({});
    await writer.prepare(["words"]);
    for (const key of written) {
      const partition = partitionOf(key);
      writer.partition("words", partition).append(now, encodeUtf8(key), encodeUtf8("1"), noHeaders);
      this.#written[partition].push(key);
    }
    await writer.flush();
    await writer.close();
  }

  /** Of the last record of each partition. */
  get end(): Position {
    const ends = this.#written.map((one, partition) => [partition, one.length - 1] as const);
    return { words: Object.fromEntries(ends.filter(([, end]) => end >= 0)) };
  }

  tableAtEnd(): ReadonlyMap<string, number> {
    return new Map(this.#written.flatMap((_, partition) => [...this.tableAt(this.end, partition)]));
  }

  /** The table of a partition as it was at a position. */
  tableAt(position: Position, partition: number): ReadonlyMap<string, number> {
    const table = new Map<string, number>();
    const end = position["words"]?.[partition] ?? -1;
    for (const key of this.#written[partition].slice(0, end + 1))
      table.set(key, (table.get(key) ?? 0) + 1);
    return table;
  }
}

async function instance(name: string, more: object = {}): Promise<StreamsApp> {
  return (await mortal(name, more)).app;
}

async function mortal(name: string, more: object = {}) {
  const process = world.process();
  const applicationServer = `${name}:80`;
  const app = await world.app(
    topology,
    {
      cacheBytesMax: 0,
      stateDirectory: `/${name}`,
      applicationServer,
      querySecret: network.secret,
      ...more,
    },
    process,
    { environment: network.environment(applicationServer) },
  );
  const die = (): void => {
    network.cut(applicationServer);
    process.die();
  };
  return { app, die };
}

const sorted = (
  entries: Iterable<readonly [string, number]>,
): readonly (readonly [string, number])[] =>
  [...entries].toSorted(([left], [right]) => (left < right ? -1 : 1));

function expectTable(
  result: PartitionResult<{ readonly key: string; readonly value: number }>,
  writing: Writing,
): void {
  if (result.isFailure) throw result.error;
  const { partition, position, rows } = result;
  const table = sorted(rows.map(({ key, value }) => [key, value]));
  const where = `partition ${partition} at ${JSON.stringify(position)}, ${result.isStandby ? "a copy" : "active"}`;
  expect(table, where).toEqual(sorted(writing.tableAt(position, partition)));
}

describe("an instance answers for all", () => {
  test("whoever has the key, and tells who that is", async () => {
    const writing = new Writing();
    const first = await instance("first");
    const second = await instance("second");
    await eventually(() => Math.min(first.tasks.length, second.tasks.length)).toBe(2);
    await writing.write(...keys, ...keys);
    const positionAtLeast = writing.end;
    for (const app of [first, second]) {
      const store = app.store(counts, { positionAtLeast });
      for (const key of keys) expect(await store.get(key), key).toBe(2);
      expect(await store.all().toArray()).toHaveLength(keys.length);
      expect(await app.store(perMinute, { positionAtLeast }).fetch(keys[0], minute)).toBe(2);
      expect(app.instances.map(({ address }) => address).sort()).toEqual(["first:80", "second:80"]);
    }
    expect(new Set(network.asked)).toEqual(new Set(["first:80", "second:80"]));
    const owners = await Promise.all(keys.map((key) => first.keyOwners(counts, key)));
    for (const {
      isHere,
      instances: [owner],
    } of owners)
      expect(owner.address).toBe(isHere ? "first:80" : "second:80");
    const local = first.store(counts, { isLocal: true, timeout: 0 });
    const results = await local.all().results();
    expect(results.filter(({ isFailure }) => isFailure)).toHaveLength(2);
  });

  test("but not for one that does not know the secret", async () => {
    const first = await instance("first");
    const second = await instance("second", { querySecret: "another one" });
    await eventually(() => Math.min(first.tasks.length, second.tasks.length)).toBe(2);
    const results = await first.store(counts, { timeout: 100 }).all().results();
    const codes = results.flatMap((result) => (result.isFailure ? [result.error.code] : []));
    expect(codes).toEqual(["INSTANCE_UNREACHABLE", "INSTANCE_UNREACHABLE"]);
  });

  test("copies answer where they may, as far as they have come", async () => {
    const writing = new Writing();
    const first = await instance("first", { numStandbyReplicas: 1 });
    const second = await instance("second", { numStandbyReplicas: 1 });
    await eventually(() => Math.min(first.tasks.length, second.tasks.length)).toBe(2);
    await writing.write(...keys);
    const copies = first.store(counts, { isLocal: true, standbys: true, timeout: 0 });
    await eventually(async () => (await copies.all().results()).filter(isWhole).length).toBe(4);
    const results = await copies.all().results();
    const byCopies = results.filter((result) => !result.isFailure && result.isStandby);
    expect(byCopies).toHaveLength(2);
    function isWhole(result: PartitionResult<{ readonly key: string }>): boolean {
      if (result.isFailure) return false;
      const all = keys.filter((key) => partitionOf(key) === result.partition);
      return all.length === result.rows.length;
    }
    // Whoever asks for a position asks the active one.
    const at = first.store(counts, { standbys: true, positionAtLeast: writing.end });
    for (const result of await at.all().results()) {
      expectTable(result, writing);
      expect(result.isFailure ? undefined : result.isStandby).toBe(false);
    }
    // Where nobody else is asked a copy answers, once all up to there is in it.
    await writing.write(...keys, ...keys);
    const here = { isLocal: true, standbys: true, positionAtLeast: writing.end };
    const answers = await first.store(counts, here).all().results();
    for (const result of answers) expectTable(result, writing);
    expect(answers.filter((result) => !result.isFailure && result.isStandby)).toHaveLength(2);
    const beyond = { words: { 0: 99, 1: 99, 2: 99, 3: 99 } };
    const tooFar = first.store(counts, { ...here, positionAtLeast: beyond, timeout: 300 });
    for (const result of await tooFar.all().results())
      expect(result).toMatchObject({ error: { code: "NOT_UP_TO_BOUND" } });
  });

  test(
    "while others come, go and die, each answer is the table at its position, and each change comes once",
    async () => {
      const writing = new Writing();
      const stays = await instance("stays");
      await writing.write(...keys);
      const ending = new AbortController();
      onTestFinished(() => ending.abort());
      const reader = new Reader(stays, writing, ending.signal);
      const work = [reader.hammer(), reader.follow(), flow(writing, ending.signal)];
      const failed = Promise.race(work.map((one) => one.then(() => new Promise<never>(() => {}))));
      await Promise.race([failed, comeAndGo(stays)]);
      const { answers } = reader;
      await Promise.race([failed, eventually(() => reader.answers).toBeGreaterThan(answers + 2)]);
      ending.abort();
      await Promise.race([failed, eventually(() => reader.isDone, 20_000).toBe(true)]);
      reader.end();
      await Promise.all(work);
      const end = stays.store(counts, { positionAtLeast: writing.end });
      for (const result of await end.all().results()) expectTable(result, writing);
      expect(reader.seen).toEqual(writing.tableAtEnd());
    },
    isVerify ? 300_000 : 30_000,
  );
});

/** Writes all keys again and again. */
async function flow(writing: Writing, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await writing.write(...keys);
    await world.shared.timers.sleep(20);
  }
}

/** Instances that come, and end one way or the other, with all that they had. */
async function comeAndGo(stays: StreamsApp): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    const { app, die } = await mortal(`other-${kill}`, { closeTimeout: 200 });
    await eventually(() => app.tasks.length).toBeGreaterThan(0);
    if (kill % 3 === 2) await app.close();
    else die();
    await eventually(() => stays.tasks.length, 20_000).toBe(partitions);
  }
}

/** Asks everything, and follows all changes. */
class Reader {
  answers = 0;
  /** By the changes. */
  readonly seen = new Map<string, number>();
  readonly #app: StreamsApp;
  readonly #writing: Writing;
  readonly #signal: AbortSignal;
  readonly #following = new AbortController();

  constructor(app: StreamsApp, writing: Writing, signal: AbortSignal) {
    this.#app = app;
    this.#writing = writing;
    this.#signal = signal;
  }

  async hammer(): Promise<void> {
    const store = this.#app.store(counts, { timeout: "20s" });
    const windows = this.#app.store(perMinute, { timeout: "20s" });
    for (let turn = 0; !this.#signal.aborted; turn++) {
      const key = keys[turn % keys.length];
      const { value, partition, position } = await store.lookup(key);
      const where = `${key} of partition ${partition} at ${JSON.stringify(position)}`;
      expect(value ?? 0, where).toBe(this.#writing.tableAt(position, partition).get(key) ?? 0);
      for (const result of await store.all().results()) expectTable(result, this.#writing);
      for (const result of await windows.fetchAll().results()) {
        if (result.isFailure) throw result.error;
        const rows = result.rows.map((row) => ({ key: row.key.key, value: row.value }));
        expectTable({ ...result, rows }, this.#writing);
      }
      // What is not committed is seen here, where it is.
      const live = this.#app.store(counts, { isolation: "live", isLocal: true, timeout: 0 });
      for (const result of await live.all().results())
        if (!result.isFailure) expectTable(result, this.#writing);
      this.answers += 1;
    }
  }

  /** Without caches each record is a change, and counts one more. */
  async follow(): Promise<void> {
    const { signal } = this.#following;
    const changes = this.#app.store(counts, { signal }).changes();
    try {
      for await (const change of changes) this.#take(change);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** No more changes are wanted. */
  end(): void {
    this.#following.abort();
  }

  #take({ key, value, offset }: StoreChange<string, number>): void {
    const before = this.seen.get(key);
    if (offset !== undefined) expect(value, key).toBe((before ?? 0) + 1);
    else expect(before, key).toBeUndefined();
    this.seen.set(key, value ?? -1);
  }

  /** True: all that was written has come. */
  get isDone(): boolean {
    const end = this.#writing.tableAtEnd();
    return [...end].every(([key, count]) => this.seen.get(key) === count);
  }
}
