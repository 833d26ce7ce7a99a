import { noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { expect, test } from "vitest";

import { CacheBudget } from "../contract/cache-budget.ts";
import type { KeyValueStore } from "../contract/key-value-store.ts";
import { keyValueStore } from "../kinds/key-value/key-value-kind.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";

test("STATE-2: what a changelog refuses is not in its store either, also where a processor catches that", () => {
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: { topic: "in", partition: 0, offset: 0, timestamp: 1, headers: noHeaders },
    cache: new CacheBudget(0),
    taskId: "0_0",
    stageBytesMax: 1_000_000,
    stores: [
      {
        specification: keyValueStore({ name: "s", key: string(), value: string() }),
        changelogTopic: "s-changelog",
        changelog: {
          append: (_timestamp, _key, value) => {
            if (value !== null && value.length > 3) throw new Error("too large");
          },
        },
      },
    ],
  });
  const store = stores.store<KeyValueStore<string, string>>("s");
  store.put("k", "one");
  expect(() => store.put("k", "three")).toThrow("too large");
  expect(store.get("k")).toBe("one");
});
