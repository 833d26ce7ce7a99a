import { decodeUtf8, noBytes, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { expect, it } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { lruStore } from "./lru-kind.ts";

const options = { name: "s", key: string(), value: string(), entriesMax: 2 };

it.each([false, true])(
  "what is evicted is deleted in the changelog first, cached %j",
  (caching) => {
    const logged: string[] = [];
    const specification = lruStore({ ...options, caching });
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
    const store = stores.store(specification);
    for (const key of ["a", "b", "c"]) store.put(key, "v");
    stores.flush();
    expect(logged).toEqual(["a=v@7", "b=v@7", "a=null@7", "c=v@7"]);
  },
);

it("refuses to keep nothing", () => {
  for (const entriesMax of [0, 1.5, Number.NaN])
    expect(() => lruStore({ ...options, entriesMax })).toThrow(/entriesMax of store s/);
});
