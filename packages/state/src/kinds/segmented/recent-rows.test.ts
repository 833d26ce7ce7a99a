import { noHeaders } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { string } from "@millrace/serde";
import { describe, expect, it, vi } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { joinWindowStore } from "../window/join-window-kind.ts";

const retentionMs = 10_000;
const pad = "x".repeat(200);

function open(budget: CacheBudget, engine = new MemoryEngine()) {
  const windows = { windowSize: "10s", retention: retentionMs } as const;
  const specification = joinWindowStore({ name: "s", key: string(), value: string(), ...windows });
  const stores = openTaskStores({
    engine,
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: budget,
    taskId: "0_0",
    stores: [{ specification, changelogTopic: "c", changelog: null }],
  });
  return { stores, store: stores.store(specification) };
}

interface Row {
  readonly key: string;
  readonly time: number;
  readonly value: string;
}

/** What the store has to show, row by row. */
class Rows {
  /** By their keys. */
  #all = new Map<string, Row[]>();
  #newest = -1;
  #committed: { readonly all: Row[]; readonly newest: number } = { all: [], newest: -1 };

  get newest(): number {
    return this.#newest;
  }

  add(row: Row): void {
    const beside = this.#all.get(row.key);
    if (beside === undefined) this.#all.set(row.key, [row]);
    else beside.push(row);
    this.#newest = Math.max(this.#newest, row.time);
  }

  found(key: string, from: number, to: number): Row[] {
    const visibleFrom = Math.max(from, this.#newest - retentionMs + 1);
    return (this.#all.get(key) ?? [])
      .filter((row) => row.time >= visibleFrom && row.time <= to)
      .toSorted((left, right) => left.time - right.time);
  }

  commit(): void {
    this.#committed = { all: [...this.#all.values()].flat(), newest: this.#newest };
  }

  abort(): void {
    this.#all = Map.groupBy(this.#committed.all, ({ key }) => key);
    this.#newest = this.#committed.newest;
  }
}

describe("rows that were written last", () => {
  it.each([
    { recentBytesMax: 0, seed: 1 },
    { recentBytesMax: 40_000, seed: 2 },
    { recentBytesMax: 100_000, seed: 3 },
    { recentBytesMax: 4_000_000, seed: 4 },
  ])("are what a list says, with $recentBytesMax bytes for them, seed $seed", (options) => {
    const random = new SeededRandom(options.seed);
    const budget = new CacheBudget(0, options.recentBytesMax);
    const { store, stores } = open(budget);
    const rows = new Rows();
    for (let index = 0; index < 4000; index++) {
      const key = `k${random.below(random.below(10) === 0 ? 2000 : 20)}`;
      const late = random.below(4) === 0 ? random.below(2 * retentionMs) : random.below(50);
      const time = Math.max(0, 40 * index - late);
      const value = `${index}${"x".repeat(random.below(40))}`;
      // What is late for its segment is not kept at all.
      if (time > rows.newest - retentionMs) {
        store.put(key, value, time);
        rows.add({ key, time, value });
      }
      const from = Math.max(0, time - random.below(retentionMs));
      const to = time + random.below(retentionMs);
      const reverse = random.below(2) === 0;
      const found = [...store.fetchRange(key, { from, to, reverse })];
      const expected = rows.found(key, from, to).map((row) => row.value);
      expect(found.map((row) => row.value)).toEqual(reverse ? expected.toReversed() : expected);
      if (random.below(100) === 0) {
        stores.commit(new Map());
        rows.commit();
      } else if (random.below(1000) === 0) {
        stores.abort();
        rows.abort();
      }
    }
  });

  it("take no more memory than there is for those of all stores, and give it back", async () => {
    const budget = new CacheBudget(0, 500_000);
    const all = [open(budget), open(budget)];
    for (let index = 0; index < 20_000; index++)
      for (const { store } of all) store.put(`k${index}`, "x".repeat(60), index);
    expect(budget.recentBytes).toBeGreaterThan(250_000);
    expect(budget.recentBytes).toBeLessThanOrEqual(500_000);
    for (const { stores } of all) await stores.close();
    expect(budget.recentBytes).toBe(0);
  });

  it("are read one by one once their bytes had to go, without a search", () => {
    const engine = new MemoryEngine();
    const { store, stores } = open(new CacheBudget(0, 200_000), engine);
    for (let index = 0; index < 2000; index++)
      store.put(`k${index % 1000}`, `${index}${pad}`, index);
    stores.commit(new Map());
    const scan = vi.spyOn(engine, "scan");
    const get = vi.spyOn(engine, "get");
    const found = [...store.fetchRange("k7", { from: 0, to: 5000 })].map(({ value }) => value);
    expect(found).toEqual([`7${pad}`, `1007${pad}`]);
    expect([...store.fetchRange("k7", { from: 8, to: 1006 })]).toEqual([]);
    expect(get).toHaveBeenCalledTimes(2);
    expect(scan).not.toHaveBeenCalled();
  });

  it("stay as they were for who has found them, whatever comes", () => {
    const { store } = open(new CacheBudget(0, 100_000));
    for (let index = 0; index < 3; index++) store.put("k", `first ${index}`, index);
    using found = store.fetchRange("k", { from: 0, to: 5000 });
    for (let index = 0; index < 10_000; index++) store.put("other", "x".repeat(60), 5000);
    const values: string[] = [];
    while (found.next()) values.push(found.value);
    expect(values).toEqual(["first 0", "first 1", "first 2"]);
  });
});

it("finds the rows of the empty key", () => {
  const { store } = open(new CacheBudget(100_000));
  store.put("", "v", 5);
  expect([...store.fetchRange("")].map(({ value }) => value)).toEqual(["v"]);
});
