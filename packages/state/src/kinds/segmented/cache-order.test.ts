import { decodeUtf8, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import type { StateStore } from "../../contract/state-store.ts";
import type { StoreSpecification } from "../../contract/store-specification.ts";
import type { WindowStore } from "../../contract/window-store.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { sessionStore } from "../session/session-kind.ts";
import { windowStore } from "../window/window-kind.ts";

/** Room for three of the entries below. */
const budgetBytes = 226;

/** Opens a store; `first` tells the key that left its cache first, behind which are the start, or end and start. */
function open<Store extends StateStore>(
  specification: StoreSpecification<Store>,
  suffixBytes: number,
  roomBytes = budgetBytes,
) {
  const left: string[] = [];
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: new CacheBudget(roomBytes),
    taskId: "0_0",
    stores: [
      {
        specification,
        changelogTopic: "s-changelog",
        changelog: {
          append: (_timestamp, key) => {
            if (key !== null) left.push(decodeUtf8(key.subarray(0, -suffixBytes)));
          },
        },
      },
    ],
  });
  return { stores, store: stores.store(specification), left, first: () => left[0] };
}

const options = {
  name: "s",
  key: string(),
  value: string(),
  caching: true,
  retention: "2m",
} as const;

function openWindows(engine: "memory" | "rocksdb") {
  const opened = open(windowStore({ ...options, engine, windowSize: "1m" }), 12);
  const put = (key: string, start: number): void => opened.store.put(key, "v", start);
  return { ...opened, put };
}

/** As what is kept until windows close is in Kafka. */
function openByTime(roomBytes?: number) {
  const byTime = windowStore({ ...options, windowSize: "1m", order: "time" });
  const opened = open(byTime, 12, roomBytes);
  const put = (key: string, start: number): void => opened.store.put(key, "v", start);
  return { ...opened, put };
}

function openSessions(engine: "memory" | "rocksdb") {
  const opened = open(sessionStore({ ...options, engine }), 16);
  const put = (key: string, end: number): void =>
    opened.store.put({ key, window: { start: end, end } }, "v");
  return { ...opened, put };
}

function walk(cursor: Disposable & { next(): boolean }): void {
  using rows = cursor;
  while (rows.next());
}

describe("a search in a full cache uses what it passes, so that the entry leaves first which Kafka evicts", () => {
  const searches: readonly [string, (store: WindowStore<string, string>) => void][] = [
    ["of one key", (store) => walk(store.fetchRange("x", { from: 5 }))],
    ["of one key as a range", (store) => walk(store.fetchKeys("x", "x", { from: 50 }))],
    ["of all keys", (store) => walk(store.fetchAll())],
  ];

  it.each(searches)("%s in memory: all windows of its time, by time", (_name, search) => {
    const { store, put, first } = openWindows("memory");
    for (const [key, start] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
    ] as const)
      put(key, start);
    search(store);
    put("d", 40);
    expect(first()).toBe("a");
  });

  it("of one key in memory: no windows before its time", () => {
    const { store, put, first } = openWindows("memory");
    for (const [key, start] of [
      ["a", 10],
      ["c", 30],
      ["b", 20],
    ] as const)
      put(key, start);
    walk(store.fetchRange("x", { from: 15 }));
    put("d", 40);
    expect(first()).toBe("a");
  });

  it("of one key's sessions in memory: all that end in its time, or later", () => {
    const { store, put, first } = openSessions("memory");
    for (const [key, end] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
    ] as const)
      put(key, end);
    walk(store.findSessions("x", { earliestEnd: 15, latestStart: 18 }));
    put("d", 40);
    expect(first()).toBe("a");
  });

  it("one entry ahead of what was given, and no further", () => {
    const { store, put, first } = openWindows("memory");
    for (const [key, start] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
    ] as const)
      put(key, start);
    using rows = store.fetchAll();
    rows.next();
    put("d", 40);
    expect(first()).toBe("c");
  });

  it("in segments: the windows of its key alone", () => {
    const { store, put, first } = openWindows("rocksdb");
    for (const [key, start] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
    ] as const)
      put(key, start);
    walk(store.fetchRange("x"));
    walk(store.fetchRange("c"));
    put("d", 40);
    expect(first()).toBe("a");
  });

  it("in segments, backwards: those of its key down to where the segment begins", () => {
    const { store, put, first } = openWindows("rocksdb");
    for (const [key, start] of [
      ["a", 10],
      ["b", 20],
      ["a", 30],
    ] as const)
      put(key, start);
    walk(store.fetchRange("a", { from: 25, reverse: true }));
    put("d", 40);
    expect(first()).toBe("b");
  });

  it("in segments, of a range of keys: none behind it", () => {
    const { store, put, first } = openWindows("rocksdb");
    for (const [key, start] of [
      ["b", 10],
      ["c", 20],
      ["a", 30],
    ] as const)
      put(key, start);
    walk(store.fetchKeys("a", "a\0", { to: 100 }));
    put("d", 40);
    expect(first()).toBe("b");
  });

  it("in segments: no sessions of keys that begin with its key", () => {
    const { store, put, first } = openSessions("rocksdb");
    for (const [key, end] of [
      ["ab", 10],
      ["b", 20],
      ["c", 30],
    ] as const)
      put(key, end);
    walk(store.findSessions("a"));
    put("d", 40);
    expect(first()).toBe("ab");
  });

  const byTime: readonly [string, (store: WindowStore<string, string>) => void, string][] = [
    ["all of them, by time", (store) => walk(store.fetchAll()), "c"],
    ["none before its time", (store) => walk(store.fetchAll({ from: 15 })), "c"],
    ["the first behind its time, no more", (store) => walk(store.fetchAll({ to: 15 })), "a"],
    ["backwards, by time", (store) => walk(store.fetchAll({ reverse: true })), "a"],
    ["of one key, what lies between its times", (store) => walk(store.fetchRange("b")), "c"],
    ["of one key, up to its last", (store) => walk(store.fetchRange("b", { to: 20 })), "a"],
  ];

  it.each(byTime)("in segments by time: %s", (_name, search, evicted) => {
    const { store, put, first } = openByTime();
    for (const [key, start] of [
      ["a", 30],
      ["c", 10],
      ["b", 20],
    ] as const)
      put(key, start);
    search(store);
    put("d", 40);
    expect(first()).toBe(evicted);
  });
});

it("a window of a store that is read by time takes a byte more of the cache", () => {
  const windows = [openByTime(204), openByTime(207)].map(({ put, first }) => {
    for (const start of [10, 20, 30]) put(`${start / 10}`, start);
    return first();
  });
  expect(windows).toEqual(["1", undefined]);
});

describe("a window of a store that is read by time or key has an entry of an index beside it", () => {
  it("which takes room", () => {
    const indexed = windowStore({ ...options, windowSize: "1m", order: "timeOrKey" });
    const { store, first } = open(indexed, 12, 69 + 67 + 69);
    store.put("a", "v", 10);
    store.put("b", "v", 20);
    expect(first()).toBe("a");
  });

  it("and is written once, by whichever leaves first, as long as it is in the cache", () => {
    const indexed = windowStore({ ...options, windowSize: "1m", order: "timeOrKey" });
    const { store, stores, left } = open(indexed, 12, 1000);
    store.put("a", "v", 10);
    store.put("b", "v", 20);
    stores.flush();
    stores.flush();
    expect(left).toEqual(["a", "b"]);
    expect([...store.fetchAll()]).toHaveLength(2);
  });
});
