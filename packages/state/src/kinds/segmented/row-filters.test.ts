import { noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import type { StateStore } from "../../contract/state-store.ts";
import type { EntryCursor, ScanRange } from "../../contract/store-engine.ts";
import type { StoreSpecification } from "../../contract/store-specification.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { sessionStore } from "../session/session-kind.ts";
import { timestampedWindowStore } from "../timestamped-window/timestamped-window-kind.ts";
import { joinWindowStore } from "../window/join-window-kind.ts";

const serdes = { name: "s", key: string(), value: string() };
const windows = { ...serdes, windowSize: "10s", retention: "10s" } as const;

/** An engine that tells how often it is asked, and how many entries it gives. */
class CountingEngine extends MemoryEngine {
  asked = 0;
  given = 0;

  override get(key: Uint8Array): Uint8Array | null {
    this.asked++;
    return super.get(key);
  }

  override scan(range: ScanRange): EntryCursor {
    this.asked++;
    const cursor = super.scan(range);
    const { next } = cursor;
    cursor.next = () => {
      const isThere = next.call(cursor);
      if (isThere) this.given++;
      return isThere;
    };
    return cursor;
  }

  forget(): void {
    this.asked = this.given = 0;
  }
}

function open<Store extends StateStore>(
  specification: StoreSpecification<Store>,
  engine = new CountingEngine(),
  recentBytesMax = 1_000_000,
) {
  const stores = openTaskStores({
    engine,
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: new CacheBudget(100_000, recentBytesMax),
    taskId: "0_0",
    stores: [{ specification, changelogTopic: "c", changelog: null }],
  });
  return { stores, store: stores.store(specification), engine };
}

const session = (key: string, start: number, end = start) => ({ key, window: { start, end } });

describe("what was never written is not asked for", () => {
  it("a window before its first record", () => {
    const { store, stores, engine } = open(timestampedWindowStore(windows));
    store.put("k", { value: "v", timestamp: 0 }, 0);
    stores.commit(new Map());
    engine.forget();
    expect(store.fetch("other", 0)).toBeNull();
    expect(store.fetch("k", 10_000)).toBeNull();
    expect(engine.asked).toBe(0);
    expect(store.fetch("k", 0)?.value).toBe("v");
    expect(engine.asked).toBe(1);
  });

  it.each([false, true])("a window that an update begins, cached: %s", (caching) => {
    const { store, stores, engine } = open(timestampedWindowStore({ ...windows, caching }));
    const update = (key: string, start: number): string | null => {
      const found = store.readForUpdate(key, null, start);
      store.writeUpdated("v", start);
      return found;
    };
    update("k", 0);
    stores.flush();
    stores.commit(new Map());
    engine.forget();
    expect([update("other", 0), update("k", 5_000)]).toEqual([null, null]);
    expect(engine.asked).toBe(0);
    stores.flush();
    stores.commit(new Map());
    expect([update("other", 0), update("k", 5_000)]).toEqual(["v", "v"]);
  });

  it.each([false, true])("a session near enough in time, cached: %s", (caching) => {
    const specification = sessionStore({ ...serdes, retention: "1m", caching });
    const { store, stores, engine } = open(specification, undefined, 0); // none is known: they are searched
    store.put(session("k", 0), "v");
    store.put(session("other", 20_000), "v");
    stores.flush();
    stores.commit(new Map());
    engine.forget();
    const search = { earliestEnd: 18_000, latestStart: 22_000 };
    for (const key of ["k", "new"]) expect([...store.findSessions(key, search)]).toEqual([]);
    expect(engine.asked).toBe(0);
    expect([...store.findSessions("k", { earliestEnd: 0, latestStart: 0 })]).toHaveLength(1);
  });

  it("records of the other side of a join", () => {
    const { store, stores, engine } = open(joinWindowStore(windows));
    store.put("k", "v", 0);
    store.put("other", "v", 20_000);
    stores.commit(new Map());
    engine.forget();
    expect([...store.fetchRange("k", { from: 15_000, to: 25_000 })]).toEqual([]);
    expect([...store.fetchRange("new", { from: 0, to: 10_000 })]).toEqual([]);
    expect(engine.asked).toBe(0);
  });
});

it("records of the other side of a join that came of late are found without asking", () => {
  const { store, stores, engine } = open(joinWindowStore(windows));
  for (let index = 0; index < 1000; index++) store.put(`k${index % 10}`, String(index), index);
  stores.commit(new Map());
  engine.forget();
  const found = [...store.fetchRange("k3", { from: 500, to: 530 })];
  expect(found.map(({ value }) => value)).toEqual(["503", "513", "523"]);
  expect(engine.asked).toBe(0);
});

it("rows of keys that begin with the key are not walked", () => {
  const specification = sessionStore({ ...serdes, retention: "10s" });
  const { store, stores, engine } = open(specification, undefined, 0);
  store.put(session("k", 1_700_000_000_000), "v");
  for (let index = 0; index < 100; index++) store.put(session(`k${index}`, 1_700_000_000_000), "v");
  stores.commit(new Map());
  engine.forget();
  expect([...store.findSessions("k")]).toHaveLength(1);
  expect(engine.given).toBe(1);
});

describe("what was written is found", () => {
  it("where it was there before the store was opened", () => {
    const specification = timestampedWindowStore(windows);
    const { store, stores, engine } = open(specification);
    store.put("k", { value: "v", timestamp: 0 }, 0);
    stores.commit(new Map());
    const again = open(specification, engine);
    again.store.put("other", { value: "w", timestamp: 0 }, 0);
    expect(again.store.fetch("k", 0)?.value).toBe("v");
  });

  it("where it was restored", () => {
    const { store, stores } = open(sessionStore({ ...serdes, retention: "10s" }));
    const fiveToFive = [0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5];
    const row = Uint8Array.of(107, ...fiveToFive);
    stores.restore("s", row, { value: Uint8Array.of(118), timestamp: 0, headers: noHeaders });
    expect([...store.findSessions("k")].map(({ value }) => value)).toEqual(["v"]);
  });

  it("after an abort, where it was committed; and again once it is written again", () => {
    const { store, stores } = open(joinWindowStore(windows));
    store.put("k", "1", 0);
    stores.commit(new Map());
    store.put("k", "2", 70_000);
    stores.abort();
    const found = () => [...store.fetchRange("k")].map(({ value }) => value);
    expect(found()).toEqual(["1"]);
    store.put("k", "3", 5);
    expect(found()).toEqual(["1", "3"]);
  });

  it("where it waits in the cache", () => {
    const { store } = open(sessionStore({ ...serdes, retention: "10s", caching: true }));
    store.put(session("k", 5), "v");
    expect([...store.findSessions("k", { earliestEnd: 1, latestStart: 9 })]).toHaveLength(1);
  });
});

describe("the segments of what is committed", () => {
  const sessions = sessionStore({ ...serdes, retention: "1h" });
  const minute = 60_000;

  it("are not looked for by each query that comes behind a commit", () => {
    const { store, stores, engine } = open(sessions);
    for (let time = 0; time < 60; time += 10) store.put(session("k", time * minute), "v");
    stores.commit(new Map());
    engine.forget();
    stores.view("s", "committed");
    expect(engine.asked).toBe(1); // how far it has come
  });

  it("are those of it: rows of later ones are seen once they are committed, and none that expired", () => {
    const { store, stores } = open(sessions);
    const seen = () => {
      const view = stores.view("s", "committed");
      if (view.kind !== "session") throw new Error("it is one of sessions");
      const key = new TextEncoder().encode("k");
      return [...view.store.findSessions(key)].map(({ key: { window } }) => window.end / minute);
    };
    store.put(session("k", 0), "v");
    expect(seen()).toEqual([]);
    stores.commit(new Map());
    store.put(session("k", 50 * minute), "v");
    expect(seen()).toEqual([0]);
    stores.beginCommit();
    store.put(session("k", 200 * minute), "v");
    stores.commit(new Map());
    expect(seen()).toEqual([0, 50]);
    stores.abort();
    expect(seen()).toEqual([0, 50]);
    store.put(session("k", 200 * minute), "v");
    stores.commit(new Map());
    expect(seen()).toEqual([200]);
  });
});
