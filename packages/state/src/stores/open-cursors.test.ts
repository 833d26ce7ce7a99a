import { encodeUtf8, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { StoreCursor } from "../contract/store-cursor.ts";
import { CacheBudget } from "../contract/cache-budget.ts";
import { keyValueStore } from "../kinds/key-value/key-value-kind.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "./open-task-stores.ts";

const key = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("put" as const), key, isGone: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("get" as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("walk" as const), isFirst: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("open" as const),
      isForward: fc.boolean(),
      from: fc.option(key),
      to: fc.option(key),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("flush" as const, "commit" as const) }),
  },
);
type Step = (typeof step extends fc.Arbitrary<infer T> ? T : never) & { readonly kind: string };

interface OpenWalk {
  readonly cursor: StoreCursor<string, string>;
  readonly expected: string[];
  readonly seen: string[];
}

function storeOf(cacheBytesMax: number, engine = new MemoryEngine()) {
  const specification = keyValueStore({
    name: "letters",
    key: string(),
    value: string(),
    caching: cacheBytesMax > 0,
  });
  const stores = openTaskStores({
    engine,
    stores: [{ specification, changelogTopic: "letters", changelog: null }],
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 0, headers: noHeaders },
    cache: new CacheBudget(cacheBytesMax),
    taskId: "0_0",
  });
  return { stores, store: stores.store(specification) };
}

function follow(cacheBytesMax: number, steps: readonly Step[]): void {
  const { stores, store } = storeOf(cacheBytesMax);
  const model = new Map<string, string>();
  const walks: OpenWalk[] = [];
  steps.forEach((next, index) => {
    switch (next.kind) {
      case "put":
        store.put(next.key, next.isGone ? null : String(index));
        if (next.isGone) model.delete(next.key);
        else model.set(next.key, String(index));
        break;
      case "get":
        expect(store.get(next.key)).toBe(model.get(next.key) ?? null);
        break;
      case "open": {
        const { from, to, isForward } = next;
        const expected = [...model]
          .filter(([own]) => (from === null || own >= from) && (to === null || own <= to))
          .map((entry) => entry.join("="))
          .sort();
        const cursor = isForward ? store.range(from, to) : store.reverseRange(from, to);
        walks.push({ cursor, expected: isForward ? expected : expected.toReversed(), seen: [] });
        break;
      }
      case "walk":
        walkOn(next.isFirst ? walks.at(0) : walks.at(-1));
        break;
      case "commit":
        stores.flush();
        stores.commit(new Map());
        break;
      case "flush":
        stores.flush();
    }
  });
  for (const walk of walks) {
    let isOn = true;
    while (isOn) isOn = walkOn(walk);
    expect(walk.seen).toEqual(walk.expected);
  }
}

function walkOn(walk: OpenWalk | undefined): boolean {
  if (walk?.cursor.next() !== true) return false;
  walk.seen.push(`${walk.cursor.key}=${walk.cursor.value}`);
  return true;
}

describe("STATE-11: a cursor shows the store as it was when it was opened", () => {
  it.each([0, 300, 500, 100_000])(
    "whatever is written, flushed, evicted and committed meanwhile, cache %d",
    (cacheBytesMax) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) =>
          follow(cacheBytesMax, steps),
        ),
        { numRuns: 300 },
      );
    },
  );

  it.each(["abort", "restore", "wipe", "close"] as const)(
    "or says that it ended: %s",
    async (how) => {
      for (const cacheBytesMax of [0, 1000]) {
        const { store, stores } = storeOf(cacheBytesMax);
        store.put("a", "1");
        store.put("b", "1");
        const cursor = store.all();
        cursor.next();
        if (how === "abort") stores.abort();
        else if (how === "wipe") stores.wipe("letters");
        else if (how === "close") await stores.close();
        else {
          const record = { value: encodeUtf8("2"), timestamp: 1, headers: noHeaders };
          stores.restore("letters", encodeUtf8("b"), record);
        }
        expect(() => cursor.next()).toThrow(expect.objectContaining({ code: "CURSOR_ENDED" }));
        cursor[Symbol.dispose]();
      }
    },
  );

  it("or says that too much was written meanwhile", () => {
    const { store } = storeOf(0);
    const large = "x".repeat(1024 * 1024);
    for (let index = 10; index < 30; index++) store.put(`k${index}`, large);
    const cursor = store.all();
    for (let index = 10; index < 30; index++) store.put(`k${index}`, "");
    expect(() => cursor.next()).toThrow(/16777216 bytes/);
  });
});

class CountingEngine extends MemoryEngine {
  reads = 0;

  override get(key: Uint8Array): Uint8Array | null {
    this.reads += 1;
    return super.get(key);
  }
}

describe("what a write changes is read once, however many cursors keep it", () => {
  it.each(["live", "committed"] as const)("of what is %s", (isolation) => {
    const engine = new CountingEngine();
    const { stores, store } = storeOf(0, engine);
    store.put("a", "old");
    stores.commit(new Map());
    const view = stores.view("letters", isolation);
    if (view.kind !== "keyValue") throw new Error("it is one of keys and values");
    const cursors = Array.from({ length: 50 }, () => view.store.scan({}));
    engine.reads = 0;
    store.put("a", "new");
    stores.commit(new Map());
    expect(engine.reads).toBe(1);
    for (const cursor of cursors) {
      expect(cursor.next()).toBe(true);
      expect(cursor.value.value).toEqual(encodeUtf8("old"));
    }
  });
});
