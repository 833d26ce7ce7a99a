import { encodeUtf8, noHeaders, toHex } from "@millrace/model";
import { silentLogger } from "@millrace/platform";
import { MemoryFileSystem, memoryPlatform } from "@millrace/platform/memory";
import { int64AsNumber, string } from "@millrace/serde";
import { expect, test } from "vitest";

import { CacheBudget } from "../contract/cache-budget.ts";
import type { SnapshotStore } from "../contract/snapshot-store.ts";
import type { EntryCursor, StoreEngine } from "../contract/store-engine.ts";
import type { TaskStores } from "../contract/task-stores.ts";
import { fileEngineProvider } from "../file/file-engine-provider.ts";
import { keyValueStore } from "../kinds/key-value/key-value-kind.ts";
import { windowStore } from "../kinds/window/window-kind.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";
import { PinnedEngine } from "../stores/pinned-engine.ts";
import { directorySnapshotStore } from "./directory-snapshot-store.ts";
import { Snapshot } from "./read-snapshot.ts";
import { pruneSnapshots } from "./prune-snapshots.ts";
import { snapshotIds } from "./snapshot-folders.ts";
import { encodeManifest } from "./manifest-bytes.ts";
import { writeSnapshot } from "./write-snapshot.ts";

const owner = { application: "app", task: "0_0" };
const platform = memoryPlatform();

const counts = keyValueStore({ name: "counts", key: string(), value: int64AsNumber() });
const visits = windowStore({
  name: "visits",
  key: string(),
  value: string(),
  windowSize: 60_000,
  retention: 600_000,
});

function storesOn(engine: StoreEngine, countsIn = counts): TaskStores {
  const opening = (specification: typeof counts | typeof visits) => ({
    specification,
    changelogTopic: `app-${specification.name}-changelog`,
    changelog: null,
  });
  const stores = openTaskStores({
    engine,
    stores: [opening(visits), opening(countsIn)],
    recordContext: { timestamp: 0, headers: noHeaders } as never,
    cache: new CacheBudget(0),
    taskId: "0_0",
  });
  for (const name of ["counts", "visits"]) stores.tie(name, `app-${name}-changelog-0`, "id-1");
  return stores;
}

/** The count of each key is the offset. */
function count(stores: TaskStores, keys: number, offset: number): void {
  for (let key = 0; key < keys; key++)
    stores.restore("counts", encodeUtf8(`key ${key}`), {
      value: encodeUtf8(`\0\0\0\0\0\0${String.fromCharCode(offset >> 7, offset & 127)}`),
      timestamp: key,
      headers: noHeaders,
    });
  stores.commit(new Map([["counts", offset]]));
}

/** All rows that a pinned engine shows, by store. */
function rowsIn(engine: StoreEngine): Readonly<Record<string, readonly string[]>> {
  using pinned = new PinnedEngine(engine);
  const rows: Record<string, string[]> = {};
  for (const { name, offset } of pinned.stores) rows[`${name} below ${offset}`] = [];
  while (pinned.next())
    rows[`${pinned.store?.name} below ${pinned.store?.offset}`].push(
      `${toHex(pinned.key)} ${toHex(pinned.value)}`,
    );
  return rows;
}

async function load(store: SnapshotStore, id: string, stores: TaskStores): Promise<void> {
  const snapshot = await Snapshot.open(store, { ...owner, id });
  for (const one of snapshot?.manifest.stores ?? []) {
    for await (const rows of snapshot?.blocks(one) ?? []) stores.fill(one.name, [...rows]);
    stores.commit(new Map([[one.name, one.offset]]));
  }
}

/** In memory; what is put may be told, and kept from being put. */
function directory(fileSystem = new MemoryFileSystem()) {
  const store = directorySnapshotStore(fileSystem, "/snapshots");
  return { fileSystem, store };
}

test("a place that is a file has no snapshots, and says so; one that is not there yet has none", async () => {
  const { fileSystem, store } = directory();
  expect(await snapshotIds(store, owner)).toEqual([]);
  fileSystem.open("/snapshots", "create").close();
  await expect(snapshotIds(store, owner)).rejects.toMatchObject({
    code: "SNAPSHOT_STORE_FAILED",
    message: "/snapshots is a file; give a directory for snapshots",
  });
});

test("STATE-18: a snapshot of one engine fills another one of another kind", async () => {
  const { store } = directory();
  const files = fileEngineProvider({ fileSystem: new MemoryFileSystem(), logger: silentLogger });
  const engine = await files.open("/state/0_0");
  const stores = storesOn(engine);
  count(stores, 500, 700);
  stores.restore("counts", encodeUtf8("not committed"), {
    value: encodeUtf8("\0\0\0\0\0\0\0\x01"),
    timestamp: 1,
    headers: noHeaders,
  });
  const { id, rows } = await writeSnapshot([engine], store, { ...owner, platform });
  expect(rows).toBe(500);
  const other = new MemoryEngine();
  const filled = storesOn(other);
  await load(store, id, filled);
  expect(rowsIn(other)["counts below 700"]).toEqual(rowsIn(engine)["counts below 700"]);
  expect(rowsIn(other)["counts below 700"]).toHaveLength(500);
  expect(storesOn(other).committedOffset("counts")).toBe(700);
  stores.release();
});

test("STATE-18: what is committed while a snapshot is written is not in it, nor its offset", async () => {
  const { store } = directory();
  const engine = new MemoryEngine();
  const stores = storesOn(engine);
  count(stores, 1500, 10);
  const before = rowsIn(engine);
  let rows = 0;
  const { id } = await writeSnapshot([engine], store, {
    ...owner,
    platform,
    giveWay: () => {
      if (++rows % 500 === 0) count(stores, 2000, 10 + rows);
      return Promise.resolve();
    },
  });
  const other = new MemoryEngine();
  await load(store, id, storesOn(other));
  expect(rowsIn(other)).toEqual({ ...before, "visits below undefined": [] });
  expect(stores.committedOffset("counts")).toBe(1510);
});

/** As RocksDB's: its cursors have nothing left to show once it is closed. */
class DroppingEngine extends MemoryEngine {
  #isClosed = false;

  override pin(): EntryCursor {
    const pinned = super.pin();
    const shown = <Result>(read: () => Result): Result => {
      if (this.#isClosed) throw new TypeError("there is no row");
      return read();
    };
    return {
      next: () => pinned.next(),
      get key() {
        return shown(() => pinned.key);
      },
      get value() {
        return shown(() => pinned.value);
      },
      [Symbol.dispose]: () => pinned[Symbol.dispose](),
    };
  }

  override async close(): Promise<void> {
    this.#isClosed = true;
    await super.close();
  }
}

class PersistentEngine extends MemoryEngine {
  override readonly isPersistent = true;
}

test("a task that is closed while a block is written tells that it is closed", async () => {
  const { store } = directory();
  const engine = new DroppingEngine();
  const stores = storesOn(engine);
  for (const name of ["visits", "counts"]) {
    stores.fill(name, [{ key: encodeUtf8("key"), value: encodeUtf8("value") }]);
    stores.commit(new Map([[name, 5]]));
  }
  const closing: SnapshotStore = {
    place: store.place,
    put: () => engine.close(),
    get: (...given) => store.get(...given),
    list: (...given) => store.list(...given),
    delete: (...given) => store.delete(...given),
  };
  const written = writeSnapshot([engine], closing, { ...owner, platform });
  await expect(written).rejects.toMatchObject({ code: "STORE_CLOSED" });
});

test("STATE-18: a store that two engines hold is copied of the one that the program has it in, or not at all", async () => {
  const { store } = directory();
  const [old, now] = [new MemoryEngine(), new MemoryEngine()];
  count(storesOn(old), 8, 5);
  count(storesOn(now), 3, 9);
  await expect(writeSnapshot([old, now], store, { ...owner, platform })).rejects.toMatchObject({
    law: "STATE-18",
  });
  expect(await snapshotIds(store, owner)).toEqual([]);
  const { id, rows } = await writeSnapshot([old, now], store, {
    ...owner,
    platform,
    has: (name, engine) => name === "counts" && engine === now,
  });
  expect(rows).toBe(3);
  const snapshot = await Snapshot.open(store, { ...owner, id });
  expect(snapshot?.manifest.stores).toMatchObject([{ name: "counts", offset: 9 }]);
});

test("a store that is opened in memory leaves nothing on the disk where it was before", () => {
  const engine = new PersistentEngine();
  count(storesOn(engine), 8, 5);
  expect(Object.keys(rowsIn(engine))).toContain("counts below 5");
  const inMemory = keyValueStore({
    name: "counts",
    key: string(),
    value: int64AsNumber(),
    engine: "memory",
  });
  storesOn(engine, inMemory).release();
  expect(rowsIn(engine)).toEqual({ "visits below undefined": [] });
  const again = storesOn(engine);
  expect(again.committedOffset("counts")).toBeUndefined();
  expect(rowsIn(engine)["counts below undefined"]).toEqual([]);
});

test("a manifest that names files outside of its snapshot, or a store twice, is damaged", async () => {
  const { store } = directory();
  const engine = new MemoryEngine();
  count(storesOn(engine), 8, 5);
  const { id } = await writeSnapshot([engine], store, { ...owner, platform });
  const manifest = (await Snapshot.open(store, { ...owner, id }))?.manifest;
  const [one] = manifest?.stores ?? [];
  const named = (file: string) => ({ ...one, blocks: [{ ...one.blocks[0], file }] });
  const outside = ["../../0_1/1/000000.rows", "/etc/passwd", "manifest.json", "00000.rows", ""];
  for (const stores of [[one, one], ...outside.map((file) => [named(file)])]) {
    const bytes = encodeManifest({ ...owner, asOfMs: 0, stores });
    await store.put(`app/0_0/${id}/manifest.json`, bytes);
    await expect(
      Snapshot.open(store, { ...owner, id }),
      stores.at(-1)?.blocks[0].file,
    ).rejects.toMatchObject({ code: "SNAPSHOT_DAMAGED" });
  }
});

test("what was written of a snapshot is removed where an error ends it, whichever file it was at", async () => {
  for (let puts = 0; puts < 4; puts++) {
    const { store, fileSystem } = directory();
    const engine = new MemoryEngine();
    const stores = storesOn(engine);
    const large = { value: new Uint8Array(600_000), timestamp: 1, headers: noHeaders };
    for (let key = 0; key < 9; key++) stores.restore("counts", encodeUtf8(`${key}`), large);
    stores.commit(new Map([["counts", 9]]));
    let left = puts;
    // The last one is there although its answer was lost.
    const failing: SnapshotStore = {
      place: store.place,
      put: async (name, bytes) => {
        await store.put(name, bytes);
        if (left-- === 0) throw new Error("no answer");
      },
      get: (...given) => store.get(...given),
      list: (...given) => store.list(...given),
      delete: (...given) => store.delete(...given),
    };
    const written = writeSnapshot([engine], failing, { ...owner, platform });
    await expect(written).rejects.toThrow("no answer");
    expect(fileSystem.list("/snapshots/app/0_0")).toEqual([]);
  }
});

test("a snapshot whose writing ended at any file is none", async () => {
  const { store } = directory();
  const engine = new MemoryEngine();
  const stores = storesOn(engine);
  const large = { value: new Uint8Array(600_000), timestamp: 1, headers: noHeaders };
  for (let key = 0; key < 9; key++) stores.restore("counts", encodeUtf8(`${key}`), large);
  stores.commit(new Map([["counts", 9]]));
  for (let puts = 0; puts < 4; puts++) {
    let left = puts;
    const failing: SnapshotStore = {
      place: store.place,
      get: (...given) => store.get(...given),
      list: (...given) => store.list(...given),
      delete: () => Promise.reject(new Error("gone too")),
      put: async (name, bytes) => {
        if (left-- === 0) throw new Error("gone");
        await store.put(name, bytes);
      },
    };
    await expect(writeSnapshot([engine], failing, { ...owner, platform })).rejects.toThrow("gone");
  }
  const ids = await snapshotIds(store, owner);
  expect(ids.length).toBe(3); // the first has left nothing
  for (const id of ids) expect(await Snapshot.open(store, { ...owner, id })).toBeUndefined();
});

test("a bit that flips in any file is found before a row of that file is given", async () => {
  const { store, fileSystem } = directory();
  const engine = new MemoryEngine();
  count(storesOn(engine), 8, 5);
  const { id } = await writeSnapshot([engine], store, { ...owner, platform });
  const folder = `/snapshots/app/0_0/${id}`;
  for (const file of fileSystem.list(folder)) {
    const name = `app/0_0/${id}/${file}`;
    const bytes = (await store.get(name)) ?? new Uint8Array(0);
    for (let index = 0; index < bytes.length; index += 5) {
      const flipped = bytes.slice();
      flipped[index] ^= 1 << (index % 8);
      await store.put(name, flipped);
      const other = new MemoryEngine();
      const stores = storesOn(other);
      await expect(load(store, id, stores), `${file} at ${index}`).rejects.toMatchObject({
        code: "SNAPSHOT_DAMAGED",
      });
      expect(rowsIn(other)["counts below undefined"]).toEqual([]);
    }
    await store.put(name, bytes.subarray(1));
    await expect(load(store, id, storesOn(new MemoryEngine()))).rejects.toThrow(/damaged/);
    await store.put(name, bytes);
  }
  await load(store, id, storesOn(new MemoryEngine()));
  await store.delete(`app/0_0/${id}/000000.rows`);
  await expect(load(store, id, storesOn(new MemoryEngine()))).rejects.toThrow(/is not there/);
});

test("a snapshot that lies under the name of another task is not taken for one of its", async () => {
  const { store } = directory();
  const engine = new MemoryEngine();
  count(storesOn(engine), 1, 5);
  const { id } = await writeSnapshot([engine], store, { ...owner, platform });
  const bytes = (await store.get(`app/0_0/${id}/manifest.json`)) ?? new Uint8Array(0);
  await store.put(`app/0_1/${id}/manifest.json`, bytes);
  await expect(Snapshot.open(store, { ...owner, task: "0_1", id })).rejects.toMatchObject({
    code: "SNAPSHOT_DAMAGED",
  });
});

test("a task that is closed while it is copied leaves no whole snapshot", async () => {
  const { store } = directory();
  const engine = new MemoryEngine();
  count(storesOn(engine), 50, 5);
  const written = writeSnapshot([engine], store, {
    ...owner,
    platform,
    giveWay: () => engine.close(),
  });
  await expect(written).rejects.toMatchObject({ code: "STORE_CLOSED" });
  expect(await snapshotIds(store, owner)).toEqual([]);
});

test("a task that has committed nothing leaves no snapshot", async () => {
  const { store } = directory();
  const engine = new MemoryEngine();
  const stores = storesOn(engine);
  const nothing = { code: "SNAPSHOT_NOT_TAKEN" };
  const written = () => writeSnapshot([engine], store, { ...owner, platform });
  await expect(written()).rejects.toMatchObject(nothing);
  stores.commit(new Map([["counts", 0]])); // restored, of a changelog without records
  await expect(written()).rejects.toMatchObject(nothing);
});

test("the newest whole snapshots stay, two at least, and older ones go, halves too, but not the half of one that may be under way", async () => {
  const { store } = directory();
  const engine = new MemoryEngine();
  count(storesOn(engine), 3, 5);
  const put = (id: string, file: string) => store.put(`app/0_0/${id}/${file}`, Uint8Array.of(1));
  await put("0-old-half", "000000.rows");
  for (const id of ["1", "2", "3"])
    for (const file of ["000000.rows", "manifest.json"]) await put(id, file);
  await put("2-half", "000000.rows");
  await put("4-under-way", "000000.rows");
  expect(await pruneSnapshots(store, { ...owner, keep: 1 })).toEqual(["1", "0-old-half"]);
  expect(await snapshotIds(store, owner)).toEqual(["4-under-way", "3", "2-half", "2"]);
});

test("a file that is larger than any of a snapshot is refused before it is read", async () => {
  const { fileSystem, store } = directory();
  await store.put("app/0_0/1/manifest.json", Uint8Array.of(1));
  fileSystem.open = () => ({ sizeBytes: () => 2 ** 40, close: () => {} }) as never; // all that is asked of it
  await expect(Snapshot.open(store, { ...owner, id: "1" })).rejects.toMatchObject({
    code: "SNAPSHOT_DAMAGED",
    message: expect.stringContaining("1099511627776 bytes"),
  });
});
