import {
  fileEngineProvider,
  snapshotIds,
  writeSnapshot,
  type SnapshotStore,
} from "@millrace/state";
import { snapshotState, type KeyValueQueries, type StreamsOptions } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { TestProcess } from "./world/process.ts";
import { changelog, often, owner, SnapshotScene } from "./world/snapshot-scene.ts";

/** Snapshots of state, of applications that run, stand still or are killed, and what starts from them reads. */
let scene: SnapshotScene;

beforeEach(async () => {
  scene = await SnapshotScene.open();
});

afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

describe("STREAMS-18: an instance that starts from a snapshot", () => {
  test.each<readonly [string, Partial<StreamsOptions>]>([
    ["in memory", {}],
    ["in memory, at least once", { processingGuarantee: "at_least_once" }],
    ["on disk", { stateDirectory: "/other" }],
  ])("restores what the changelog has beyond it, and nothing else: %s", async (_, options) => {
    await scene.countAndSnapshot();
    const started = await scene.start({ stateFrom: "/snapshots", ...options });
    expect(started).toMatchObject({ restored: 2, loads: 1, refusals: 0 });
    await scene.expectAllCounted();
  });

  test("takes the newest one, of which so many stay as it was said", async () => {
    await scene.countAndSnapshot();
    const { app } = await scene.start({ stateFrom: "/snapshots" });
    const [{ id: first }] = await app.snapshot({ keep: 2 });
    const [{ id: second }] = await app.snapshot({ keep: 2 });
    await app.close();
    expect(await snapshotIds(scene.store, owner)).toEqual([second, first].toSorted().toReversed());
    expect(await scene.start({ stateFrom: "/snapshots" })).toMatchObject({ restored: 0, loads: 1 });
    await scene.expectAllCounted();
  });

  test.each(["exactly_once", "at_least_once"] as const)(
    "has all that the changelog has lost for its age, %s",
    async (processingGuarantee) => {
      await scene.countAndSnapshot({ processingGuarantee });
      const options = { stateFrom: "/snapshots", processingGuarantee };
      const { app } = await scene.start(options);
      await app.snapshot();
      await app.close();
      const [end] = await scene.world.client.admin.listOffsets([{ ...changelog, at: "latest" }]);
      await scene.cutOff(end.offset);
      expect(await scene.start(options)).toMatchObject({ restored: 0, loads: 1 });
      await scene.expectAllCounted();
    },
  );

  test("has a copy begin with it, too", async () => {
    await scene.countAndSnapshot();
    const options = { stateFrom: "/snapshots", numStandbyReplicas: 1 };
    await scene.start(options);
    const standby = scene.world.process();
    await scene.start(options, standby);
    const loaded = (): boolean => standby.has("streams.snapshot-loaded");
    await expect.poll(loaded, often).toBe(true);
  });

  test("reads what compaction has left of the changelog beyond it", async () => {
    await scene[Symbol.asyncDispose]();
    scene = await SnapshotScene.open({
      "log.cleaner.backoff.ms": 20,
      "log.roll.ms": 20,
      "log.cleaner.min.cleanable.ratio": 0,
    });
    await scene.countAndSnapshot();
    const { app } = await scene.start();
    for (let count = 6; count <= 10; count++) {
      await scene.write("a", "g");
      await scene.expectCounts({ a: count, b: 3, c: 1, d: 1, e: 1, f: 1, g: count - 5 });
    }
    await app.close();
    const left = async (): Promise<number> => scene.changelogLength();
    await expect.poll(left, often).toBeLessThan(15);
    // What is counted in the end is what was there as it was read.
    const stop = { "min.compaction.lag.ms": "1000000" };
    await scene.world.client.admin.alterConfigs([
      { kind: "topic", name: changelog.topic, set: stop },
    ]);
    const lengths = async (): Promise<boolean> => (await left()) === (await left());
    await expect.poll(lengths, often).toBe(true);
    const process = scene.world.process();
    const started = await scene.start({ stateFrom: "/snapshots" }, process);
    const loaded = process.events.find(({ name }) => name === "streams.snapshot-loaded");
    const beyond = (await scene.world.read(changelog.topic)).filter(
      ({ offset }) => offset >= Number(loaded?.fields["offset"]),
    );
    expect(started).toMatchObject({ restored: beyond.length, loads: 1, refusals: 0 });
    await scene.write("a", "g", "f");
    await scene.expectCounts({ a: 11, b: 3, c: 1, d: 1, e: 1, f: 2, g: 6 });
  });

  test("keeps the state that it has where a snapshot would cost more than it saves", async () => {
    await scene.countAndSnapshot({ stateDirectory: "/state" });
    const started = await scene.start({ stateFrom: "/snapshots", stateDirectory: "/state" });
    expect(started).toMatchObject({ restored: 0, loads: 0, refusals: 0 });
    await scene.expectAllCounted();
  });

  test("takes a snapshot in place of state that is much older", async () => {
    await scene.write("a", "z");
    const old = await scene.start({ stateDirectory: "/state" });
    await scene.expectCounts({ a: 1, z: 1 });
    await old.app.close();
    const { app } = await scene.start();
    for (let count = 2; count <= 8; count++) {
      await scene.write("a");
      await scene.expectCounts({ a: count, z: 1 });
    }
    await app.snapshot({ to: "/snapshots" });
    await app.close();
    const started = await scene.start({ stateFrom: "/snapshots", stateDirectory: "/state" });
    expect(started).toMatchObject({ restored: 0, loads: 1 });
    await scene.write("a", "z");
    await scene.expectCounts({ a: 9, z: 2 });
  });
});

describe("the state of an application that does not run", () => {
  async function copied(of: string): Promise<readonly [tasks: readonly string[], leftOut: string]> {
    const { platform } = scene.world.process();
    const engines = fileEngineProvider(platform);
    const options = { applicationId: "app", engines, to: scene.store, keep: 1 };
    const { written, leftOut } = await snapshotState(platform, of, options);
    return [written.map(({ task }) => task), leftOut.map(({ cause }) => cause.message).join()];
  }

  test("is copied, but not while it runs", async () => {
    await scene.write("a", "b", "a");
    const { app } = await scene.start({ stateDirectory: "/state" });
    await scene.expectCounts({ a: 2, b: 1 });
    await expect(copied("/state")).rejects.toMatchObject({ code: "STATE_DIRECTORY_IN_USE" });
    await app.close();
    expect(await copied("/state")).toEqual([["0_0"], ""]);
    expect(await copied("/nowhere")).toEqual([[], ""]);
    expect(await snapshotIds(scene.store, owner)).toHaveLength(1);
    expect(await scene.start({ stateFrom: "/snapshots" })).toMatchObject({ restored: 0, loads: 1 });
    await scene.write("a");
    await scene.expectCounts({ a: 3, b: 1 });
  });

  test("is left out where nobody has noted how old it is", async () => {
    await scene.write("a");
    const process = scene.world.process();
    const { app } = await scene.start({ stateDirectory: "/state" }, process);
    await scene.expectCounts({ a: 1 });
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
      place: scene.store.place,
      list: (...given) => scene.store.list(...given),
      delete: (...given) => scene.store.delete(...given),
      get: (...given) =>
        of === "get" ? dying(() => scene.store.get(...given)) : scene.store.get(...given),
      put: (...given) =>
        of === "put" ? dying(() => scene.store.put(...given)) : scene.store.put(...given),
    };
  }

  test("while a snapshot is written leaves none that is taken", async () => {
    await scene.write("a", "b", "a");
    const process = scene.world.process();
    const { app } = await scene.start({ stateDirectory: "/state" }, process);
    await scene.expectCounts({ a: 2, b: 1 });
    void app.snapshot({ to: dyingAt(1, process, "put") }).catch(() => {});
    const half = async (): Promise<number> => (await snapshotIds(scene.store, owner)).length;
    await expect.poll(half, often).toBe(1);
    void app.close();
    const started = await scene.start({ stateFrom: "/snapshots", stateDirectory: "/other" });
    expect(started).toMatchObject({ loads: 0, refusals: 0 });
    await scene.write("a");
    await scene.expectCounts({ a: 3, b: 1 });
  });

  test("while one is loaded leaves rows that count for nothing", async () => {
    await scene.countAndSnapshot({ stateDirectory: "/first" });
    const engine = await fileEngineProvider(scene.world.shared).open("/first/app/0_0");
    const { platform } = scene.world.process();
    await writeSnapshot([engine], scene.store, { ...owner, platform, blockBytesMin: 1 });
    await engine.close();
    const process = scene.world.process();
    const from = dyingAt(4, process, "get");
    void scene.start({ stateFrom: from, stateDirectory: "/state" }, process).catch(() => {});
    await expect.poll(from.hasDied, often).toBe(true);
    const left = await fileEngineProvider(scene.world.shared).open("/state/app/0_0");
    expect(left.estimatedEntryCount).toBeGreaterThan(3);
    await left.close();
    // Of a and b alone there is something left: what was loaded of others must not be shown.
    const [{ offset }] = await scene.world.client.admin.listOffsets([
      { ...changelog, at: "latest" },
    ]);
    await scene.cutOff(offset - 4);
    const { app, restored } = await scene.start({ stateDirectory: "/state" });
    expect(restored).toBe(2);
    const counts = app.store<KeyValueQueries<string, number>>("counts");
    expect((await counts.all().toArray()).map(({ key }) => key)).toEqual(["a", "b"]);
  });
});
