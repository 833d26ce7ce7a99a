import { encodeUtf8, noHeaders, toHex, type Headers } from "@millrace/model";
import { string } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import type { StateStore } from "../../contract/state-store.ts";
import type { StoreEngine } from "../../contract/store-engine.ts";
import type { StoreSpecification } from "../../contract/store-specification.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { sessionStore } from "../session/session-kind.ts";
import { timestampedWindowStore } from "../timestamped-window/timestamped-window-kind.ts";
import { joinWindowStore } from "../window/join-window-kind.ts";
import { windowStore } from "../window/window-kind.ts";

const serdes = { name: "s", key: string(), value: string() };
const windows = { ...serdes, windowSize: "1m", retention: "2m" } as const;

function open<Store extends StateStore>(
  specification: StoreSpecification<Store>,
  engine: StoreEngine = new MemoryEngine(),
) {
  const logged: string[] = [];
  const dropped: string[] = [];
  const context = {
    topic: "t",
    partition: 0,
    offset: 0,
    timestamp: 7,
    headers: noHeaders as Headers,
  };
  const stores = openTaskStores({
    engine,
    recordContext: context,
    cache: new CacheBudget(100_000),
    taskId: "0_0",
    stores: [
      {
        specification,
        changelogTopic: "s-changelog",
        changelog: {
          append: (timestamp, key, value, headers) => {
            const text = value === null ? "null" : toHex(value);
            const names = headers.map(([name]) => ` ${name}`).join("");
            logged.push(`${toHex(key ?? encodeUtf8(""))}=${text}@${timestamp}${names}`);
          },
        },
      },
    ],
  });
  stores.reportDropsTo((reason) => void dropped.push(reason));
  return { stores, store: stores.store(specification), logged, dropped, context };
}

function bytesIn(engine: StoreEngine): string[] {
  const found: string[] = [];
  using entries = engine.scan({ from: Uint8Array.of(0, 1), to: Uint8Array.of(0, 1, 0xff) });
  while (entries.next()) found.push(`${toHex(entries.key)}=${toHex(entries.value)}`);
  return found;
}

describe("what is put into a session store in memory as null brings its time along", () => {
  const sessions = { ...serdes, retention: 10, engine: "memory" } as const;
  const at = (time: number) => ({ key: "k", window: { start: time, end: time } });

  it("and is counted where it comes too late; a removal is neither", () => {
    const { store, dropped } = open(sessionStore(sessions));
    store.put(at(5), "v");
    store.remove(at(15));
    expect(store.fetchSession("k", at(5).window)).toBe("v");
    store.put(at(15), null);
    expect(store.fetchSession("k", at(5).window)).toBeNull();
    store.remove(at(5));
    expect(dropped).toHaveLength(0);
    store.put(at(5), null);
    expect(dropped).toHaveLength(1);
  });

  it("through a cache a removal is as good, once it is flushed", () => {
    const { store, stores, dropped } = open(sessionStore({ ...sessions, caching: true }));
    store.put(at(15), "v");
    store.remove(at(5));
    stores.flush();
    expect(dropped).toHaveLength(1);
  });
});

describe("a row's bytes are Kafka's, in the changelog and behind the segment", () => {
  it("of a window: key, start, sequence number", () => {
    const engine = new MemoryEngine();
    const { store, stores, logged } = open(windowStore(windows), engine);
    store.put("k", "v", 60_000);
    store.put("k", null, 60_000);
    store.put("k", "w", 60_000);
    const row = "6b000000000000ea6000000000";
    expect(logged).toEqual([`${row}=76@7`, `${row}=null@7`, `${row}=77@7`]);
    stores.commit(new Map());
    expect(bytesIn(engine)).toEqual([`00010000000000000001${row}=77`]);
  });

  it("of a timestamped window: the changelog's record has the timestamp", () => {
    const engine = new MemoryEngine();
    const { store, stores, logged } = open(timestampedWindowStore(windows), engine);
    store.put("k", { value: "v", timestamp: 258 }, 0);
    store.put("k", null, 0);
    store.put("k", { value: "v", timestamp: 258 }, 0);
    const row = "6b000000000000000000000000";
    expect(logged).toEqual([`${row}=76@258`, `${row}=null@7`, `${row}=76@258`]);
    stores.commit(new Map());
    expect(bytesIn(engine)).toEqual([`00010000000000000000${row}=000000000000010276`]);
  });

  it("of a window store that retains duplicates: numbered from 1, deletions logged alone", () => {
    const { store, logged } = open(windowStore({ ...windows, retainDuplicates: true }));
    store.put("k", "v", 1);
    store.put("k", null, 1);
    store.put("k", "w", 1);
    const row = "6b0000000000000001";
    expect(logged).toEqual([`${row}00000001=76@7`, `${row}00000002=null@7`, `${row}00000003=77@7`]);
    expect([...store.fetchRange("k")].map(({ value }) => value)).toEqual(["v", "w"]);
  });

  it("of a join's window store: the headers of the record go into the changelog", () => {
    const { store, logged, context } = open(joinWindowStore(windows));
    context.headers = [["h", null]];
    store.put("k", "v", 1);
    store.putEncoded("k", null, 1);
    store.putEncoded("k", store.encode("w"), 1);
    const row = "6b0000000000000001";
    const lines = ["1=76@7 h", "2=null@7 h", "3=77@7 h"].map((end) => `${row}0000000${end}`);
    expect(logged).toEqual(lines);
    expect([...store.fetchRange("k")].map(({ value }) => value)).toEqual(["v", "w"]);
  });

  it("of a session: key, end, start", () => {
    const engine = new MemoryEngine();
    const { store, stores, logged } = open(sessionStore({ ...serdes, retention: "2m" }), engine);
    store.put({ key: "k", window: { start: 1, end: 60_002 } }, "v");
    const row = "6b000000000000ea620000000000000001";
    expect(logged).toEqual([`${row}=76@7`]);
    stores.commit(new Map());
    expect(bytesIn(engine)).toEqual([`00010000000000000001${row}=76`]);
  });
});

describe("a segment that has expired", () => {
  it("goes with a commit, and not before", () => {
    const engine = new MemoryEngine();
    const { store, stores } = open(windowStore(windows), engine);
    store.put("k", "old", 0);
    stores.commit(new Map());
    store.put("k", "new", 600_000);
    expect([...store.fetchAll()]).toHaveLength(1);
    stores.abort();
    expect([...store.fetchAll()].map(({ value }) => value)).toEqual(["old"]);
    store.put("k", "new", 600_000);
    stores.commit(new Map());
    expect(bytesIn(engine)).toHaveLength(1);
  });

  it("of a store that is read by time: the last window of it still shows, a session does not", () => {
    const byTime = windowStore({ ...windows, order: "time" });
    const { store } = open(byTime);
    store.put("k", "last", 0);
    store.put("k", "new", 120_000);
    expect([...store.fetchRange("k")].map(({ value }) => value)).toEqual(["last", "new"]);
    const { store: visits } = open(sessionStore({ ...serdes, retention: "2m", order: "time" }));
    for (const time of [0, 120_000])
      visits.put({ key: "k", window: { start: time, end: time } }, "v");
    expect([...visits.findSessions("k")].map(({ key }) => key.window.end)).toEqual([120_000]);
  });

  it("does not come back when the store is opened again", () => {
    const engine = new MemoryEngine();
    const { store, stores } = open(windowStore(windows), engine);
    store.put("k", "old", 59_999);
    stores.commit(new Map());
    store.put("k", "new", 180_000);
    stores.commit(new Map());
    const again = open(windowStore(windows), engine);
    expect([...again.store.fetchAll()].map(({ value }) => value)).toEqual(["new"]);
    expect(again.store.fetch("k", 59_999)).toBeNull();
  });

  it.each([
    ["rocksdb", 60_000, 0],
    ["memory", 60_000, 1],
    ["rocksdb", 59_999, 1],
  ] as const)("refuses writes, engine %s, time %d: %d are counted", (kind, time, count) => {
    for (const specification of [
      windowStore({ ...windows, engine: kind }),
      windowStore({ ...windows, engine: kind, caching: true }),
    ]) {
      const { store, stores, dropped, logged } = open(specification);
      store.put("k", "new", 180_000);
      store.put("k", "late", time);
      stores.flush();
      expect(dropped).toHaveLength(count);
      expect(logged).toHaveLength(2);
    }
  });
});

it("sequence numbers go on where they were committed", () => {
  const engine = new MemoryEngine();
  const specification = windowStore({ ...windows, retainDuplicates: true });
  const { store, stores } = open(specification, engine);
  store.put("k", "1", 0);
  stores.commit(new Map());
  store.put("k", "lost", 0);
  stores.abort();
  store.put("k", "2", 0);
  stores.commit(new Map());
  const again = open(specification, engine);
  again.store.put("k", "3", 0);
  expect([...again.store.fetchRange("k")].map(({ value }) => value)).toEqual(["1", "2", "3"]);
});

it("a cached store forwards each window once, with its key and the old value", () => {
  const { store, stores } = open(timestampedWindowStore({ ...windows, caching: true }));
  const forwarded: unknown[] = [];
  const isCached = store.setFlushListener(
    (windowed, { value: now }, old, { valueTimestamp }) =>
      void forwarded.push([windowed, now, old, valueTimestamp]),
    { sendsOldValues: true },
  );
  expect(isCached).toBe(true);
  const put = (value: string, timestamp: number): void => {
    store.readForUpdate("k", null, 60_000);
    store.writeUpdated(value, timestamp);
  };
  put("1", 1);
  put("2", 2);
  stores.flush();
  put("3", 3);
  stores.flush();
  const windowed = { key: "k", window: { start: 60_000, end: 120_000 } };
  expect(forwarded).toEqual([
    [windowed, "2", null, 2],
    [windowed, "3", "2", 3],
  ]);
});

describe("a specification", () => {
  it("says what Kafka's changelog has", () => {
    const configsOf = (specification: StoreSpecification) => {
      const configs = specification.kind.changelogConfigs(specification);
      return [configs["cleanup.policy"], configs["retention.ms"]];
    };
    expect(configsOf(windowStore(windows))).toEqual(["compact,delete", "86520000"]);
    expect(configsOf(timestampedWindowStore(windows))).toEqual(["compact,delete", "86520000"]);
    expect(configsOf(windowStore({ ...windows, retainDuplicates: true }))).toEqual([
      "delete",
      "86520000",
    ]);
    expect(configsOf(sessionStore({ ...serdes, retention: 5 }))).toEqual([
      "compact,delete",
      "86400005",
    ]);
    const logging = { "retention.ms": "1" };
    expect(configsOf(windowStore({ ...windows, logging }))).toEqual(["compact,delete", "1"]);
  });

  it("is refused where windows would not live to their end", () => {
    expect(() => windowStore({ ...windows, retention: "59s" })).toThrow(
      /retention of store s is 59000 ms, less than the 60000 ms of a window/,
    );
    expect(() => windowStore({ ...windows, windowSize: -1 })).toThrow(/windowSize of store s/);
    expect(() => sessionStore({ ...serdes, retention: Number.NaN })).toThrow(/retention of store/);
  });
});

it("windows and sessions before the beginning of time are refused", () => {
  const { store } = open(windowStore(windows));
  const { store: sessions } = open(sessionStore({ ...serdes, retention: "2m" }));
  const refusal = expect.objectContaining({ code: "INVALID_STORE_KEY" });
  expect(() => store.put("k", "v", -1)).toThrow(refusal);
  expect(() => sessions.put({ key: "k", window: { start: 5, end: 4 } }, "v")).toThrow(refusal);
});
