import { memoryPlatform } from "@millrace/platform/memory";
import { directorySnapshotStore, SnapshotError, StateError } from "@millrace/state";
import { expect, test } from "vitest";

import type { ActiveTask } from "../active-task.ts";
import type { LoopEnvironment } from "../loop-environment.ts";
import { snapshotTasks } from "./snapshot-tasks.ts";

type Task = Pick<ActiveTask, "state" | "subtopology">;

/** Each is copied, or throws what it is given; the names of those that were copied are noted. */
function tasks(errors: Readonly<Record<string, Error | undefined>>) {
  const copied: string[] = [];
  const asOf: number[] = [];
  const all = Object.entries(errors).map(([name, error]) => {
    const snapshot = async (_: unknown, { asOfMs }: { readonly asOfMs: number }) => {
      if (error !== undefined) throw error;
      copied.push(name);
      asOf.push(asOfMs);
      return { task: name, id: "1", rows: 1, lengthBytes: 1 };
    };
    return { state: { name, snapshot }, subtopology: { changelogTopics: [{}] } };
  });
  return { copied, asOf, all: all as unknown as readonly Task[] };
}

/** As the group has told the member at 5,000. */
const assignments = { confirmedMs: 5000 };

function snapshotOf(
  all: readonly Task[],
  signal = new AbortController().signal,
  told: { readonly confirmedMs: number | undefined } = assignments,
) {
  const platform = memoryPlatform();
  const config = { applicationId: "app", commitIntervalMs: 1, transactionTimeoutMs: 1 };
  const to = directorySnapshotStore(platform.fileSystem, "/snapshots");
  // Nobody else wants a turn.
  const timers = { yield: async () => {} };
  const environment = {
    platform: { ...platform, timers },
    config,
    assignments: told,
  } as unknown as LoopEnvironment;
  return snapshotTasks(all, environment, { to, keep: undefined, signal });
}

test("what keeps tasks from being copied is told by their names, after the others were copied", async () => {
  const full = new SnapshotError("SNAPSHOT_STORE_FAILED", "the disk is full");
  const { copied, all } = tasks({
    "0_0": undefined,
    "0_1": full,
    "0_2": new StateError("STORE_CLOSED", "it moved away"),
    "0_3": new StateError("STORE_ENGINE_FAILED", "a bad sector"),
    "0_4": undefined,
  });
  await expect(snapshotOf(all)).rejects.toMatchObject({
    code: "SNAPSHOT_STORE_FAILED",
    message: expect.stringMatching(/0_1, 0_3 failed; 0_1: the disk is full/),
    cause: full,
  });
  expect(copied).toEqual(["0_0", "0_4"]);
});

test("who gives up, and errors that nobody knows, end the copies at once", async () => {
  for (const error of [new Error("given up"), new TypeError("a bug")]) {
    const { copied, all } = tasks({ "0_0": error, "0_1": undefined });
    await expect(snapshotOf(all)).rejects.toBe(error);
    expect(copied).toEqual([]);
  }
  const { copied, all } = tasks({
    "0_0": new SnapshotError("SNAPSHOT_STORE_FAILED", "aborted"),
    "0_1": undefined,
  });
  await expect(snapshotOf(all, AbortSignal.abort())).rejects.toThrow("aborted");
  expect(copied).toEqual([]);
});

test("a snapshot is as old as what the group has confirmed, however late it is taken", async () => {
  const { asOf, all } = tasks({ "0_0": undefined });
  await snapshotOf(all);
  expect(asOf).toEqual([5000 - 1 - 1]);
  const unknown = tasks({ "0_0": undefined });
  expect(await snapshotOf(unknown.all, undefined, { confirmedMs: undefined })).toEqual([]);
});
