import {
  pruneSnapshots,
  SnapshotError,
  StateError,
  type SnapshotStore,
  type WrittenSnapshot,
} from "@millrace/state";

import { Slice } from "../../task/slice.ts";
import type { ActiveTask } from "../active-task.ts";
import type { LoopEnvironment } from "../loop-environment.ts";

/** Of rows that are copied, while tasks run. */
const sliceMs = 2;

export interface SnapshotOrder {
  readonly to: SnapshotStore;
  /** See `pruneSnapshots`; undefined: all stay. */
  readonly keep: number | undefined;
  readonly signal: AbortSignal;
}

export type SnapshotEnvironment = Pick<LoopEnvironment, "platform" | "config"> & {
  readonly assignments: Pick<LoopEnvironment["assignments"], "confirmedMs">;
};

interface FailedTask {
  readonly task: string;
  readonly cause: SnapshotError | StateError;
}

/**
 * Copies the stores of tasks that run, as of their last commits, one task after the other. One that moves away meanwhile,
 * or has committed nothing yet, is left out. What keeps one from being copied is thrown after the others were.
 *
 * @throws SnapshotError `SNAPSHOT_STORE_FAILED`: the first error of the place, with the names of all tasks whose
 *   snapshots failed; StateError; the signal's reason
 */
export async function snapshotTasks(
  tasks: readonly Pick<ActiveTask, "state" | "subtopology">[],
  { platform, config, assignments }: SnapshotEnvironment,
  { to, keep, signal }: SnapshotOrder,
): Promise<readonly WrittenSnapshot[]> {
  const { applicationId: application, commitIntervalMs, transactionTimeoutMs } = config;
  const written: WrittenSnapshot[] = [];
  const failed: FailedTask[] = [];
  for (const { state, subtopology } of tasks) {
    if (subtopology.changelogTopics.length === 0) continue;
    // Also where there is nothing to copy: whoever asks again and again leaves the tasks their turns.
    await platform.timers.yield();
    try {
      const { confirmedMs } = assignments;
      if (confirmedMs === undefined) throw notConfirmed(state.name);
      const one = await state.snapshot(to, {
        application,
        platform,
        // What the last commit did not hold then may have been so old.
        asOfMs: confirmedMs - commitIntervalMs - transactionTimeoutMs,
        giveWay: givingWay(platform),
        signal,
      });
      if (keep !== undefined)
        await pruneSnapshots(to, { application, task: state.name, keep, signal });
      written.push(one);
      platform.logger.log("info", "streams.snapshot-written", { place: to.place, ...one });
    } catch (cause) {
      if (isOfTask(cause))
        platform.logger.log("info", "streams.snapshot-left-out", { task: state.name, cause });
      else if (!signal.aborted && (cause instanceof SnapshotError || cause instanceof StateError))
        failed.push({ task: state.name, cause });
      else throw cause;
    }
  }
  if (failed.length > 0) throw failureOf(failed);
  return written;
}

/** The first one, which says what to do, and of which tasks there is no new snapshot. */
function failureOf(failed: readonly FailedTask[]): SnapshotError | StateError {
  const [{ cause }] = failed;
  const names = failed.map(({ task }) => task).join(", ");
  const message = `the snapshots of ${names} failed; ${failed[0].task}: ${cause.message}`;
  return cause instanceof SnapshotError
    ? new SnapshotError(cause.code, message, cause)
    : new StateError(cause.code, message, cause);
}

function givingWay({
  clock,
  timers,
}: LoopEnvironment["platform"]): () => Promise<void> | undefined {
  const slice = new Slice(clock, sliceMs);
  slice.begin();
  return () => {
    if (!slice.afterRecord()) return undefined;
    return timers.yield().then(() => slice.begin());
  };
}

function notConfirmed(task: string): SnapshotError {
  return new SnapshotError(
    "SNAPSHOT_NOT_TAKEN",
    `the group has not confirmed yet that task ${task} is here; take the snapshot a heartbeat later`,
  );
}

function isOfTask(error: unknown): boolean {
  if (error instanceof StateError) return error.code === "STORE_CLOSED";
  return error instanceof SnapshotError && error.code === "SNAPSHOT_NOT_TAKEN";
}
