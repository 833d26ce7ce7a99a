import { noHeaders } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { string } from "@millrace/serde";
import * as fc from "fast-check";
import { expect, it } from "vitest";

import { CountingEngine } from "../../test-support/counting-engine.ts";
import { CacheBudget } from "../contract/cache-budget.ts";
import { keyValueStore } from "../kinds/key-value/key-value-kind.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";

const specification = keyValueStore({ name: "s", key: string(), value: string() });

function open(cache = new CacheBudget(0)) {
  const engine = new CountingEngine();
  const stores = openTaskStores({
    engine,
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache,
    taskId: "0_0",
    stores: [{ specification, changelogTopic: "c", changelog: null }],
  });
  const store = stores.store(specification);
  const commit = (): void => stores.commit(new Map());
  return { engine, stores, store, commit, cache };
}

it("what was written last, or read, is not asked for, once the store is read", () => {
  const { engine, store, commit } = open();
  store.put("old", "o");
  commit();
  store.get("old");
  for (const key of ["a", "b", "c"]) {
    store.put(key, key);
    commit();
  }
  store.put("b", null);
  commit();
  const asked = engine.asked;
  expect(["a", "b", "c", "old"].map((key) => store.get(key))).toEqual(["a", null, "c", "o"]);
  expect(engine.asked).toBe(asked);
});

it("of a store that nobody reads nothing is kept, nor where nobody has for long", () => {
  const { store, commit, cache } = open();
  for (const key of ["a", "b"]) {
    store.put(key, key);
    commit();
  }
  expect(cache.lastBytes).toBe(0);
  store.get("a");
  store.put("c", "c");
  commit();
  expect(cache.lastBytes).toBeGreaterThan(0);
  for (let times = 0; times < 16; times++) commit();
  expect(cache.lastBytes).toBe(0);
  store.put("c", "d");
  expect(store.get("c")).toBe("d");
});

it("stays within the budget of the loop, and gives it back", () => {
  const cache = new CacheBudget(0, 0, 4 * 2 ** 20);
  const worlds = [open(cache), open(cache)];
  const value = "v".repeat(1024);
  for (const { store } of worlds) {
    store.put("k0", value);
    store.get("k0"); // which was never written is not asked for
  }
  for (let round = 0; round < 8000; round++)
    for (const { store } of worlds) store.put(`k${round}`, value);
  const headsMax = 128 * 1024;
  expect(cache.lastBytes).toBeLessThanOrEqual(cache.lastBytesMax + headsMax);
  expect(cache.lastBytes).toBeGreaterThan(cache.lastBytesMax - headsMax);
  for (const { stores } of worlds) stores.release();
  expect(cache.lastBytes).toBe(0);
});

it("what does not fit is asked for, and is never what it was before", () => {
  const { store, commit, engine } = open(new CacheBudget(0, 0, 200_000));
  store.get("k");
  const long = "l".repeat(70_000);
  for (const [key, value] of [
    ["k", "short"],
    ["k", long],
    ["k".repeat(70_000), "of a long key"],
    ["k", "short again"],
  ]) {
    store.put(key, value);
    expect(store.get(key)).toBe(value);
    commit();
    expect(store.get(key)).toBe(value);
  }
  expect(engine.asked).toBeGreaterThan(0);
});

it("reads are those of a map, while values go for want of room", () => {
  const { store, commit } = open(new CacheBudget(0, 0, 200_000));
  const model = new Map<string, string>();
  const random = new SeededRandom(5);
  for (let step = 0; step < 6000; step++) {
    const key = `k${random.below(random.below(4) === 0 ? 40 : 2000)}`;
    if (random.below(3) > 0) {
      const value = random.below(10) === 0 ? null : `${step}`.repeat(random.below(60));
      store.put(key, value);
      if (value === null) model.delete(key);
      else model.set(key, value);
    } else expect(store.get(key)).toBe(model.get(key) ?? null);
    if (step % 50 === 0) commit();
  }
});

it("reads are those of a map, whatever is written, committed, aborted and wiped", () => {
  const key = fc.constantFrom("a", "b");
  const rarely = fc
    .nat(9)
    .map((chance) => (["abort", "wipe"] as const)[chance] ?? ("commit" as const));
  const step = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), key, value: fc.option(fc.nat(9).map(String)) }),
    fc.record({ kind: fc.constant("get" as const), key }),
    fc.record({ kind: fc.constantFrom("commit" as const, "begin" as const) }),
    fc.record({ kind: fc.constant("commit" as const) }),
    fc.record({ kind: rarely }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const { stores, store, commit } = open();
      let committed = new Map<string, string>();
      let begun: Map<string, string> | undefined;
      let now = new Map<string, string>();
      for (const next of steps) {
        if ("value" in next) {
          store.put(next.key, next.value);
          if (next.value === null) now.delete(next.key);
          else now.set(next.key, next.value);
        } else if ("key" in next) expect(store.get(next.key)).toBe(now.get(next.key) ?? null);
        else if (next.kind === "begin" && begun === undefined) {
          stores.beginCommit();
          begun = new Map(now);
        } else if (next.kind === "commit") {
          commit();
          committed = begun ?? new Map(now);
          begun = undefined;
        } else if (next.kind === "abort") {
          stores.abort();
          begun = undefined;
          now = new Map(committed);
        } else if (next.kind === "wipe" && begun === undefined) {
          stores.wipe("s");
          committed = new Map();
          now = new Map();
        }
      }
    }),
    { numRuns: 200 },
  );
});
