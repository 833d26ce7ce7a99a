import type { BatchWriter, OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type Offset } from "@millrace/model";
import { JoinedSignal, type LoopTracing, type Timers } from "@millrace/platform";

import type { Slice } from "../task/slice.ts";
import type { TaskAssignments } from "./task-assignments.ts";
import type { ActiveTask } from "./active-task.ts";
import type { WriteRefusals } from "./write-refusals.ts";

export interface BeginCommitOptions {
  readonly writer: BatchWriter;
  readonly refusals: WriteRefusals;
  readonly isOverlapped: boolean;
  /** Caches are flushed in slices, and as the writer has room: what they forward may be slow, or much. */
  readonly slice: Slice;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** What caches forward is part of the commit. */
  readonly tracing?: LoopTracing | undefined;
}

export interface EndCommitOptions {
  readonly writer: BatchWriter;
  readonly refusals: WriteRefusals;
  readonly assignments: Pick<TaskAssignments, "commit" | "groupMetadata">;
  readonly isExactlyOnce: boolean;
  readonly signal: AbortSignal;
  /** Crash steps for tests, such as `C19`. */
  readonly probe: ((step: string) => void) | undefined;
}

/** What a commit has to do with of a task. */
export type CommittedTask = Pick<ActiveTask, "taskId" | "subtopology" | "task" | "stores">;

/** What tasks had done when a commit began. */
export interface BegunCommit {
  readonly tasks: readonly CommittedTask[];
  readonly offsets: readonly OffsetAndMetadata[];
  /** True: the tasks go on meanwhile; what they write from now on is for the next commit. */
  readonly isOverlapped: boolean;
}

/**
 * A commit of what the tasks have done since the last time: caches, outputs, offsets, then the stores.
 *
 * ```
 * beginCommit                     endCommit
 * flush caches -> divide writer   flush writer, offsets into the transaction -> end it -> engine batch
 *                 and stages      meanwhile, where it is overlapped: records are processed for the next one
 * ```
 *
 * STREAMS-4: offsets are never ahead of outputs. STREAMS-5: an engine never holds what was not committed; if
 * the process dies before the engine batch, the changelog closes the gap.
 *
 * @returns undefined where there was nothing to commit
 */
export async function beginCommit(
  tasks: readonly CommittedTask[],
  { writer, refusals, isOverlapped, slice, timers, signal, tracing }: BeginCommitOptions,
): Promise<BegunCommit | undefined> {
  slice.begin();
  for (const { task } of tasks) {
    const flush = (): boolean => task.flush(slice);
    while (!(tracing === undefined ? flush() : tracing.within(flush))) {
      if (writer.hasRoom) await timers.yield();
      else await writer.drained(signal);
      signal.throwIfAborted();
      slice.begin();
    }
  }
  if (!tasks.some(({ task }) => task.needsCommit)) return undefined;
  const offsets = tasks.flatMap(({ task }) => task.committableOffsets());
  for (const { stores, task } of tasks) {
    stores.beginCommit();
    task.markCommitted();
  }
  if (isOverlapped) {
    writer.divide();
    refusals.origins.divide();
  }
  return { tasks, offsets, isOverlapped };
}

/** Ends what was begun; and opens the next transaction. Where it fails all of its tasks must go back to what is committed. */
export async function endCommit(
  begun: BegunCommit,
  { writer, refusals, assignments, isExactlyOnce, signal, probe }: EndCommitOptions,
): Promise<void> {
  const { tasks, offsets } = begun;
  let ends: Map<string, Offset>;
  if (isExactlyOnce) {
    ends = await flushWithOffsets(begun, { writer, refusals, assignments, signal });
    await writer.commit(signal);
    writer.begin();
  } else {
    ends = await flushAll(begun, writer, { refusals, signal });
    if (offsets.length > 0) await assignments.commit(offsets, signal);
  }
  probe?.("C19");
  for (const { topic, partition, offset } of offsets) {
    ends.set(topicPartitionName(topic, partition), offset);
  }
  for (const open of tasks) {
    open.stores.commit(changelogOffsets(open, ends));
    open.task.commitEnded();
  }
  probe?.("C18");
}

/** Both become visible with the end of the transaction alone: neither has to wait for the other. */
async function flushWithOffsets(
  begun: BegunCommit,
  { writer, refusals, assignments, signal }: Omit<EndCommitOptions, "isExactlyOnce" | "probe">,
): Promise<Map<string, Offset>> {
  const { offsets } = begun;
  const flushing = flushAll(begun, writer, { refusals, signal });
  if (offsets.length === 0) return flushing;
  const giveUp = new AbortController();
  flushing.catch((error: unknown) => giveUp.abort(error));
  using ends = new JoinedSignal(signal, giveUp.signal);
  const sending = writer.sendOffsets(offsets, assignments.groupMetadata, ends.signal);
  // Both come to their end before anything else is done. Of two failures the flush's is told: it names records.
  const [flushed, sent] = await Promise.allSettled([flushing, sending]);
  if (flushed.status === "rejected") throw flushed.reason;
  if (sent.status === "rejected") throw sent.reason;
  return flushed.value;
}

/** Once more where records were left out: whoever left them out may have written dead letters. */
async function flushAll(
  { isOverlapped }: BegunCommit,
  writer: BatchWriter,
  { refusals, signal }: Pick<EndCommitOptions, "refusals" | "signal">,
): Promise<Map<string, Offset>> {
  const ends = new Map<string, Offset>();
  let count: number;
  do {
    ({ count } = refusals);
    for (const { topic, partition, endOffset } of await writer.flush(signal))
      ends.set(topicPartitionName(topic, partition), endOffset);
  } while (refusals.count > count);
  if (isOverlapped) refusals.origins.forgetDivided();
  else refusals.origins.forget();
  return ends;
}

/** By store; a source topic that serves as changelog counts as far as it was read. */
function changelogOffsets(
  { subtopology, taskId }: CommittedTask,
  ends: ReadonlyMap<string, Offset>,
): ReadonlyMap<string, Offset> {
  const offsets = new Map<string, Offset>();
  for (const { name, store } of subtopology.changelogTopics) {
    const end = ends.get(topicPartitionName(name, taskId.partition));
    if (end !== undefined) offsets.set(store, end);
  }
  return offsets;
}
