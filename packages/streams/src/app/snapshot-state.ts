import type { Platform } from "@millrace/platform";
import {
  pruneSnapshots,
  SnapshotError,
  StateError,
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

/** A task whose state was not copied, and why. */
export interface UncopiedTask {
  readonly task: string;
  readonly cause: Error;
}

/**
 * Copies the state of an application that does not run here. State of tasks that were copies of others' is left out: how
 * old it is nobody has noted. A task that cannot be copied ends nothing: the others are.
 *
 * @throws ApplicationError `STATE_DIRECTORY_IN_USE`: the application runs; the signal's reason
 */
export async function snapshotState(
  platform: Platform,
  stateDirectory: string,
  options: SnapshotStateOptions,
): Promise<{
  readonly written: readonly WrittenSnapshot[];
  readonly leftOut: readonly UncopiedTask[];
  /** SnapshotError: the place; StateError: the engine of the task. */
  readonly failed: readonly UncopiedTask[];
}> {
  const { applicationId, signal } = options;
  const written: WrittenSnapshot[] = [];
  const leftOut: UncopiedTask[] = [];
  const failed: UncopiedTask[] = [];
  if (platform.fileSystem.stat(`${stateDirectory}/${applicationId}`) === undefined)
    return { written, leftOut, failed };
  const directory = await StateDirectory.open(platform, stateDirectory, applicationId);
  try {
    for (const taskId of directory.tasks()) {
      signal?.throwIfAborted();
      try {
        written.push(await snapshotTask(platform, { directory, taskId }, options));
      } catch (cause) {
        signal?.throwIfAborted();
        if (!(cause instanceof SnapshotError || cause instanceof StateError)) throw cause;
        const uncopied = cause.code === "SNAPSHOT_NOT_TAKEN" ? leftOut : failed;
        uncopied.push({ task: taskIdText(taskId), cause });
      }
    }
    return { written, leftOut, failed };
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
