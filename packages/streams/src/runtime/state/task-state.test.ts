import { encodeUtf8, noHeaders } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { string } from "@millrace/serde";
import {
  CacheBudget,
  directorySnapshotStore,
  keyValueStore,
  memoryEngineProvider,
  MemoryEngine,
  openTaskStores,
  Snapshot,
  type KeyValueStore,
  type StoreEngine,
} from "@millrace/state";
import { expect, test } from "vitest";

import { TaskRecordContext } from "../../task/task-record-context.ts";
import type { LoopEnvironment } from "../loop-environment.ts";
import { TaskState } from "./task-state.ts";

const taskId = { subtopology: 0, partition: 0 };
const specification = keyValueStore({
  name: "names",
  key: string(),
  value: string(),
  engine: "memory",
});

class PersistentEngine extends MemoryEngine {
  override readonly isPersistent = true;
}

/** As much of an environment as a state asks for. */
function environmentWith(
  opened: () => void,
  engine: StoreEngine = new PersistentEngine(),
): LoopEnvironment {
  const changelog = { name: "app-names-changelog", store: "names", isSourceTopic: false };
  const subtopology = {
    id: 0,
    applicationId: "app",
    stores: [specification],
    changelogTopics: [changelog],
  };
  return {
    engines: {
      ...memoryEngineProvider(),
      open: async () => {
        opened();
        return engine;
      },
    },
    platform: memoryPlatform(),
    cache: new CacheBudget(0),
    config: { uncommittedBytesMax: 1000 },
    subtopologies: [subtopology],
    taskDirectory: () => "task",
    claimTask: async () => () => {},
    tracing: undefined,
  } as unknown as LoopEnvironment;
}

test("STREAMS-2: the state of a task of no sub-topology is not opened, nor its engine", async () => {
  let opened = 0;
  const environment = environmentWith(() => (opened += 1));
  await expect(TaskState.open(environment, { ...taskId, subtopology: 7 })).rejects.toMatchObject({
    law: "STREAMS-2",
  });
  expect(opened).toBe(0);
});

test("STREAMS-12: a task goes on from what was replayed, and a standby from what the task committed, on one engine", async () => {
  let opened = 0;
  const state = await TaskState.open(
    environmentWith(() => (opened += 1)),
    taskId,
  );
  const value = encodeUtf8("one");
  const replayed = state.replayed();
  replayed.restore("names", encodeUtf8("a"), { value, timestamp: 1, headers: noHeaders });
  expect(() => replayed.store<KeyValueStore<string, string>>("names").put("b", "two")).toThrow(
    /STREAMS-12/,
  );
  replayed.abort();
  replayed.restore("names", encodeUtf8("a"), { value, timestamp: 1, headers: noHeaders });
  replayed.commit(new Map([["names", 5]]));
  const written: string[] = [];
  const collector = {
    hasRoom: true,
    topic: () => expect.unreachable(),
    partition: (topic: string) => ({ append: () => written.push(topic) }),
  };
  const stores = state.written({ collector, recordContext: new TaskRecordContext() });
  const names = stores.store<KeyValueStore<string, string>>("names");
  expect(names.get("a")).toBe("one");
  expect(stores.committedOffset("names")).toBe(5);
  names.put("c", "kept");
  stores.commit(new Map([["names", 6]]));
  names.put("d", "lost");
  expect(written).toEqual(["app-names-changelog", "app-names-changelog"]);
  const again = state.replayed();
  expect(() => names.get("a")).toThrow(/closed/);
  const following = again.store<KeyValueStore<string, string>>("names");
  expect(["a", "c", "d"].map((key) => following.get(key))).toEqual(["one", "kept", null]);
  expect(again.committedOffset("names")).toBe(6);
  expect(opened).toBe(1);
  await state.close();
});

test("a snapshot has a store that is in memory now once, and nothing of what the disk had of it", async () => {
  const engine = new PersistentEngine();
  const value = encodeUtf8("one");
  const names = ["names", "dropped"];
  const before = openTaskStores({
    engine,
    stores: names.map((name) => ({
      specification: keyValueStore({ name, key: string(), value: string() }),
      changelogTopic: `app-${name}-changelog`,
      changelog: null,
    })),
    recordContext: new TaskRecordContext(),
    cache: new CacheBudget(0),
    taskId: "0_0",
  });
  for (const name of names) {
    before.tie(name, `app-${name}-changelog-0`);
    before.restore(name, encodeUtf8("old"), { value, timestamp: 1, headers: noHeaders });
    before.commit(new Map([[name, 5]]));
  }
  before.release();
  const state = await TaskState.open(
    environmentWith(() => {}, engine),
    taskId,
  );
  state.stores.tie("names", "app-names-changelog-0");
  state.stores.restore("names", encodeUtf8("a"), { value, timestamp: 1, headers: noHeaders });
  state.stores.commit(new Map([["names", 9]]));
  const platform = memoryPlatform();
  const to = directorySnapshotStore(platform.fileSystem, "/snapshots");
  const { id, rows } = await state.snapshot(to, { application: "app", platform });
  expect(rows).toBe(1);
  const snapshot = await Snapshot.open(to, { application: "app", task: "0_0", id });
  expect(snapshot?.manifest.stores).toMatchObject([{ name: "names", offset: 9 }]);
  await state.close();
});
