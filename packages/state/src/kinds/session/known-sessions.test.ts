import { noHeaders } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { int64AsNumber, string } from "@millrace/serde";
import { describe, expect, it, vi } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { sessionStore } from "./session-kind.ts";

const retentionMs = 5000;
/** Even ones have many keys, odd ones few. */
const seeds = process.env["MILLRACE_VERIFY"] === "1" ? 8 : 4;

function open(cacheBytes: number, recentBytesMax: number, engine = new MemoryEngine()) {
  const budget = new CacheBudget(cacheBytes, recentBytesMax);
  const specification = sessionStore({
    name: "s",
    key: string(),
    value: int64AsNumber(),
    retention: retentionMs,
    ...(cacheBytes > 0 ? { caching: true } : {}),
  });
  const stores = openTaskStores({
    engine,
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: budget,
    taskId: "0_0",
    stores: [{ specification, changelogTopic: "c", changelog: null }],
  });
  return { stores, store: stores.store(specification), budget, engine };
}

type Opened = ReturnType<typeof open>;

function commit({ stores }: Opened): void {
  stores.flush();
  stores.commit(new Map());
}

function endsOf({ store }: Opened, key: string, earliestEnd: number, reverse = false): string[] {
  const found = store.findSessions(key, { earliestEnd, reverse });
  return [...found].map(({ key: { window }, value }) => `${window.start}-${window.end}:${value}`);
}

describe("sessions that were written of late", () => {
  it("are found without a search, in the cache, beneath it and once they are committed", () => {
    const opened = open(10_000_000, 1_000_000);
    for (let index = 0; index < 200; index++)
      opened.store.put({ key: `k${index}`, window: { start: 1000, end: 1000 + index } }, index);
    const scan = vi.spyOn(opened.engine, "scan");
    expect(endsOf(opened, "k7", 1000)).toEqual(["1000-1007:7"]);
    opened.store.remove({ key: "k7", window: { start: 1000, end: 1007 } });
    opened.store.put({ key: "k7", window: { start: 1000, end: 1500 } }, 8);
    commit(opened);
    expect(endsOf(opened, "k7", 1000)).toEqual(["1000-1500:8"]);
    expect(endsOf(opened, "k8", 1009)).toEqual([]);
    expect(scan).not.toHaveBeenCalled();
    opened.stores.release();
    expect(opened.budget.recentBytes).toBe(0);
  });

  it("are deleted without a look at what they were, where the cache has written them", () => {
    const opened = open(10_000_000, 1_000_000);
    const deleted: string[] = [];
    opened.store.setFlushListener(
      ({ key, window }, { value }) => {
        if (value === null) deleted.push(`${key}@${window.end}`);
      },
      { sendsOldValues: false },
    );
    opened.store.put({ key: "a", window: { start: 1000, end: 1000 } }, 1);
    opened.store.put({ key: "b", window: { start: 1000, end: 1000 } }, 1);
    commit(opened);
    const get = vi.spyOn(opened.engine, "get");
    opened.store.remove({ key: "a", window: { start: 1000, end: 1000 } });
    opened.store.put({ key: "c", window: { start: 1001, end: 1001 } }, 1);
    opened.store.remove({ key: "c", window: { start: 1001, end: 1001 } });
    commit(opened);
    expect(get).not.toHaveBeenCalled();
    // Which has expired by then is not there any more: nothing says that it went.
    opened.store.put({ key: "b", window: { start: 9000, end: 9000 } }, 1);
    commit(opened);
    opened.store.remove({ key: "b", window: { start: 1000, end: 1000 } });
    commit(opened);
    expect(deleted).toEqual(["a@1000"]);
  });
});

/** What is looked up in a plain list, beside a store. */
class Sessions {
  #all = new Map<string, number>();
  #committed = new Map<string, number>();

  put(key: string, start: number, end: number, value: number | null): void {
    const name = `${key}|${start}|${end}`;
    if (value === null) this.#all.delete(name);
    else this.#all.set(name, value);
  }

  commit(): void {
    this.#committed = new Map(this.#all);
  }

  abort(): void {
    this.#all = new Map(this.#committed);
  }

  pick(index: number): { key: string; start: number; end: number } | undefined {
    const name = [...this.#all.keys()][index % Math.max(1, this.#all.size)];
    if (name === undefined) return undefined;
    const [key, start, end] = name.split("|");
    return { key, start: Number(start), end: Number(end) };
  }

  found(key: string, earliestEnd: number): string[] {
    return [...this.#all]
      .filter(([name]) => name.startsWith(`${key}|`))
      .map(([name, value]) => ({ parts: name.split("|"), value }))
      .filter(({ parts: [, , end] }) => Number(end) >= earliestEnd)
      .toSorted(
        ({ parts: [, leftStart, leftEnd] }, { parts: [, rightStart, rightEnd] }) =>
          Number(leftEnd) - Number(rightEnd) || Number(leftStart) - Number(rightStart),
      )
      .map(({ parts: [, start, end], value }) => `${start}-${end}:${value}`);
  }
}

it.each([
  ["with much room", 10_000_000, 1_000_000],
  ["with room for a few", 10_000_000, 4000],
  ["with a small cache", 20_000, 1_000_000],
  ["without a cache", 0, 1_000_000],
])("STATE-22: what is found is what is there, %s", async (_, cacheBytes, recentBytesMax) => {
  for (let seed = 0; seed < seeds; seed++) {
    const random = new SeededRandom(seed);
    const engine = new MemoryEngine();
    let opened = open(cacheBytes, recentBytesMax, engine);
    const model = new Sessions();
    let time = 10_000;
    for (let step = 0; step < 600; step++) {
      // No session expires: late ones are seen as long as the list has them.
      time += random.below(5);
      const key = `k${random.below(seed % 2 === 0 ? 300 : 20)}`;
      const end = Math.max(time - random.below(random.below(20) === 0 ? 1000 : 20), 0);
      const start = end - random.below(50);
      const chosen = random.below(100);
      const one = chosen < 20 ? model.pick(random.below(1000)) : undefined;
      if (one !== undefined) {
        opened.store.remove({ key: one.key, window: one });
        model.put(one.key, one.start, one.end, null);
      } else if (chosen < 90) {
        opened.store.put({ key, window: { start, end } }, step);
        model.put(key, start, end, step);
      } else if (chosen < 95) {
        commit(opened);
        model.commit();
      } else if (chosen < 97) {
        opened.stores.abort();
        model.abort();
      } else if (chosen < 98) {
        commit(opened);
        model.commit();
        opened.stores.release();
        opened = open(cacheBytes, recentBytesMax, engine);
      }
      const from = time - random.below(200);
      const expected = model.found(key, from);
      expect(endsOf(opened, key, from)).toEqual(expected);
      expect(endsOf(opened, key, from, true)).toEqual(expected.toReversed());
    }
    await opened.stores.close();
    expect(opened.budget.recentBytes).toBe(0);
  }
});
