import { encodeUtf8, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { expect, it } from "vitest";

import { CountingEngine } from "../../test-support/counting-engine.ts";
import { CacheBudget } from "../contract/cache-budget.ts";
import { keyValueStore } from "../kinds/key-value/key-value-kind.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";

const specification = keyValueStore({ name: "s", key: string(), value: string() });

function open(engine: CountingEngine) {
  const stores = openTaskStores({
    engine,
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: new CacheBudget(0),
    taskId: "0_0",
    stores: [{ specification, changelogTopic: "c", changelog: null }],
  });
  const asked = engine.asked;
  return { stores, store: stores.store(specification), asked: () => engine.asked - asked };
}

it("a key that was never written is not asked for", () => {
  const { store, stores, asked } = open(new CountingEngine());
  store.put("k", "v");
  stores.commit(new Map());
  expect(store.get("other")).toBeNull();
  expect(asked()).toBe(0);
  expect(store.get("k")).toBe("v");
  expect(asked()).toBe(1);
});

it("what was written is found: before the store was opened, after an abort, and restored", () => {
  const engine = new CountingEngine();
  const first = open(engine);
  first.store.put("k", "v");
  first.stores.commit(new Map());
  first.store.put("k", "lost");
  first.stores.abort();
  const restored = { value: encodeUtf8("r"), timestamp: 0, headers: noHeaders };
  first.stores.restore("s", encodeUtf8("restored"), restored);
  expect(["k", "restored"].map((key) => first.store.get(key))).toEqual(["v", "r"]);
  first.stores.commit(new Map());
  const again = open(engine);
  again.store.put("new", "n");
  expect(["k", "restored", "new"].map((key) => again.store.get(key))).toEqual(["v", "r", "n"]);
});
