import { int64AsNumber, string } from "@millrace/serde";
import { snapshotIds, type SnapshotStore } from "@millrace/state";
import { StreamsBuilder, type StreamsOptions, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { changelog, often, owner, SnapshotScene } from "./world/snapshot-scene.ts";

/** Snapshots that a start does not take, and what it does in their place. */
let scene: SnapshotScene;

beforeEach(async () => {
  scene = await SnapshotScene.open();
});

afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

/** What `millrace groups reset-offsets` leaves of a commit: the offset alone. */
async function commitAgain(): Promise<void> {
  const { admin } = scene.world.client;
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
  const length = known ?? (await scene.changelogLength());
  const started = await scene.start({ stateFrom: "/snapshots", ...options });
  expect(started.refusal).toMatch(reason);
  expect(started).toMatchObject({ restored: length, loads: 0, refusals: 1 });
}

describe("a snapshot is refused, told and counted, and the whole changelog is read", () => {
  test("where the changelog was made anew since", async () => {
    await scene.countAndSnapshot();
    await scene.world.client.admin.deleteTopics([changelog.topic]);
    await commitAgain();
    const again = await scene.start();
    for (let count = 6; count <= 9; count++) {
      await scene.write("a");
      await scene.expectCounts({ a: count - 5, b: 3, c: 1, d: 1, e: 1, f: 1 });
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
    await scene.write("a");
    const { app } = await scene.start({}, scene.world.process(), topology());
    await scene.expectCounts({ a: 1 });
    await expect.poll(() => app.snapshot({ to: "/snapshots" }), often).toHaveLength(1);
    await app.close();
    await scene.world.client.admin.deleteTopics([changelog.topic, "app-others-changelog"]);
    await commitAgain();
    const process = scene.world.process();
    const started = await scene.start({ stateFrom: "/snapshots" }, process, topology());
    const lines = process.events.filter(({ name }) => name === "streams.snapshot-refused");
    const [id] = await snapshotIds(scene.store, owner);
    expect(lines.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ task: "0_0", snapshots: [id], stores: ["counts", "others"] }),
    ]);
    expect(started).toMatchObject({ loads: 0, refusals: 2 });
  });

  test("where the changelog was cut off beyond it", async () => {
    await scene.countAndSnapshot();
    const [{ offset }] = await scene.world.client.admin.listOffsets([
      { ...changelog, at: "latest" },
    ]);
    await scene.cutOff(offset - 2); // the last count, and the marker of its transaction
    await expectWholeRestore(/does not go back/, {}, 1);
  });

  test("where it is older than the changelog remembers deletions", async () => {
    await scene.countAndSnapshot();
    await expectWholeRestore(/s old/, { stateFromMaxAge: 1 });
    await scene.expectAllCounted();
  });

  test("where a bit of any file has flipped, whichever it is", async () => {
    await scene.countAndSnapshot();
    const [id] = await snapshotIds(scene.store, owner);
    for (const file of await scene.store.list(`app/0_0/${id}/`)) {
      const name = `app/0_0/${id}/${file}`;
      const bytes = (await scene.store.get(name)) ?? new Uint8Array(0);
      const flipped = bytes.slice();
      flipped[bytes.length >> 1] ^= 4;
      await scene.store.put(name, flipped);
      const length = await scene.changelogLength();
      const { app, ...started } = await scene.start({ stateFrom: "/snapshots" });
      expect(started.refusal, file).toMatch(/damaged/);
      expect(started, file).toMatchObject({ restored: length, loads: 0, refusals: 1 });
      await app.close();
      await scene.store.put(name, bytes);
    }
    await scene.start({ stateFrom: "/snapshots" });
    await scene.expectAllCounted();
  });

  test("where its place cannot be reached", async () => {
    await scene.countAndSnapshot();
    const fail = (): never => {
      throw new Error("no route");
    };
    const away: SnapshotStore = { place: "away", put: fail, get: fail, list: fail, delete: fail };
    await expectWholeRestore(/away: no route/, { stateFrom: away });
    await scene.expectAllCounted();
  });

  test("and an older one that fits is taken in place of one that is damaged", async () => {
    await scene.countAndSnapshot();
    const { app } = await scene.start({ stateFrom: "/snapshots" });
    await app.snapshot();
    await app.close();
    const [newest] = await snapshotIds(scene.store, owner);
    await scene.store.delete(`app/0_0/${newest}/000000.rows`);
    const started = await scene.start({ stateFrom: "/snapshots" });
    expect(started).toMatchObject({ restored: 2, loads: 1, refusals: 1 });
    await scene.expectAllCounted();
  });
});

test("a snapshot that is pruned while it is loaded counts for no damage: the one in its place is taken", async () => {
  await scene.countAndSnapshot();
  const [id] = await snapshotIds(scene.store, owner);
  const folder = `app/0_0/${id}/`;
  let isPruned = false;
  const prune = async (): Promise<void> => {
    isPruned = true;
    for (const file of ["000000.rows", "manifest.json"]) {
      const bytes = (await scene.store.get(`${folder}${file}`)) ?? new Uint8Array(0);
      await scene.store.put(`app/0_0/9${id}/${file}`, bytes);
      await scene.store.delete(`${folder}${file}`);
    }
  };
  const from: SnapshotStore = {
    place: scene.store.place,
    put: (...given) => scene.store.put(...given),
    list: (...given) => scene.store.list(...given),
    delete: (...given) => scene.store.delete(...given),
    get: async (name, signal) => {
      if (name.endsWith(".rows") && !isPruned) await prune();
      return scene.store.get(name, signal);
    },
  };
  expect(await scene.start({ stateFrom: from })).toMatchObject({
    restored: 2,
    loads: 1,
    refusals: 0,
  });
  await scene.expectAllCounted();
});

test("halves of snapshots do not hide a whole one, however many there are", async () => {
  await scene.countAndSnapshot();
  for (let half = 10; half < 50; half++)
    await scene.store.put(`app/0_0/9-half-${half}/000000.rows`, Uint8Array.of(1));
  const started = await scene.start({ stateFrom: "/snapshots" });
  expect(started).toMatchObject({ restored: 2, loads: 1, refusals: 0 });
  await scene.expectAllCounted();
});
