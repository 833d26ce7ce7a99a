import { noHeaders } from "@millrace/model";
import { MetricRegistry, type RecordingLevel } from "@millrace/platform";
import { string } from "@millrace/serde";
import { expect, test } from "vitest";

import type { KeyValueStore } from "../contract/key-value-store.ts";
import type { StoreSpecification } from "../contract/store-specification.ts";
import { CacheBudget } from "../contract/cache-budget.ts";
import { suppressionBuffer } from "../kinds/suppression/suppression-kind.ts";
import { keyValueStore } from "../kinds/key-value/key-value-kind.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";

const keyValue = keyValueStore({ name: "s", key: string(), value: string(), caching: true });

/** A clock that goes on by so many milliseconds with each look. */
function opened(
  recordingLevel: RecordingLevel,
  stepMs = 0,
  specification: StoreSpecification = keyValue,
) {
  const metrics = new MetricRegistry();
  const clock = {
    nowMs: 1000,
    wallMs: () => clock.nowMs,
    monotonicMs: () => (clock.nowMs += stepMs),
  };
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 400, headers: noHeaders },
    cache: new CacheBudget(1_000_000),
    taskId: "0_0",
    stores: [{ specification, changelogTopic: "c", changelog: null }],
    metrics,
    clock,
    recordingLevel,
  });
  const value = (name: string): number | undefined =>
    metrics.snapshot().find((one) => one.name === name && one.tags["store"] === "s")?.value;
  return { clock, stores, value, store: stores.store<KeyValueStore<string, string>>("s") };
}

test("at level debug each call of a store is counted, and timed", () => {
  const { store, stores, value, clock } = opened("debug", 3);
  store.put("a", "1");
  store.put("b", "2");
  store.get("a");
  store.get("c");
  store.putIfAbsent("a", "3");
  store.delete("b");
  clock.nowMs += 10_000;
  expect(value("put-latency-avg")).toBe(3);
  expect(value("put-latency-max")).toBe(3);
  expect(value("get-rate")).toBeCloseTo(0.2, 1);
  for (const name of ["put-if-absent", "delete"]) expect(value(`${name}-latency-max`)).toBe(3);
  expect(value("all-latency-max")).toBe(0);
  expect(value("flush-latency-max")).toBe(0);
  stores.flush();
  expect(value("flush-latency-max")).toBe(3);
  expect(store.get("a")).toBe("1");
});

test("cursors that are open are told of at each level, how long they were at level debug", () => {
  const { store, value, clock } = opened("debug");
  store.put("a", "1");
  expect([value("num-open-iterators"), value("oldest-iterator-open-since-ms")]).toEqual([0, 0]);
  const first = store.all();
  clock.nowMs = 2000;
  const second = store.range("a", "b");
  expect([value("num-open-iterators"), value("oldest-iterator-open-since-ms")]).toEqual([2, 1000]);
  clock.nowMs = 2500;
  first[Symbol.dispose]();
  expect([value("num-open-iterators"), value("oldest-iterator-open-since-ms")]).toEqual([1, 2000]);
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  expect(value("num-open-iterators")).toBe(0);
  expect([value("iterator-duration-avg"), value("iterator-duration-max")]).toEqual([1000, 1500]);
});

test("at level info calls are not measured, and the store is as it was made", () => {
  const { store, value } = opened("info");
  expect(Object.getOwnPropertyNames(store)).not.toContain("put");
  store.put("a", "1");
  expect(value("put-rate")).toBeUndefined();
  using _ = store.all();
  expect(value("num-open-iterators")).toBe(1);
  expect(value("iterator-duration-avg")).toBeUndefined();
});

test("at level trace it is told how old records are as they are put", () => {
  const { store, value, clock } = opened("trace");
  store.put("a", "1");
  clock.nowMs = 1400;
  store.put("b", "1");
  expect(["min", "avg", "max"].map((one) => value(`record-e2e-latency-${one}`))).toEqual([
    600, 800, 1000,
  ]);
  expect(opened("debug").value("record-e2e-latency-min")).toBeUndefined();
});

test("they go with the stores", () => {
  const { stores, value } = opened("trace");
  expect(value("put-rate")).toBe(0);
  stores.release();
  expect([value("put-rate"), value("num-open-iterators")]).toEqual([undefined, undefined]);
});

test("at level debug it is told how much a buffer holds back", () => {
  const buffer = suppressionBuffer({ name: "s", key: string(), value: string() });
  const { stores, value } = opened("debug", 0, buffer);
  const store = stores.store(buffer);
  store.put(1, "a", { newValue: "1", oldValue: null });
  store.put(2, "b", { newValue: "1", oldValue: null });
  const bytes = store.sizeBytes;
  store.evictWhile(
    () => store.entryCount > 0,
    () => {},
  );
  const read = (what: string) =>
    ["avg", "max"].map((one) => value(`suppression-buffer-${what}-${one}`));
  expect(read("count")).toEqual([1, 2]);
  expect(read("size")).toEqual([bytes / 2, bytes]);
  expect(opened("info", 0, buffer).value("suppression-buffer-count-max")).toBeUndefined();
});

test("at level debug it is told between which shares of hits a cache was, as of its flushes", () => {
  const { store, stores, value } = opened("debug");
  stores.flush();
  store.put("a", "1");
  for (let look = 0; look < 3; look++) store.get("a");
  stores.flush();
  expect(value("hit-ratio-min")).toBe(0);
  expect(value("hit-ratio-max")).toBe(value("hit-ratio-avg"));
  expect(value("hit-ratio-max")).toBeGreaterThan(0.5);
});
