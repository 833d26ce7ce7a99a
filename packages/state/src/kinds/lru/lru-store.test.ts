import { decodeUtf8, encodeUtf8, noBytes, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { expect, it } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import type { StateStore } from "../../contract/state-store.ts";
import type { StoreSpecification } from "../../contract/store-specification.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { lruStore } from "./lru-kind.ts";
import { timestampedLruStore } from "./timestamped-lru-kind.ts";

const options = { name: "s", key: string(), value: string(), entriesMax: 2 };

function open<Store extends StateStore>(specification: StoreSpecification<Store>) {
  const logged: string[] = [];
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: new CacheBudget(10_000),
    taskId: "0_0",
    stores: [
      {
        specification,
        changelogTopic: "s-changelog",
        changelog: {
          append: (timestamp, key, value) =>
            void logged.push(
              `${decodeUtf8(key ?? noBytes)}=${value === null ? "null" : decodeUtf8(value)}@${timestamp}`,
            ),
        },
      },
    ],
  });
  return { logged, stores, store: stores.store(specification) };
}

it.each([false, true])(
  "what is evicted is deleted in the changelog first, cached %j",
  (caching) => {
    const { logged, stores, store } = open(lruStore({ ...options, caching }));
    for (const key of ["a", "b", "c"]) store.put(key, "v");
    stores.flush();
    expect(logged).toEqual(["a=v@7", "b=v@7", "a=null@7", "c=v@7"]);
  },
);

it.each([false, true])(
  "of a store with timestamps the changelog keeps what is evicted, cached %j",
  (caching) => {
    const { logged, stores, store } = open(timestampedLruStore({ ...options, caching }));
    for (const key of ["a", "b", "c"]) store.put(key, { value: "v", timestamp: 5 });
    stores.flush();
    expect(logged).toEqual(["a=v@5", "b=v@5", "c=v@5"]);
    // What the store has forgotten the cache may still have, as in Kafka.
    const seen = ["a", "b", "c"].map((key) => store.get(key)?.value);
    expect(seen).toEqual([caching ? "v" : undefined, "v", "v"]);
  },
);

it("a store with timestamps has what was written last after a restore, and what was committed after an abort", () => {
  const { stores, store } = open(timestampedLruStore(options));
  for (const key of ["a", "b", "c"])
    stores.restore("s", encodeUtf8(key), {
      value: encodeUtf8("v"),
      timestamp: 5,
      headers: noHeaders,
    });
  stores.commit(new Map());
  store.put("d", { value: "v", timestamp: 6 });
  stores.abort();
  expect(Array.from(store.all(), ({ key }) => key)).toEqual(["b", "c"]);
});

it("refuses to keep nothing", () => {
  for (const entriesMax of [0, 1.5, Number.NaN])
    expect(() => lruStore({ ...options, entriesMax })).toThrow(/entriesMax of store s/);
});
