import { encodeUtf8, noHeaders } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import {
  directorySnapshotStore,
  fileEngineProvider,
  memoryEngineProvider,
  snapshotIds,
  writeSnapshot,
  type SnapshotStore,
} from "@millrace/state";
import {
  snapshotState,
  StreamsBuilder,
  type KeyValueQueries,
  type StreamsOptions,
  type Topology,
} from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { TestProcess } from "./world/process.ts";
import { TestWorld } from "./world/test-world.ts";
import { readCounts } from "./world/word-count.ts";

/** Snapshots of state, and starts from them: what is taken, what is refused, and what is read of the changelog. */
let world: TestWorld;
let store: SnapshotStore;

beforeEach(async () => {
  world = await TestWorld.start({ words: 1, counts: 1 });
  store = directorySnapshotStore(world.shared.fileSystem, "/snapshots");
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Most of the time here is that of waits: they look often, and commits come often. */
const often = { timeout: 5000, interval: 5 };
const commitInterval = 5;

const changelog = { topic: "app-counts-changelog", partition: 0 };
const owner = { application: "app", task: "0_0" };

function counted(store = "counts"): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("words", { key: string(), value: string() })
    .groupByKey()
    .count({ store })
    .toStream()
    .to("counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

async function write(...words: readonly string[]): Promise<void> {
  const writer = world.client.openWriter({});
  await writer.prepare(["words"]);
  for (const word of words)
    writer.partition("words", 0).append(1, encodeUtf8(word), encodeUtf8(word), noHeaders);
  await writer.flush();
  await writer.close();
}

async function expectCounts(counts: Readonly<Record<string, number>>): Promise<void> {
  await expect.poll(async () => Object.fromEntries(await readCounts(world)), often).toEqual(counts);
}

/** An instance that keeps nothing on disk, but for what the options say. */
async function start(
  options: Partial<StreamsOptions> = {},
  process: TestProcess = world.process(),
  topology = counted(),
) {
  const engines = options.stateDirectory === undefined ? { engines: memoryEngineProvider() } : {};
  const app = await world.app(topology, { commitInterval, ...options }, process, engines);
  const metric = (name: string): number =>
    app
      .metrics()
      .filter((one) => one.name === name)
      .reduce((sum, { value }) => sum + value, 0);
  const refusal = process.events.find(({ name }) => name === "streams.snapshot-refused");
  return {
    app,
    restored: metric("restore-records-total"),
    loads: metric("snapshot-loads-total"),
    refusals: metric("snapshot-refusals-total"),
    refusal: refusal?.fields["reason"],
  };
}

/** Ten words, in a snapshot; then two more, which are in the changelog alone. */
async function countAndSnapshot(options: Partial<StreamsOptions> = {}): Promise<void> {
  await write("a", "b", "a", "c", "a", "b", "a", "d", "e", "f");
  const { app } = await start(options);
  await expectCounts({ a: 4, b: 2, c: 1, d: 1, e: 1, f: 1 });
  await expect.poll(() => app.snapshot({ to: "/snapshots" }), often).toHaveLength(1);
  await write("a");
  await expectCounts({ a: 5, b: 2, c: 1, d: 1, e: 1, f: 1 });
  await write("b");
  await expectCounts({ a: 5, b: 3, c: 1, d: 1, e: 1, f: 1 });
  await app.close();
}

async function expectAllCounted(): Promise<void> {
  await write("a", "f");
  await expectCounts({ a: 6, b: 3, c: 1, d: 1, e: 1, f: 2 });
}

/** Records of the changelog: each count was logged once, or fewer times where a commit took several. */
async function changelogLength(): Promise<number> {
  return (await world.read(changelog.topic)).length;
}

/** As retention does to changelogs of windows. */
async function cutOff(offset: number): Promise<void> {
  const { admin } = world.client;
  await admin.alterConfigs([
    { kind: "topic", name: changelog.topic, set: { "cleanup.policy": "delete" } },
  ]);
  await admin.deleteRecords([{ ...changelog, offset }]);
}

/** What `millrace groups reset-offsets` leaves of a commit: the offset alone. */
async function commitAgain(): Promise<void> {
  const { admin } = world.client;
  const offsets = await admin.groupOffsets("app");
  await admin.alterGroupOffsets(
    "app",
    offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
  );
}

/** What is told of an instance that had to read the whole changelog. */
async function expectWholeRestore(
  reason: RegExp,
  options: Partial<StreamsOptions> = {},
  known?: number,
): Promise<void> {
  const length = known ?? (await changelogLength());
  const started = await start({ stateFrom: "/snapshots", ...options });
  expect(started.refusal).toMatch(reason);
  expect(started).toMatchObject({ restored: length, loads: 0, refusals: 1 });
}

describe("STREAMS-18: an instance that starts from a snapshot", () => {
  test.each<readonly [string, Partial<StreamsOptions>]>([
    ["in memory", {}],
    ["in memory, at least once", { processingGuarantee: "at_least_once" }],
    ["on disk", { stateDirectory: "/other" }],
  ])("restores what the changelog has beyond it, and nothing else: %s", async (_, options) => {
    await countAndSnapshot();
    const started = await start({ stateFrom: "/snapshots", ...options });
    expect(started).toMatchObject({ restored: 2, loads: 1, refusals: 0 });
    await expectAllCounted();
  });

  test("takes the newest one, of which so many stay as it was said", async () => {
    await countAndSnapshot();
    const { app } = await start({ stateFrom: "/snapshots" });
    const [{ id: first }] = await app.snapshot({ keep: 2 });
    const [{ id: second }] = await app.snapshot({ keep: 2 });
    await app.close();
    expect(await snapshotIds(store, owner)).toEqual([second, first].toSorted().toReversed());
    expect(await start({ stateFrom: "/snapshots" })).toMatchObject({ restored: 0, loads: 1 });
    await expectAllCounted();
  });

  test.each(["exactly_once", "at_least_once"] as const)(
    "has all that the changelog has lost for its age, %s",
    async (processingGuarantee) => {
      await countAndSnapshot({ processingGuarantee });
      const options = { stateFrom: "/snapshots", processingGuarantee };
      const { app } = await start(options);
      await app.snapshot();
      await app.close();
      const [end] = await world.client.admin.listOffsets([{ ...changelog, at: "latest" }]);
      await cutOff(end.offset);
      expect(await start(options)).toMatchObject({ restored: 0, loads: 1 });
      await expectAllCounted();
    },
  );

  test("has a copy begin with it, too", async () => {
    await countAndSnapshot();
    const options = { stateFrom: "/snapshots", numStandbyReplicas: 1 };
    await start(options);
    const standby = world.process();
    await start(options, standby);
    const loaded = (): boolean => standby.has("streams.snapshot-loaded");
    await expect.poll(loaded, often).toBe(true);
  });

  test("reads what compaction has left of the changelog beyond it", async () => {
    await world[Symbol.asyncDispose]();
    world = await TestWorld.start({ words: 1, counts: 1 }, undefined, {
      "log.cleaner.backoff.ms": 20,
      "log.roll.ms": 20,
      "log.cleaner.min.cleanable.ratio": 0,
    });
    store = directorySnapshotStore(world.shared.fileSystem, "/snapshots");
    await countAndSnapshot();
    const { app } = await start();
    for (let count = 6; count <= 10; count++) {
      await write("a", "g");
      await expectCounts({ a: count, b: 3, c: 1, d: 1, e: 1, f: 1, g: count - 5 });
    }
    await app.close();
    const left = async (): Promise<number> => changelogLength();
    await expect.poll(left, often).toBeLessThan(15);
    // What is counted in the end is what was there as it was read.
    const stop = { "min.compaction.lag.ms": "1000000" };
    await world.client.admin.alterConfigs([{ kind: "topic", name: changelog.topic, set: stop }]);
    const lengths = async (): Promise<boolean> => (await left()) === (await left());
    await expect.poll(lengths, often).toBe(true);
    const process = world.process();
    const started = await start({ stateFrom: "/snapshots" }, process);
    const loaded = process.events.find(({ name }) => name === "streams.snapshot-loaded");
    const beyond = (await world.read(changelog.topic)).filter(
      ({ offset }) => offset >= Number(loaded?.fields["offset"]),
    );
    expect(started).toMatchObject({ restored: beyond.length, loads: 1, refusals: 0 });
    await write("a", "g", "f");
    await expectCounts({ a: 11, b: 3, c: 1, d: 1, e: 1, f: 2, g: 6 });
  });

  test("keeps the state that it has where a snapshot would cost more than it saves", async () => {
    await countAndSnapshot({ stateDirectory: "/state" });
    const started = await start({ stateFrom: "/snapshots", stateDirectory: "/state" });
    expect(started).toMatchObject({ restored: 0, loads: 0, refusals: 0 });
    await expectAllCounted();
  });

  test("takes a snapshot in place of state that is much older", async () => {
    await write("a", "z");
    const old = await start({ stateDirectory: "/state" });
    await expectCounts({ a: 1, z: 1 });
    await old.app.close();
    const { app } = await start();
    for (let count = 2; count <= 8; count++) {
      await write("a");
      await expectCounts({ a: count, z: 1 });
    }
    await app.snapshot({ to: "/snapshots" });
    await app.close();
    const started = await start({ stateFrom: "/snapshots", stateDirectory: "/state" });
    expect(started).toMatchObject({ restored: 0, loads: 1 });
    await write("a", "z");
    await expectCounts({ a: 9, z: 2 });
  });
});

describe("a snapshot is refused, told and counted, and the whole changelog is read", () => {
  test("where the changelog was made anew since", async () => {
    await countAndSnapshot();
    await world.client.admin.deleteTopics([changelog.topic]);
    await commitAgain();
    const again = await start();
    for (let count = 6; count <= 9; count++) {
      await write("a");
      await expectCounts({ a: count - 5, b: 3, c: 1, d: 1, e: 1, f: 1 });
    }
    await again.app.close();
    await expectWholeRestore(/made anew/);
  });

  test("in one line where several stores have the same reason", async () => {
    const topology = (): Topology => {
      const builder = new StreamsBuilder();
      const words = builder.stream("words", { key: string(), value: string() }).groupByKey();
      words.count({ store: "others" });
      words.count({ store: "counts" }).toStream().to("counts", { value: int64AsNumber() });
      return builder.build();
    };
    await write("a");
    const { app } = await start({}, world.process(), topology());
    await expectCounts({ a: 1 });
    await expect.poll(() => app.snapshot({ to: "/snapshots" }), often).toHaveLength(1);
    await app.close();
    await world.client.admin.deleteTopics([changelog.topic, "app-others-changelog"]);
    await commitAgain();
    const process = world.process();
    const started = await start({ stateFrom: "/snapshots" }, process, topology());
    const lines = process.events.filter(({ name }) => name === "streams.snapshot-refused");
    const [id] = await snapshotIds(store, owner);
    expect(lines.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ task: "0_0", snapshots: [id], stores: ["counts", "others"] }),
    ]);
    expect(started).toMatchObject({ loads: 0, refusals: 2 });
  });

  test("where the changelog was cut off beyond it", async () => {
    await countAndSnapshot();
    const [{ offset }] = await world.client.admin.listOffsets([{ ...changelog, at: "latest" }]);
    await cutOff(offset - 2); // the last count, and the marker of its transaction
    await expectWholeRestore(/does not go back/, {}, 1);
  });

  test("where it is older than the changelog remembers deletions", async () => {
    await countAndSnapshot();
    await expectWholeRestore(/s old/, { stateFromMaxAge: 1 });
    await expectAllCounted();
  });

  test("where a bit of any file has flipped, whichever it is", async () => {
    await countAndSnapshot();
    const [id] = await snapshotIds(store, owner);
    for (const file of await store.list(`app/0_0/${id}/`)) {
      const name = `app/0_0/${id}/${file}`;
      const bytes = (await store.get(name)) ?? new Uint8Array(0);
      const flipped = bytes.slice();
      flipped[bytes.length >> 1] ^= 4;
      await store.put(name, flipped);
      const length = await changelogLength();
      const { app, ...started } = await start({ stateFrom: "/snapshots" });
      expect(started.refusal, file).toMatch(/damaged/);
      expect(started, file).toMatchObject({ restored: length, loads: 0, refusals: 1 });
      await app.close();
      await store.put(name, bytes);
    }
    await start({ stateFrom: "/snapshots" });
    await expectAllCounted();
  });

  test("where its place cannot be reached", async () => {
    await countAndSnapshot();
    const fail = (): never => {
      throw new Error("no route");
    };
    const away: SnapshotStore = { place: "away", put: fail, get: fail, list: fail, delete: fail };
    await expectWholeRestore(/away: no route/, { stateFrom: away });
    await expectAllCounted();
  });

  test("and an older one that fits is taken in place of one that is damaged", async () => {
    await countAndSnapshot();
    const { app } = await start({ stateFrom: "/snapshots" });
    await app.snapshot();
    await app.close();
    const [newest] = await snapshotIds(store, owner);
    await store.delete(`app/0_0/${newest}/000000.rows`);
    const started = await start({ stateFrom: "/snapshots" });
    expect(started).toMatchObject({ restored: 2, loads: 1, refusals: 1 });
    await expectAllCounted();
  });
});

test("a snapshot that is pruned while it is loaded counts for no damage: the one in its place is taken", async () => {
  await countAndSnapshot();
  const [id] = await snapshotIds(store, owner);
  const folder = `app/0_0/${id}/`;
  let isPruned = false;
  const prune = async (): Promise<void> => {
    isPruned = true;
    for (const file of ["000000.rows", "manifest.json"]) {
      const bytes = (await store.get(`${folder}${file}`)) ?? new Uint8Array(0);
      await store.put(`app/0_0/9${id}/${file}`, bytes);
      await store.delete(`${folder}${file}`);
    }
  };
  const from: SnapshotStore = {
    place: store.place,
    put: (...given) => store.put(...given),
    list: (...given) => store.list(...given),
    delete: (...given) => store.delete(...given),
    get: async (name, signal) => {
      if (name.endsWith(".rows") && !isPruned) await prune();
      return store.get(name, signal);
    },
  };
  expect(await start({ stateFrom: from })).toMatchObject({ restored: 2, loads: 1, refusals: 0 });
  await expectAllCounted();
});

test("halves of snapshots do not hide a whole one, however many there are", async () => {
  await countAndSnapshot();
  for (let half = 10; half < 50; half++)
    await store.put(`app/0_0/9-half-${half}/000000.rows`, Uint8Array.of(1));
  const started = await start({ stateFrom: "/snapshots" });
  expect(started).toMatchObject({ restored: 2, loads: 1, refusals: 0 });
  await expectAllCounted();
});

describe("the state of an application that does not run", () => {
  async function copied(of: string): Promise<readonly [tasks: readonly string[], leftOut: string]> {
    const { platform } = world.process();
    const engines = fileEngineProvider(platform);
    const options = { applicationId: "app", engines, to: store, keep: 1 };
    const { written, leftOut } = await snapshotState(platform, of, options);
    return [written.map(({ task }) => task), leftOut.map(({ cause }) => cause.message).join()];
  }

  test("is copied, but not while it runs", async () => {
    await write("a", "b", "a");
    const { app } = await start({ stateDirectory: "/state" });
    await expectCounts({ a: 2, b: 1 });
    await expect(copied("/state")).rejects.toMatchObject({ code: "STATE_DIRECTORY_IN_USE" });
    await app.close();
    expect(await copied("/state")).toEqual([["0_0"], ""]);
    expect(await copied("/nowhere")).toEqual([[], ""]);
    expect(await snapshotIds(store, owner)).toHaveLength(1);
    expect(await start({ stateFrom: "/snapshots" })).toMatchObject({ restored: 0, loads: 1 });
    await write("a");
    await expectCounts({ a: 3, b: 1 });
  });

  test("is left out where nobody has noted how old it is", async () => {
    await write("a");
    const process = world.process();
    const { app } = await start({ stateDirectory: "/state" }, process);
    await expectCounts({ a: 1 });
    process.die();
    void app.close();
    expect(await copied("/state")).toEqual([[], expect.stringContaining("was not noted")]);
  });
});

describe("kill -9", () => {
  /** Goes on until the process has died in the middle of the call with that number. */
  function dyingAt(
    number: number,
    process: TestProcess,
    of: "put" | "get",
  ): SnapshotStore & { readonly hasDied: () => boolean } {
    let left = number;
    const dying = <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (left-- > 0) return work();
      process.die();
      return new Promise(() => {});
    };
    return {
      hasDied: () => left < 0,
      place: store.place,
      list: (...given) => store.list(...given),
      delete: (...given) => store.delete(...given),
      get: (...given) => (of === "get" ? dying(() => store.get(...given)) : store.get(...given)),
      put: (...given) => (of === "put" ? dying(() => store.put(...given)) : store.put(...given)),
    };
  }

  test("while a snapshot is written leaves none that is taken", async () => {
    await write("a", "b", "a");
    const process = world.process();
    const { app } = await start({ stateDirectory: "/state" }, process);
    await expectCounts({ a: 2, b: 1 });
    void app.snapshot({ to: dyingAt(1, process, "put") }).catch(() => {});
    const half = async (): Promise<number> => (await snapshotIds(store, owner)).length;
    await expect.poll(half, often).toBe(1);
    void app.close();
    const started = await start({ stateFrom: "/snapshots", stateDirectory: "/other" });
    expect(started).toMatchObject({ loads: 0, refusals: 0 });
    await write("a");
    await expectCounts({ a: 3, b: 1 });
  });

  test("while one is loaded leaves rows that count for nothing", async () => {
    await countAndSnapshot({ stateDirectory: "/first" });
    const engine = await fileEngineProvider(world.shared).open("/first/app/0_0");
    const { platform } = world.process();
    await writeSnapshot([engine], store, { ...owner, platform, blockBytesMin: 1 });
    await engine.close();
    const process = world.process();
    const from = dyingAt(4, process, "get");
    void start({ stateFrom: from, stateDirectory: "/state" }, process).catch(() => {});
    await expect.poll(from.hasDied, often).toBe(true);
    const left = await fileEngineProvider(world.shared).open("/state/app/0_0");
    expect(left.estimatedEntryCount).toBeGreaterThan(3);
    await left.close();
    // Of a and b alone there is something left: what was loaded of others must not be shown.
    const [{ offset }] = await world.client.admin.listOffsets([{ ...changelog, at: "latest" }]);
    await cutOff(offset - 4);
    const { app, restored } = await start({ stateDirectory: "/state" });
    expect(restored).toBe(2);
    const counts = app.store<KeyValueQueries<string, number>>("counts");
    expect((await counts.all().toArray()).map(({ key }) => key)).toEqual(["a", "b"]);
  });
});
