import { encodeUtf8, noHeaders, type Duration } from "@millrace/model";
import { json, string } from "@millrace/serde";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { MetricRegistry, silentLogger } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import type { StoreEngine } from "../contract/store-engine.ts";
import type { KeyValueStore, UpdatableKeyValueStore } from "../contract/key-value-store.ts";
import type { StoreSpecification } from "../contract/store-specification.ts";
import { keyValueStore } from "../kinds/key-value/key-value-kind.ts";
import type { SessionStore } from "../contract/session-store.ts";
import type { StateStore } from "../contract/state-store.ts";
import type { VersionedKeyValueStore } from "../contract/versioned-store.ts";
import type { WindowStore } from "../contract/window-store.ts";
import { sessionStore } from "../kinds/session/session-kind.ts";
import { versionedKeyValueStore } from "../kinds/versioned/versioned-kind.ts";
import { windowStore } from "../kinds/window/window-kind.ts";
import { timestampedKeyValueStore } from "../kinds/timestamped-key-value/timestamped-key-value-kind.ts";
import type { TaskStores } from "../contract/task-stores.ts";
import { fileEngineProvider } from "../file/file-engine-provider.ts";
import { CacheBudget } from "../contract/cache-budget.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "./open-task-stores.ts";

const plain = keyValueStore({ name: "plain", key: string(), value: string() });
const timed = timestampedKeyValueStore({
  name: "timed",
  key: string(),
  value: string(),
  caching: true,
});
const volatile = keyValueStore({
  name: "volatile",
  key: string(),
  value: string(),
  engine: "memory",
});

function open(
  engine: StoreEngine,
  specifications: readonly StoreSpecification[] = [plain, timed],
  stageBytesMax = 1_000_000,
): TaskStores {
  return openTaskStores({
    engine,
    recordContext: { topic: "L", partition: 0, offset: 0, timestamp: 1, headers: noHeaders },
    cache: new CacheBudget(10_000),
    taskId: "0_1",
    stageBytesMax,
    stores: specifications.map((specification) => ({
      specification,
      changelogTopic: `${specification.name}-changelog`,
      changelog: { append: () => {} },
    })),
  });
}

const provider = fileEngineProvider({ fileSystem: new MemoryFileSystem(), logger: silentLogger });

describe("a task's stores", () => {
  it("STATE-16: what is written while a commit is under way is read over it, and is for the next one", () => {
    const stores = open(new MemoryEngine());
    const texts = stores.store(plain);
    texts.put("a", "committed");
    texts.put("b", "committed");
    stores.flush();
    stores.beginCommit();
    expect(stores.stageBytes).toBe(0);
    texts.put("a", "later");
    texts.put("c", "later");
    texts.delete("b");
    const shown = () => [...texts.all()].map(({ key, value }) => `${key}=${value}`);
    expect(shown()).toEqual(["a=later", "c=later"]);
    expect(texts.get("b")).toBeNull();
    expect(() => stores.beginCommit()).toThrow(/STATE-16/);
    stores.commit(new Map([["plain", 2]]));
    expect(shown()).toEqual(["a=later", "c=later"]);
    stores.abort();
    expect(shown()).toEqual(["a=committed", "b=committed"]);
  });

  it("keep what was committed, with its offset, and forget what was not", async () => {
    const stores = open(await provider.open("/a"));
    const store = stores.store<KeyValueStore<string, string>>("plain");
    store.put("x", "1");
    stores.flush();
    stores.commit(new Map([["plain", 7]]));
    store.put("x", "2");
    expect(stores.stageBytes).toBeGreaterThan(0);
    await stores.close();
    const again = open(await provider.open("/a"));
    expect(again.store<KeyValueStore<string, string>>("plain").get("x")).toBe("1");
    expect(again.committedOffset("plain")).toBe(7);
    expect(again.committedOffset("timed")).toBeUndefined();
    await again.close();
  });

  it("take their gauges with them when they are closed", async () => {
    const metrics = new MetricRegistry();
    const options = {
      engine: new MemoryEngine(),
      recordContext: { topic: "L", partition: 0, offset: 0, timestamp: 1, headers: noHeaders },
      cache: new CacheBudget(10_000),
      stores: [{ specification: timed, changelogTopic: "timed", changelog: null }],
      metrics,
    };
    const first = openTaskStores({ ...options, taskId: "0_0" });
    const second = openTaskStores({ ...options, engine: new MemoryEngine(), taskId: "0_1" });
    const tasks = () => new Set(metrics.snapshot().map(({ tags }) => tags["task-id"]));
    expect(tasks()).toEqual(new Set(["0_0", "0_1"]));
    await first.close();
    expect(tasks()).toEqual(new Set(["0_1"]));
    await second.close();
    expect(metrics.snapshot()).toEqual([]);
  });

  it("STATE-3: refuse to commit offsets over what caches hold back", () => {
    const stores = open(new MemoryEngine());
    stores
      .store<UpdatableKeyValueStore<string, string>>("timed")
      .put("x", { value: "1", timestamp: 1 });
    expect(() => stores.commit(new Map())).toThrow(/STATE-3/);
    stores.flush();
    stores.commit(new Map());
  });

  it("say when the stage is full", () => {
    const stores = open(new MemoryEngine(), [plain], 1000);
    const store = stores.store<KeyValueStore<string, string>>("plain");
    for (let index = 0; !stores.isStageFull && index < 100; index++) store.put(`k${index}`, "v");
    expect(stores.isStageFull).toBe(true);
    stores.commit(new Map());
    expect(stores.stageBytes).toBe(0);
    store.put("k", "v");
    store.put("k", "v");
    stores.abort();
    expect(stores.stageBytes).toBe(0);
  });

  it("restore changelog records beneath cache and changelog", async () => {
    const stores = open(await provider.open("/r"));
    const restore = (key: string, value: Uint8Array | null, timestamp: number): void =>
      stores.restore("timed", encodeUtf8(key), { value, timestamp, headers: noHeaders });
    restore("x", encodeUtf8("1"), 42);
    restore("y", encodeUtf8("1"), 43);
    restore("y", null, 44);
    stores.commit(new Map([["timed", 3]]));
    const store = stores.store<UpdatableKeyValueStore<string, string>>("timed");
    expect(store.get("x")).toEqual({ value: "1", timestamp: 42 });
    expect(store.get("y")).toBeNull();
    restore("x", encodeUtf8("2"), 45);
    expect(store.get("x")).toEqual({ value: "2", timestamp: 45 });
    await stores.close();
  });

  it("keep stores of one engine apart, whatever their order and however many", async () => {
    const stores = open(await provider.open("/p"));
    stores.store<KeyValueStore<string, string>>("plain").put("k", "plain");
    stores
      .store<UpdatableKeyValueStore<string, string>>("timed")
      .put("k", { value: "timed", timestamp: 1 });
    stores.flush();
    stores.commit(new Map());
    await stores.close();
    const more = keyValueStore({ name: "more", key: string(), value: string() });
    const again = open(await provider.open("/p"), [more, timed, plain]);
    expect(again.store<KeyValueStore<string, string>>("plain").get("k")).toBe("plain");
    expect([...again.store<UpdatableKeyValueStore<string, string>>("timed").all()]).toHaveLength(1);
    expect([...again.store<KeyValueStore<string, string>>("more").all()]).toEqual([]);
    await again.close();
  });

  it("begin anew where the layout of a store changed", async () => {
    const stores = open(await provider.open("/l"));
    stores.store<KeyValueStore<string, string>>("plain").put("k", "v");
    stores.commit(new Map([["plain", 5]]));
    await stores.close();
    const changed = timestampedKeyValueStore({ name: "plain", key: string(), value: string() });
    const again = open(await provider.open("/l"), [changed]);
    expect(again.committedOffset("plain")).toBeUndefined();
    expect(again.store<UpdatableKeyValueStore<string, string>>("plain").get("k")).toBeNull();
    await again.close();
  });

  const at = 7_200_000;
  const rows = { name: "plain", key: string(), value: string() };
  it.each([
    {
      kind: "windows",
      specify: (retention: Duration) => windowStore({ ...rows, windowSize: "1m", retention }),
      put: (store: StateStore) => (store as WindowStore<string, string>).put("k", "v", at),
      get: (store: StateStore) => (store as WindowStore<string, string>).fetch("k", at),
    },
    {
      kind: "sessions",
      specify: (retention: Duration) => sessionStore({ ...rows, retention }),
      put: (store: StateStore) =>
        (store as SessionStore<string, string>).put(
          { key: "k", window: { start: at, end: at } },
          "v",
        ),
      get: (store: StateStore) =>
        (store as SessionStore<string, string>).fetchSession("k", { start: at, end: at }),
    },
    {
      kind: "versions",
      specify: (retention: Duration) =>
        versionedKeyValueStore({ ...rows, historyRetention: retention }),
      put: (store: StateStore) => {
        (store as VersionedKeyValueStore<string, string>).put("k", "v", at);
        (store as VersionedKeyValueStore<string, string>).put("k", "w", at + 1);
      },
      get: (store: StateStore) =>
        (store as VersionedKeyValueStore<string, string>).get("k", at)?.value ?? null,
    },
  ])(
    "begin anew where the segments of $kind span another time",
    async ({ kind, specify, put, get }) => {
      const reopen = async (retention: Duration) => {
        const specification: StoreSpecification = specify(retention);
        const stores = open(await provider.open(`/${kind}`), [specification]);
        return { stores, store: stores.store(specification) };
      };
      const first = await reopen("1h");
      put(first.store);
      first.stores.commit(new Map([["plain", 5]]));
      await first.stores.close();
      const again = await reopen("1h");
      expect([get(again.store), again.stores.committedOffset("plain")]).toEqual(["v", 5]);
      await again.stores.close();
      const anew = await reopen("4h");
      expect([get(anew.store), anew.stores.committedOffset("plain")]).toEqual([null, undefined]);
      await anew.stores.close();
    },
  );

  it("wipe one store and its offset", async () => {
    const stores = open(await provider.open("/w"), [plain, volatile]);
    for (const name of ["plain", "volatile"])
      for (let index = 0; index < 2500; index++)
        stores.store<KeyValueStore<string, string>>(name).put(`k${index}`, "v");
    stores.commit(
      new Map([
        ["plain", 1],
        ["volatile", 2],
      ]),
    );
    stores.wipe("plain");
    expect(stores.store<KeyValueStore<string, string>>("plain").approximateEntryCount()).toBe(0);
    expect(stores.committedOffset("plain")).toBeUndefined();
    expect(stores.store<KeyValueStore<string, string>>("volatile").approximateEntryCount()).toBe(
      2500,
    );
    expect(stores.committedOffset("volatile")).toBe(2);
    await stores.close();
    const again = open(await provider.open("/w"), [plain, volatile]);
    expect(again.committedOffset("volatile")).toBeUndefined();
    expect(again.stores.map(({ isPersistent }) => isPersistent)).toEqual([true, false]);
    await again.close();
  });

  it("are emptied where they were built from another changelog", async () => {
    const build = async (...owners: readonly (readonly [string, string?])[]) => {
      const stores = open(await provider.open("/o"), [plain]);
      const ties = owners.map(([changelog, id]) => stores.tie("plain", changelog, id));
      const found = stores.store<KeyValueStore<string, string>>("plain").get("x");
      const offset = stores.committedOffset("plain");
      stores.store<KeyValueStore<string, string>>("plain").put("x", "1");
      stores.commit(new Map([["plain", 7]]));
      await stores.close();
      return [...ties, found, offset];
    };
    expect(await build()).toEqual([null, undefined]);
    // What nobody has tied yet is taken as it is.
    expect(await build(["changelog", "1"])).toEqual([true, "1", 7]);
    expect(await build(["changelog", "1"])).toEqual([true, "1", 7]);
    expect(await build(["changelog", "2"], ["changelog", "2"])).toEqual([
      false,
      true,
      null,
      undefined,
    ]);
    expect(await build(["changelog", "2"])).toEqual([true, "1", 7]);
    // A client that knows no ids takes it by its name, and those that do find it again.
    expect(await build(["changelog"], ["changelog", "2"])).toEqual([true, true, "1", 7]);
    expect(await build(["changelog", "3"])).toEqual([false, null, undefined]);
    expect(await build(["other"])).toEqual([false, null, undefined]);
    expect(await build(["other", "4"], ["other", "5"])).toEqual([true, false, null, undefined]);
  });

  it("refuse a newer format", () => {
    const engine = new MemoryEngine();
    engine.write([{ key: Uint8Array.of(0, 0, 1), value: Uint8Array.of(0, 2) }]);
    expect(() => open(engine)).toThrow(expect.objectContaining({ code: "STORE_FORMAT_TOO_NEW" }));
  });

  it("name what is asked wrongly", async () => {
    const stores = open(new MemoryEngine());
    const store = stores.store<KeyValueStore<string | null, string>>("plain");
    const codes = [
      () => stores.store("nothing"),
      () => stores.store(volatile),
      () => stores.store({ ...plain }),
      () => store.get(null),
      () => store.put(null, "v"),
    ].map(codeOf);
    expect(codes).toEqual([
      "UNKNOWN_STORE",
      "UNKNOWN_STORE",
      "UNKNOWN_STORE",
      "INVALID_STORE_KEY",
      "INVALID_STORE_KEY",
    ]);
    await stores.close();
    await stores.close();
    expect(store.isOpen).toBe(false);
    for (const use of [
      () => store.get("k"),
      () => store.put("k", "v"),
      () => store.all(),
      () => stores.commit(new Map()),
    ])
      expect(codeOf(use)).toBe("STORE_CLOSED");
  });

  it("say which serde failed, and keep the entry as it was", () => {
    const broken = timestampedKeyValueStore({
      name: "j",
      key: string(),
      value: json<unknown>(),
      caching: true,
    });
    const stores = open(new MemoryEngine(), [broken]);
    const store = stores.store<UpdatableKeyValueStore<string, unknown>>("j");
    store.put("k", { value: { a: 1 }, timestamp: 1 });
    expect(codeOf(() => store.put("k", { value: 1n, timestamp: 1 }))).toBe("SERIALIZATION_FAILED");
    expect(store.get("k")).toEqual({ value: { a: 1 }, timestamp: 1 });
  });

  it("putIfAbsent and delete give what was there", () => {
    const store = open(new MemoryEngine()).store(plain);
    expect(store.putIfAbsent("k", "1")).toBeNull();
    expect(store.putIfAbsent("k", "2")).toBe("1");
    expect(store.delete("k")).toBe("1");
    expect(store.delete("k")).toBeNull();
  });
});

function codeOf(use: () => unknown): unknown {
  try {
    use();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
  return "nothing was thrown";
}
