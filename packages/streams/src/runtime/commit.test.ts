import type { BatchWriter } from "@millrace/cluster";
import type { LoopTracing } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { string } from "@millrace/serde";
import type { UpdatableKeyValueStore } from "@millrace/state";
import { expect, test } from "vitest";

import { at, batchOf, taskOf } from "../../test-support/task-of.ts";
import { Slice } from "../task/slice.ts";
import { beginCommit, endCommit, type CommittedTask } from "./commit.ts";
import type { StreamTask } from "../task/stream-task.ts";
import type { TaskAssignments } from "./task-assignments.ts";
import { WriteRefusals } from "./write-refusals.ts";

const platform = memoryPlatform();

interface Scene {
  /** What was asked of writer, group and engine, in order. */
  readonly steps: string[];
  readonly task: StreamTask;
  readonly commit: (isExactlyOnce: boolean) => Promise<unknown>;
  /** Begins one that the task goes on beside; gives its end. */
  readonly begin: () => Promise<() => Promise<void>>;
  readonly add: (offset: number, key?: string) => void;
  /** The writer's buffer is full until somebody waits for room. */
  readonly fill: () => void;
}

/** A task with a store and one record that was counted; `failing` is the step that rejects. */
function sceneOf(failing?: string, tracing?: LoopTracing): Scene {
  const { task, collector } = taskOf((builder) =>
    builder.stream("a", { key: string(), value: string() }).groupByKey().count({ store: "c" }),
  );
  task.initialize();
  const steps: string[] = [];
  const step = async (name: string): Promise<void> => {
    steps.push(name);
    if (name === failing) throw new Error(`${name} failed`);
  };
  const writer = {
    get hasRoom() {
      return collector.hasRoom;
    },
    drained: async () => {
      await step("drained");
      collector.hasRoom = true;
    },
    flush: async () => {
      await step("outputs");
      return [{ topic: "app-c-changelog", partition: 0, endOffset: 9 }];
    },
    sendOffsets: () => step("offsets"),
    commit: () => step("end"),
    begin: () => {},
    divide: () => {
      steps.push("divided");
    },
  } as Partial<BatchWriter> as BatchWriter;
  const assignments = { commit: () => step("offsets") } as Partial<TaskAssignments>;
  const engineCommit = task.stores.commit.bind(task.stores);
  const stores = Object.assign(task.stores, {
    commit: (offsets: ReadonlyMap<string, number>) => {
      steps.push(`engine ${JSON.stringify([...offsets])}`);
      engineCommit(offsets);
    },
  });
  const { taskId, subtopology } = task;
  const open: CommittedTask = { taskId, subtopology, task, stores };
  const refusals = new WriteRefusals();
  return {
    steps,
    task,
    add: (offset, key = "k") => {
      task.addBatch(batchOf("a", offset, [{ ...at(1), key }]));
      task.process(1);
    },
    fill: () => {
      collector.hasRoom = false;
    },
    begin: async () => {
      const { signal } = new AbortController();
      const slice = new Slice(platform.clock, 5);
      const { timers } = platform;
      const isOverlapped = true;
      const begun = await beginCommit([open], {
        writer,
        refusals,
        isOverlapped,
        slice,
        timers,
        signal,
        tracing,
      });
      const group = assignments as TaskAssignments;
      const options = { writer, refusals, assignments: group, signal, probe: undefined };
      return async () => {
        if (begun !== undefined) await endCommit(begun, { ...options, isExactlyOnce: true });
      };
    },
    commit: async (isExactlyOnce) => {
      const { signal } = new AbortController();
      const slice = new Slice(platform.clock, 5);
      const { timers } = platform;
      const isOverlapped = false;
      const begun = await beginCommit([open], {
        writer,
        refusals,
        isOverlapped,
        slice,
        timers,
        signal,
        tracing,
      });
      const group = assignments as TaskAssignments;
      const options = {
        writer,
        refusals,
        assignments: group,
        isExactlyOnce,
        signal,
        probe: undefined,
      };
      if (begun !== undefined) await endCommit(begun, options);
    },
  };
}

test.each([
  [true, ["outputs", "offsets", "end"]],
  [false, ["outputs", "offsets"]],
] as const)(
  "STREAMS-4: outputs are there before offsets can be seen, exactly once %j",
  async (isExactlyOnce, order) => {
    const { steps, commit, add } = sceneOf();
    add(0);
    await commit(isExactlyOnce);
    expect(steps).toEqual([...order, 'engine [["c",9]]']);
    await commit(isExactlyOnce);
    expect(steps).toHaveLength(order.length + 1); // nothing had moved
  },
);

test.each([
  [true, "outputs"],
  [true, "offsets"],
  [true, "end"],
  [false, "outputs"],
  [false, "offsets"],
] as const)(
  "STREAMS-5: the engine is not written where a commit fails, exactly once %j, at %s",
  async (isExactlyOnce, failing) => {
    const { steps, commit, add } = sceneOf(failing);
    add(0);
    await expect(commit(isExactlyOnce)).rejects.toThrow(`${failing} failed`);
    expect(steps.filter((name) => name.startsWith("engine"))).toEqual([]);
    expect(steps).toContain(failing);
    // Beside the outputs go offsets that only the end of the transaction makes visible.
    const after = isExactlyOnce ? ["end"] : ["offsets"];
    if (failing === "outputs") for (const step of after) expect(steps).not.toContain(step);
    if (failing === "offsets") expect(steps).not.toContain("end");
  },
);

test.each([true, false])(
  "what was written while no input moved is committed all the same, exactly once %j",
  async (isExactlyOnce) => {
    const { steps, commit, add, task } = sceneOf();
    add(0);
    await commit(isExactlyOnce);
    steps.length = 0;
    task.stores
      .store<UpdatableKeyValueStore<unknown, unknown>>("c")
      .put("late", { value: 1, timestamp: 1 });
    await commit(isExactlyOnce);
    const end = isExactlyOnce ? ["offsets", "end"] : ["offsets"];
    expect(steps).toEqual(["outputs", ...end, 'engine [["c",9]]']);
    await commit(isExactlyOnce);
    expect(steps).toHaveLength(end.length + 2);
  },
);

test("a transaction without any offset is ended, too", async () => {
  const { steps, commit, task } = sceneOf();
  task.stores
    .store<UpdatableKeyValueStore<unknown, unknown>>("c")
    .put("early", { value: 1, timestamp: 1 });
  await commit(true);
  expect(steps).toEqual(["outputs", "end", 'engine [["c",9]]']);
});

test("caches are not flushed beyond the room of the writer", async () => {
  const { steps, commit, add, fill } = sceneOf();
  for (const [offset, key] of ["a", "b", "c"].entries()) add(offset, key);
  fill();
  await commit(false);
  expect(steps.slice(0, 2)).toEqual(["drained", "outputs"]);
});

test("what is done while a commit ends is for the next one, in offsets and stores", async () => {
  const { steps, begin, add, task } = sceneOf();
  add(0);
  const end = await begin();
  expect(steps).toEqual(["divided"]);
  expect(task.needsCommit).toBe(false);
  add(1);
  expect(task.needsCommit).toBe(true);
  await end();
  expect(steps).toEqual(["divided", "outputs", "offsets", "end", 'engine [["c",9]]']);
  expect(task.needsCommit).toBe(true);
  const store = task.stores.store<UpdatableKeyValueStore<unknown, unknown>>("c");
  expect(store.get("k")).toMatchObject({ value: 2 });
  task.stores.abort();
  expect(store.get("k")).toMatchObject({ value: 1 });
});

test("what caches forward at a commit is done within its trace", async () => {
  const told: string[] = [];
  const tracing: LoopTracing = {
    begin: () => {},
    end: () => {},
    taken: () => {},
    sent: (_topic, headers) => headers,
    within: (work) => {
      told.push("within");
      const result = work();
      told.push("after");
      return result;
    },
  };
  const { task, add, commit } = sceneOf(undefined, tracing);
  const flush = task.flush.bind(task);
  Object.assign(task, {
    flush: (slice?: Slice) => {
      told.push("flush");
      return flush(slice);
    },
  });
  add(0);
  await commit(true);
  expect(told).toEqual(["within", "flush", "after"]);
});
