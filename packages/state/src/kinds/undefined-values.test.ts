import { noHeaders } from "@millrace/model";
import { json, string } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import { CacheBudget } from "../contract/cache-budget.ts";
import type { StateStore } from "../contract/state-store.ts";
import type { StoreSpecification } from "../contract/store-specification.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";
import { keyValueStore } from "./key-value/key-value-kind.ts";
import { listValueStore } from "./list-value/list-value-kind.ts";
import { lruStore } from "./lru/lru-kind.ts";
import { timestampedLruStore } from "./lru/timestamped-lru-kind.ts";
import { sessionStore } from "./session/session-kind.ts";
import { timestampedKeyValueStore } from "./timestamped-key-value/timestamped-key-value-kind.ts";
import { timestampedWindowStore } from "./timestamped-window/timestamped-window-kind.ts";
import { versionedKeyValueStore } from "./versioned/versioned-kind.ts";
import { joinWindowStore } from "./window/join-window-kind.ts";
import { windowStore } from "./window/window-kind.ts";

// Types forbid undefined already; programs in JavaScript, and fields that are not there, do not listen to them.
type Text = string | null;
const missing = undefined as never;
const serdes = { name: "s", key: string(), value: string() };
const windows = { ...serdes, windowSize: 10, retention: 60_000 };
const session = { key: "k", window: { start: 5, end: 5 } };
const stored = (value: string) => ({ value, timestamp: 5 });
const storedOf = (value: Text) => (typeof value === "string" ? stored(value) : (value as null));

interface Subject {
  /** Writes value after value, and reads in the end. */
  readonly open: (isCached: boolean) => {
    readonly put: (value: Text) => void;
    readonly others?: readonly (() => void)[];
    readonly read: () => unknown;
    readonly flush: () => void;
    readonly logged: readonly string[];
  };
  /** Null is no way to delete. */
  readonly isNullRefused?: true;
}

function openStore<Store extends StateStore>(specification: StoreSpecification<Store>) {
  const logged: string[] = [];
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 5, headers: noHeaders },
    cache: new CacheBudget(100_000),
    taskId: "0_0",
    stores: [
      {
        specification,
        changelogTopic: "s-changelog",
        changelog: {
          append: (_timestamp, _key, value) => void logged.push(value === null ? "null" : "value"),
        },
      },
    ],
  });
  return { store: stores.store(specification), flush: () => void stores.flush(), logged };
}

const subjects: Readonly<Record<string, Subject>> = {
  keyValueStore: {
    open: (caching) => {
      const { store, ...more } = openStore(keyValueStore({ ...serdes, caching }));
      return {
        ...more,
        put: (value) => store.put("k", value),
        others: [() => store.putIfAbsent("k", missing), () => store.putIfAbsent("new", missing)],
        read: () => store.get("k"),
      };
    },
  },
  "keyValueStore, whose serde takes undefined": {
    open: (caching) => {
      const value = json<Text>();
      const { store, ...more } = openStore(keyValueStore({ ...serdes, value, caching }));
      return { ...more, put: (given) => store.put("k", given), read: () => store.get("k") };
    },
  },
  timestampedKeyValueStore: {
    open: (caching) => {
      const { store, ...more } = openStore(timestampedKeyValueStore({ ...serdes, caching }));
      return {
        ...more,
        put: (value) => store.put("k", storedOf(value)),
        others: [
          () => store.put("k", stored(missing)),
          () => store.putIfAbsent("new", stored(missing)),
        ],
        read: () => store.get("k")?.value ?? null,
      };
    },
  },
  "timestampedKeyValueStore, by what was read": {
    open: (caching) => {
      const specification = timestampedKeyValueStore({ ...serdes, caching, headers: true });
      const { store, ...more } = openStore(specification);
      return {
        ...more,
        put: (value) => {
          store.readForUpdate("k", null);
          store.writeUpdated(value, 5);
        },
        read: () => store.get("k")?.value ?? null,
      };
    },
  },
  lruStore: {
    open: (caching) => {
      const { store, ...more } = openStore(lruStore({ ...serdes, caching, entriesMax: 4 }));
      return {
        ...more,
        put: (value) => store.put("k", value),
        others: [() => store.putIfAbsent("new", missing)],
        read: () => store.get("k"),
      };
    },
  },
  timestampedLruStore: {
    open: (caching) => {
      const specification = timestampedLruStore({ ...serdes, caching, entriesMax: 4 });
      const { store, ...more } = openStore(specification);
      return {
        ...more,
        put: (value) => store.put("k", storedOf(value)),
        others: [() => store.put("k", stored(missing))],
        read: () => store.get("k")?.value ?? null,
      };
    },
  },
  windowStore: {
    open: (caching) => {
      const { store, ...more } = openStore(windowStore({ ...windows, caching }));
      return {
        ...more,
        put: (value) => store.put("k", value, 5),
        read: () => store.fetch("k", 5),
      };
    },
  },
  timestampedWindowStore: {
    open: (caching) => {
      const { store, ...more } = openStore(timestampedWindowStore({ ...windows, caching }));
      return {
        ...more,
        put: (value) => store.put("k", storedOf(value), 5),
        others: [
          () => store.put("k", stored(missing), 5),
          () => {
            store.readForUpdate("k", null, 5);
            store.writeUpdated(missing, 5);
          },
        ],
        read: () => store.fetch("k", 5)?.value ?? null,
      };
    },
  },
  joinWindowStore: {
    open: () => {
      const { store, ...more } = openStore(joinWindowStore(windows));
      return {
        ...more,
        put: (value) => store.put("k", value, 5),
        read: () => Array.from(store.fetchRange("k"), (entry) => entry.value).join(),
      };
    },
    isNullRefused: true, // what was put stays: with duplicates nothing is deleted
  },
  sessionStore: {
    open: (caching) => {
      const { store, ...more } = openStore(sessionStore({ ...serdes, caching, retention: 60_000 }));
      return {
        ...more,
        put: (value) => store.put(session, value),
        read: () => store.fetchSession("k", session.window),
      };
    },
  },
  versionedKeyValueStore: {
    open: () => {
      const { store, ...more } = openStore(
        versionedKeyValueStore({ ...serdes, historyRetention: 60_000 }),
      );
      return {
        ...more,
        put: (value) => void store.put("k", value, 5),
        read: () => store.get("k")?.value ?? null,
      };
    },
  },
  listValueStore: {
    open: () => {
      const { store, ...more } = openStore(listValueStore(serdes));
      return {
        ...more,
        put: (value) => store.add("k", value as string),
        read: () => store.get("k").join(),
      };
    },
    isNullRefused: true,
  },
};

describe.each([true, false])("with caching %s", (isCached) => {
  it.each(Object.entries(subjects))(
    "%s: undefined is refused with what to write, and nothing is written; null deletes",
    (_, { open, isNullRefused }) => {
      const { put, others = [], read, flush, logged } = open(isCached);
      put("v");
      flush();
      for (const use of [() => put(missing), ...others]) {
        expect(use).toThrow(
          expect.objectContaining({
            code: "INVALID_STORE_VALUE",
            message: expect.stringMatching(/^store s was given undefined .*null/),
          }),
        );
      }
      expect(read()).toBe("v");
      flush();
      expect(logged).toEqual(["value"]);
      if (isNullRefused) return;
      put(null);
      expect(read()).toBeNull();
      flush();
      expect(logged).toEqual(["value", "null"]);
    },
  );
});
