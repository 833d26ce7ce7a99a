import { encodeUtf8, noHeaders } from "@millrace/model";
import { int64AsNumber } from "@millrace/serde";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { UpdatableKeyValueStore } from "../contract/key-value-store.ts";
import type { FlushedValue } from "../contract/updatable-store.ts";
import { cachedWorld, type World } from "../../test-support/cached-world.ts";

describe("STATE-7: a flush ends", () => {
  /** The second store writes to the first, so often. */
  const echoing = (timesMax: number): World => {
    const made = cachedWorld(100_000, { names: ["first", "second"] });
    const first = made.stores.store<UpdatableKeyValueStore<string, number>>("first");
    const second = made.stores.store<UpdatableKeyValueStore<string, number>>("second");
    let times = 0;
    const sendTo =
      (store: typeof first) =>
      (_key: string, { value: now }: FlushedValue<number>) => {
        if (times++ >= timesMax) return;
        store.readForUpdate("echo", null);
        store.writeUpdated(now, 1);
      };
    first.setFlushListener(sendTo(second), { sendsOldValues: false });
    second.setFlushListener(sendTo(first), { sendsOldValues: false });
    return made;
  };

  it("after what arrives in a cache that was flushed already", () => {
    const { put, stores, changelog } = echoing(2);
    put("a", 1, 1);
    stores.flush();
    expect(changelog).toEqual(["first a=1@1", "second echo=1@1", "first echo=1@1"]);
    stores.commit(new Map());
  });

  it("with an error, where stores write to each other for ever", () => {
    const { put, stores } = echoing(Infinity);
    put("a", 1, 1);
    expect(() => stores.flush()).toThrow(expect.objectContaining({ law: "STATE-7" }));
  });
});

describe("STATE-8: an entry is in a cache at most once, and counted exactly while it is", () => {
  const key = fc.constantFrom("a", "b", "longer", "é", "\ufffd");
  const step = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), key, value: fc.option(fc.integer()) }),
    fc.record({ kind: fc.constantFrom("get" as const, "restore" as const), key }),
    fc.record({ kind: fc.constantFrom("flush" as const, "walk" as const) }),
  );
  it.each([0, 150, 300, 100_000])("whatever is done, cache %d", (cacheBytesMax) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { stores, put, budget } = cachedWorld(cacheBytesMax);
        const store = stores.store<UpdatableKeyValueStore<string, number>>("counts");
        steps.forEach((next, time) => {
          if (next.kind === "put") put(next.key, next.value, time);
          else if (next.kind === "get") store.get(next.key);
          else if (next.kind === "restore")
            stores.restore("counts", encodeUtf8(next.key), {
              value: int64AsNumber().serialize(5, ""),
              timestamp: time,
              headers: noHeaders,
            });
          else if (next.kind === "walk") expect([...store.all()].length).toBeLessThanOrEqual(5);
          else stores.flush();
          expect(budget.usedBytes).toBeGreaterThanOrEqual(0);
          expect(budget.usedBytes).toBeLessThanOrEqual(cacheBytesMax);
        });
        stores.abort();
        expect(budget.usedBytes).toBe(0);
      }),
    );
  });
});

it("STATE-5: nothing is written but to the key that was read", () => {
  for (const cacheBytesMax of [0, 1000]) {
    const { stores } = cachedWorld(cacheBytesMax);
    const store = stores.store<UpdatableKeyValueStore<string, number>>("counts");
    expect(() => store.writeUpdated(1, 1)).toThrow(expect.objectContaining({ law: "STATE-5" }));
  }
});

it("STATE-9: a store's name stands for one store of a task", () => {
  expect(() => cachedWorld(0, { names: ["same", "same"] })).toThrow(
    expect.objectContaining({ law: "STATE-9" }),
  );
});
