import { noHeaders, toHex } from "@millrace/model";
import { string } from "@millrace/serde";
import { expect, it } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { versionedKeyValueStore } from "./versioned-kind.ts";

const specification = versionedKeyValueStore({
  name: "s",
  key: string(),
  value: string(),
  historyRetention: "1m",
});

function open() {
  const logged: string[] = [];
  const dropped: string[] = [];
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: new CacheBudget(0),
    taskId: "0_0",
    stores: [
      {
        specification,
        changelogTopic: "s-changelog",
        changelog: {
          append: (timestamp, _key, value) =>
            void logged.push(`${value === null ? "null" : toHex(value)}@${timestamp}`),
        },
      },
    ],
  });
  stores.reportDropsTo((reason) => void dropped.push(reason));
  return { store: stores.store(specification), logged, dropped };
}

it("versions may come in any order; each says when it was followed", () => {
  const { store } = open();
  expect(store.put("k", "b", 20)).toBe("latest");
  expect(store.put("k", "a", 10)).toBe(20);
  expect(store.put("k", null, 15)).toBe(20);
  expect(store.put("k", "c", 30)).toBe("latest");
  expect(store.history("k")).toEqual([
    { value: "a", timestamp: 10, validTo: 15 },
    { value: "b", timestamp: 20, validTo: 30 },
    { value: "c", timestamp: 30, validTo: null },
  ]);
  expect(store.get("k", 17)).toBeNull();
  expect(store.get("k", 25)).toEqual({ value: "b", timestamp: 20, validTo: 30 });
  expect(store.delete("k", 40)).toEqual({ value: "c", timestamp: 30, validTo: null });
  expect(store.get("k")).toBeNull();
});

it("the latest version never expires, others do, and what comes too late is counted and logged", () => {
  const { store, logged, dropped } = open();
  store.put("k", "a", 0);
  store.put("k", "b", 10);
  store.put("other", "x", 60_011);
  expect(store.get("k", 9)).toBeNull();
  expect(store.get("k", 10)).toEqual({ value: "b", timestamp: 10, validTo: null });
  expect(store.put("k", "late", 10)).toBe("expired");
  expect(dropped).toHaveLength(1);
  expect(logged).toEqual(["61@0", "62@10", "78@60011", "6c617465@10"]);
});

it("its changelog keeps what may be asked for, and its segments are Kafka's", () => {
  expect(specification.kind.changelogConfigs(specification)).toEqual({
    "cleanup.policy": "compact",
    "message.timestamp.type": "CreateTime",
    "min.compaction.lag.ms": "86460000",
  });
  const intervals = ["1s", "1m", "5m", "1h", "7d"].map(
    (historyRetention) =>
      versionedKeyValueStore({
        name: "s",
        key: string(),
        value: string(),
        historyRetention: historyRetention as "1s",
      }).segmentIntervalMs,
  );
  expect(intervals).toEqual([2000, 20_000, 60_000, 300_000, 25_200_000]);
});
