import type { Platform } from "@millrace/platform";
import {
  pruneSnapshots,
  SnapshotError,
  writeSnapshot,
  type SnapshotStore,
  type StoreEngineProvider,
  type WrittenSnapshot,
} from "@millrace/state";

import { taskIdText, type TaskId } from "../processor/task-id.ts";
import { StateDirectory } from "./state-directory.ts";

export interface SnapshotStateOptions {
  readonly applicationId: string;
  readonly engines: StoreEngineProvider;
  readonly to: SnapshotStore;
  /** See `pruneSnapshots`; undefined: all stay. */
  readonly keep?: number;
  readonly signal?: AbortSignal;
}

/** A task whose state is not copied. */
export interface LeftOutTask {
  readonly task: string;
  readonly cause: Error;
}

/**
 * Copies the state of an application that does not run here. State of tasks that were copies of others' is left out: how
 * old it is nobody has noted.
 *
 * @throws ApplicationError `STATE_DIRECTORY_IN_USE`: the application runs; SnapshotError `SNAPSHOT_STORE_FAILED`;
 *   StateError: an engine cannot be opened; the signal's reason
 */
export async function snapshotState(
  platform: Platform,
  stateDirectory: string,
  options: SnapshotStateOptions,
): Promise<{
  readonly written: readonly WrittenSnapshot[];
  readonly leftOut: readonly LeftOutTask[];
}> {
  const { applicationId, signal } = options;
  const written: WrittenSnapshot[] = [];
  const leftOut: LeftOutTask[] = [];
  if (platform.fileSystem.stat(`${stateDirectory}/${applicationId}`) === undefined)
    return { written, leftOut };
  const directory = await StateDirectory.open(platform, stateDirectory, applicationId);
  try {
    for (const taskId of directory.tasks()) {
      signal?.throwIfAborted();
      try {
        written.push(await snapshotTask(platform, { directory, taskId }, options));
      } catch (cause) {
        if (!(cause instanceof SnapshotError) || cause.code !== "SNAPSHOT_NOT_TAKEN") throw cause;
        leftOut.push({ task: taskIdText(taskId), cause });
      }
    }
    return { written, leftOut };
  } finally {
    directory.close();
  }
}

async function snapshotTask(
  platform: Platform,
  { directory, taskId }: { readonly directory: StateDirectory; readonly taskId: TaskId },
  { applicationId: application, engines, to, keep, signal }: SnapshotStateOptions,
): Promise<WrittenSnapshot> {
  const task = taskIdText(taskId);
  const asOfMs = directory.offsets.asOf(task);
  if (asOfMs === undefined)
    throw new SnapshotError(
      "SNAPSHOT_NOT_TAKEN",
      `how old the state of task ${task} is was not noted: it was a copy here, or the application was killed within its first minute; take the snapshot where the task runs`,
    );
  const engine = await engines.open(directory.taskDirectory(taskId));
  const abort = signal === undefined ? {} : { signal };
  try {
    const one = await writeSnapshot([engine], to, {
      application,
      task,
      platform,
      asOfMs,
      ...abort,
    });
    if (keep !== undefined) await pruneSnapshots(to, { application, task, keep, ...abort });
    return one;
  } finally {
    await engine.close();
  }
}
