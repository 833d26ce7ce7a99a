import { noHeaders, type Headers } from "@millrace/model";
import { int64AsNumber, string, type Serde } from "@millrace/serde";

import { CacheBudget } from "../src/contract/cache-budget.ts";
import type { UpdatableKeyValueStore } from "../src/contract/key-value-store.ts";
import { timestampedKeyValueStore } from "../src/kinds/timestamped-key-value/timestamped-key-value-kind.ts";
import type { TaskStores } from "../src/contract/task-stores.ts";
import { MemoryEngine } from "../src/memory/memory-engine.ts";
import { openTaskStores } from "../src/stores/open-task-stores.ts";

/** Cached stores of one task, with all that they log and forward. */
export interface World {
  readonly stores: TaskStores;
  readonly budget: CacheBudget;
  readonly context: { timestamp: number; topic: string | null; headers: Headers; offset: number };
  /** `store key=value@timestamp`. */
  readonly changelog: string[];
  /** `key=new<-old@timestamp`. */
  readonly forwarded: string[];
  /** Puts through the update path. */
  put(key: string, value: number | null, timestamp: number): void;
}

export function cachedWorld(
  cacheBytesMax: number,
  { names = ["counts"], value = int64AsNumber() as Serde<number>, sendsOldValues = true } = {},
): World {
  const context = {
    topic: "L" as string | null,
    partition: 0,
    offset: 0,
    timestamp: 0,
    headers: noHeaders,
  };
  const budget = new CacheBudget(cacheBytesMax);
  const changelog: string[] = [];
  const forwarded: string[] = [];
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: context,
    cache: budget,
    taskId: "0_0",
    stores: names.map((name) => ({
      specification: timestampedKeyValueStore({ name, key: string(), value, caching: true }),
      changelogTopic: `app-${name}-changelog`,
      changelog: {
        append: (timestamp: number, key: Uint8Array | null, bytes: Uint8Array | null) => {
          const text = bytes === null ? "null" : String(value.deserialize(bytes, ""));
          changelog.push(`${name} ${Buffer.from(key ?? []).toString()}=${text}@${timestamp}`);
        },
      },
    })),
  });
  for (const name of names)
    stores.store<UpdatableKeyValueStore<string, number>>(name).setFlushListener(
      (key, { value: now }, old, { valueTimestamp }) => {
        forwarded.push(`${key}=${now}<-${old}@${valueTimestamp}`);
      },
      { sendsOldValues },
    );
  return {
    stores,
    budget,
    context,
    changelog,
    forwarded,
    put: (key, next, timestamp) => {
      context.timestamp = timestamp;
      const store = stores.store<UpdatableKeyValueStore<string, number>>(names[0]);
      store.readForUpdate(key, null);
      store.writeUpdated(next, Math.max(timestamp, store.timestampOfRead));
    },
  };
}
