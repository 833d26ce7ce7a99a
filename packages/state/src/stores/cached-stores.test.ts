import { encodeUtf8, noHeaders, toHex } from "@millrace/model";
import { int32, json, string } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import { cachedWorld } from "../../test-support/cached-world.ts";
import { CacheBudget } from "../contract/cache-budget.ts";
import { timestampedKeyValueStore } from "../kinds/timestamped-key-value/timestamped-key-value-kind.ts";
import type { UpdatableKeyValueStore } from "../contract/key-value-store.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "./open-task-stores.ts";

/** Bytes that Kafka counts for an entry besides key, value, topic and headers. */
const fixed = 24 + 1 + 8 + 8 + 4;

describe("STATE-6: a cache writes, forwards and evicts as Kafka's does", () => {
  it("of several updates the last leaves, once, in the order of the last update", () => {
    const { put, stores, changelog, forwarded } = cachedWorld(100_000);
    put("k", 1, 5);
    put("j", 1, 6);
    put("k", 2, 4);
    expect(changelog).toEqual([]);
    stores.flush();
    expect(changelog).toEqual(["counts j=1@6", "counts k=2@5"]);
    expect(forwarded).toEqual(["j=1<-null@6", "k=2<-null@5"]);
    put("k", 3, 9);
    stores.flush();
    expect(forwarded.at(-1)).toBe("k=3<-2@9");
    stores.flush();
    expect(forwarded).toHaveLength(3);
  });

  it("a tombstone has the deleting record's timestamp, in the changelog and downstream", () => {
    const { put, stores, changelog, forwarded } = cachedWorld(100_000);
    put("k", 1, 50);
    stores.flush();
    put("k", null, 7);
    stores.flush();
    expect(changelog.at(-1)).toBe("counts k=null@7");
    expect(forwarded.at(-1)).toBe("k=null<-1@7");
  });

  it("what came and went between two flushes leaves no trace", () => {
    const { put, stores, changelog, forwarded } = cachedWorld(100_000);
    put("k", 1, 1);
    put("k", null, 2);
    stores.flush();
    expect([...changelog, ...forwarded]).toEqual([]);
    expect(stores.store<UpdatableKeyValueStore<string, number>>("counts").get("k")).toBeNull();
  });

  it("old values stay away where nobody asked for them", () => {
    const { put, stores, forwarded } = cachedWorld(100_000, { sendsOldValues: false });
    put("k", 1, 1);
    stores.flush();
    put("k", null, 2);
    stores.flush();
    expect(forwarded).toEqual(["k=1<-null@1", "k=null<-null@2"]);
  });

  it.each(["an eviction", "a flush"])(
    "STATE-10: after an entry could not be forwarded by %s, nothing is taken or committed until an abort",
    (how) => {
      const { put, stores, forwarded } = cachedWorld(how === "a flush" ? 100_000 : 3 * fixed);
      const failure = new Error("asked to");
      let isFailing = true;
      stores.store<UpdatableKeyValueStore<string, number>>("counts").setFlushListener(
        (key) => {
          if (isFailing) throw failure;
          forwarded.push(key);
        },
        { sendsOldValues: false },
      );
      const fail = () => {
        for (let index = 0; index < 9; index++) put(`k${index}`, index, 1);
        stores.flush();
      };
      expect(stores.hasFailedFlush).toBe(false);
      expect(fail).toThrow(failure);
      expect(stores.hasFailedFlush).toBe(true);
      isFailing = false;
      expect(() => put("other", 1, 1)).toThrow(failure);
      expect(() => stores.flush()).toThrow(failure);
      expect(() => stores.commit(new Map())).toThrow(expect.objectContaining({ law: "STATE-3" }));
      stores.abort();
      expect(stores.hasFailedFlush).toBe(false);
      fail();
      expect(forwarded.toSorted()).toEqual(Array.from({ length: 9 }, (_, index) => `k${index}`));
    },
  );

  it("a flush that gives way goes on where it was, and is dirty until it is done", () => {
    const { put, stores, forwarded } = cachedWorld(100_000);
    for (const key of ["a", "b", "c"]) put(key, 1, 1);
    expect(stores.flush(() => true)).toBe(false);
    expect(forwarded).toEqual(["a=1<-null@1"]);
    expect(() => stores.commit(new Map())).toThrow(/STATE-3/);
    expect(stores.flush(() => true)).toBe(false);
    expect(stores.flush(() => true)).toBe(true);
    expect(forwarded).toEqual(["a=1<-null@1", "b=1<-null@1", "c=1<-null@1"]);
    stores.commit(new Map());
    expect(stores.flush()).toBe(true);
    put("d", 1, 1);
    put("e", 1, 1);
    stores.flush(() => true);
    stores.abort();
    expect(stores.flush()).toBe(true);
    expect(forwarded.at(-1)).toBe("d=1<-null@1");
  });

  it("without room every update leaves at once", () => {
    const { put, forwarded } = cachedWorld(0);
    put("k", 1, 1);
    put("k", 2, 2);
    expect(forwarded).toEqual(["k=1<-null@1", "k=2<-1@2"]);
  });

  it("counts bytes as Kafka does: key, value with timestamp, topic, headers", () => {
    const { put, budget, context, stores } = cachedWorld(100_000);
    put("ab", 1, 1);
    expect(budget.usedBytes).toBe(fixed + 2 + 16 + 1);
    context.headers = [["h", Uint8Array.of(1, 2)]];
    put("ab", 2, 1);
    expect(budget.usedBytes).toBe(fixed + 2 + 16 + 1 + 3);
    context.headers = noHeaders;
    context.topic = null;
    put("ab", null, 1);
    expect(budget.usedBytes).toBe(fixed + 2);
    stores.flush();
    expect(budget.usedBytes).toBe(0);
  });

  it("a read loads a clean entry, without topic", () => {
    const { put, budget, stores } = cachedWorld(100_000);
    put("a", 1, 1);
    stores.flush();
    stores.commit(new Map());
    stores.abort();
    expect(budget.usedBytes).toBe(0);
    stores.store<UpdatableKeyValueStore<string, number>>("counts").get("a");
    expect(budget.usedBytes).toBe(fixed + 1 + 16);
  });

  it("evicting one dirty entry flushes all: the evicted first, then in the order of last update", () => {
    const entryBytes = fixed + 1 + 16 + 1;
    const { put, forwarded, budget, stores } = cachedWorld(3 * entryBytes);
    put("a", 1, 1);
    put("b", 1, 2);
    put("c", 1, 3);
    put("b", 2, 4);
    stores.store<UpdatableKeyValueStore<string, number>>("counts").get("a");
    expect(forwarded).toEqual([]);
    put("d", 1, 5);
    expect(forwarded.map((text) => text[0])).toEqual(["c", "a", "b", "d"]);
    expect(budget.usedBytes).toBe(3 * entryBytes);
    put("e", 1, 6);
    expect(forwarded).toHaveLength(4);
  });

  it("what a flush reads in its own cache, and evicts for it, counts twice, but not without end", () => {
    const entryBytes = fixed + 1 + 16 + 1;
    const { put, stores, budget } = cachedWorld(2 * entryBytes);
    const store = stores.store<UpdatableKeyValueStore<string, number>>("counts");
    // As a table that is joined with itself does.
    store.setFlushListener((key) => void store.get(key), { sendsOldValues: false });
    put("a", 1, 1);
    put("b", 1, 1);
    put("c", 1, 1);
    expect(budget.heldBytes).toBe(entryBytes - 1);
    expect(budget.usedBytes).toBe(-2);
    for (let round = 0; round < 20_000; round++) {
      put("abc"[round % 3], round, 1);
      if (round % 1000 === 0) stores.flush();
    }
    expect(Math.abs(budget.usedBytes - budget.heldBytes)).toBeLessThan(2 * 1024 * 1024);
    stores.abort();
    expect(budget.heldBytes).toBe(0);
  });

  it("exact sizes also where only serialising tells them", () => {
    const { put, budget } = cachedWorld(100_000, { value: json<number>() });
    put("a", 12345, 1);
    expect(budget.usedBytes).toBe(fixed + 1 + 8 + 5 + 1);
  });

  it("caches are flushed in registration order, with what the earlier ones send on", () => {
    const { stores, changelog, put, context } = cachedWorld(100_000, {
      names: ["first", "second"],
    });
    const second = stores.store<UpdatableKeyValueStore<string, number>>("second");
    stores.store<UpdatableKeyValueStore<string, number>>("first").setFlushListener(
      (_key, { value: now }, _old, { valueTimestamp }) => {
        context.timestamp = valueTimestamp;
        second.readForUpdate("sum", null);
        second.writeUpdated(now, valueTimestamp);
      },
      { sendsOldValues: false },
    );
    put("a", 1, 1);
    put("b", 2, 2);
    stores.flush();
    expect(changelog).toEqual(["first a=1@1", "first b=2@2", "second sum=2@2"]);
  });

  it("an entry that is written again while its flush is under way leaves as it was, then anew", () => {
    const { stores, put, changelog } = cachedWorld(100_000);
    const store = stores.store<UpdatableKeyValueStore<string, number>>("counts");
    let isFirst = true;
    store.setFlushListener(
      () => {
        if (isFirst) put("b", 100, 9);
        isFirst = false;
      },
      { sendsOldValues: false },
    );
    put("a", 1, 1);
    put("b", 2, 2);
    stores.flush();
    expect(changelog).toEqual(["counts a=1@1", "counts b=2@2", "counts b=100@9"]);
    expect(store.get("b")).toEqual({ value: 100, timestamp: 9 });
  });

  it("a flush gives the context of the record that wrote last", () => {
    const { stores, put, context } = cachedWorld(100_000);
    const store = stores.store<UpdatableKeyValueStore<string, number>>("counts");
    const seen: unknown[] = [];
    store.setFlushListener(
      (_key, _now, _old, { topic, offset, timestamp, headers, valueTimestamp }) =>
        void seen.push([topic, offset, timestamp, valueTimestamp, headers.length]),
      { sendsOldValues: false },
    );
    context.offset = 7;
    put("a", 1, 10);
    context.offset = 8;
    context.headers = [["h", null]];
    put("a", 2, 3);
    context.offset = 9;
    context.headers = noHeaders;
    stores.flush();
    expect(seen).toEqual([["L", 8, 3, 10, 1]]);
  });

  it("a key or value that the serde refuses is refused at once, not by a later flush", () => {
    const { stores, put, changelog } = cachedWorld(100_000);
    for (const [key, value] of [
      ["\ud800", 1],
      ["a", 0.5],
    ] as const)
      expect(() => put(key, value, 1)).toThrow(
        expect.objectContaining({ code: "SERIALIZATION_FAILED", topic: "app-counts-changelog" }),
      );
    stores.flush();
    expect(changelog).toEqual([]);
  });

  it.each([0, 100_000])("keys that are read as one text stay apart, cache %d", (cacheBytesMax) => {
    const { stores } = cachedWorld(cacheBytesMax);
    const store = stores.store<UpdatableKeyValueStore<string, number>>("counts");
    // Malformed UTF-8 is read as U+FFFD; and a text may look like the bytes of that.
    const utf8 = encodeUtf8("\ufffd");
    const lookalike = String.fromCharCode(...utf8);
    for (const [key, bytes] of [
      ["\ufffd", Uint8Array.of(0xff)],
      ["\ufffd", Uint8Array.of(0xfe)],
      ["\ufffd", utf8],
      [lookalike, null],
    ] as const)
      for (let time = 1; time <= 2; time++)
        store.writeUpdated((store.readForUpdate(key, bytes) ?? 0) + 1, time);
    stores.flush();
    const held = [...store.all()].map(({ value }) => value.value);
    expect(held).toEqual([2, 2, 2, 2]);
    expect(store.get("\ufffd")?.value).toBe(2);
    expect(store.get(lookalike)?.value).toBe(2);
  });

  it("walks merge cache and store, in byte order, tombstones hide", () => {
    const { stores, put } = cachedWorld(100_000);
    const store = stores.store<UpdatableKeyValueStore<string, number>>("counts");
    for (const key of ["a", "b", "d", "\u{1f600}", "\uffff"]) put(key, 1, 1);
    stores.flush();
    put("b", null, 2);
    put("c", 3, 3);
    put("d", 4, 4);
    const keysOf = (cursor: Iterable<{ key: string }>): string[] =>
      [...cursor].map(({ key }) => key);
    expect(keysOf(store.all())).toEqual(["a", "c", "d", "\uffff", "\u{1f600}"]);
    expect(keysOf(store.reverseRange("b", "d"))).toEqual(["d", "c"]);
    expect(keysOf(store.range("d", "b"))).toEqual([]);
    expect(keysOf(store.prefixScan("d", string()))).toEqual(["d"]);
    expect(store.approximateEntryCount()).toBe(5);
  });

  it("negative numbers sort last, as their bytes do", () => {
    const stores = openTaskStores({
      engine: new MemoryEngine(),
      recordContext: { topic: "L", partition: 0, offset: 0, timestamp: 0, headers: noHeaders },
      cache: new CacheBudget(1000),
      taskId: "0_0",
      stores: [
        {
          specification: timestampedKeyValueStore({
            name: "s",
            key: int32(),
            value: int32(),
            caching: true,
          }),
          changelogTopic: "t",
          changelog: null,
        },
      ],
    });
    const store = stores.store<UpdatableKeyValueStore<number, number>>("s");
    for (const key of [-1, 0, 5, -7]) store.put(key, { value: key, timestamp: 0 });
    expect([...store.all()].map(({ key }) => key)).toEqual([0, 5, -7, -1]);
  });
});

it("values are stored as timestamp and value, and logged without the timestamp", () => {
  const engine = new MemoryEngine();
  const logged: string[] = [];
  const stores = openTaskStores({
    engine,
    recordContext: { topic: "L", partition: 0, offset: 0, timestamp: 3, headers: noHeaders },
    cache: new CacheBudget(0),
    taskId: "0_0",
    stores: [
      {
        specification: timestampedKeyValueStore({ name: "s", key: string(), value: string() }),
        changelogTopic: "t",
        changelog: {
          append: (timestamp, _key, value) =>
            void logged.push(`${timestamp} ${toHex(value ?? new Uint8Array(0))}`),
        },
      },
    ],
  });
  stores
    .store<UpdatableKeyValueStore<string, string>>("s")
    .put("k", { value: "v", timestamp: 258 });
  stores.store<UpdatableKeyValueStore<string, string>>("s").delete("k");
  stores
    .store<UpdatableKeyValueStore<string, string>>("s")
    .put("k", { value: "v", timestamp: 258 });
  expect(logged).toEqual(["258 76", "3 ", "258 76"]);
  stores.commit(new Map([["s", 3]]));
  const stored: string[] = [];
  using cursor = engine.scan({ from: Uint8Array.of(0, 1) });
  while (cursor.next()) stored.push(`${toHex(cursor.key)}=${toHex(cursor.value)}`);
  expect(stored).toEqual(["00016b=000000000000010276"]);
});
