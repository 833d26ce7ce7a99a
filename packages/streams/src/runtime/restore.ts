import {
  OffsetOutOfRangeError,
  type BatchReader,
  type ClusterAdmin,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import {
  topicPartitionName,
  type Offset,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";
import type { Counter, Logger, Timers } from "@millrace/platform";
import { StateError, type TaskStores } from "@millrace/state";

import { taskIdText, type TaskId } from "../processor/task-id.ts";
import type { Slice } from "../task/slice.ts";
import type { Subtopology } from "../topology/subtopology.ts";

/** A store that may lag behind its changelog. */
export interface Restorable {
  readonly taskId: TaskId;
  readonly store: string;
  readonly stores: TaskStores;
  readonly changelog: TopicPartition;
  /** Nothing is taken from here on; undefined: all that is there. */
  readonly limit: Offset | undefined;
}

/** A task whose stores are to be restored. */
export interface RestorableTask {
  readonly taskId: TaskId;
  readonly subtopology: Subtopology;
  readonly stores: TaskStores;
}

export interface RestoreOptions {
  readonly admin: ClusterAdmin;
  /** A reader of its own, read-committed. Nothing else is assigned to it. */
  readonly reader: BatchReader;
  readonly restored: Counter;
  /** What is left to be replayed, in offsets; 0 between restorations. */
  readonly remaining: Counter;
  readonly logger: Logger;
  /** Other work of the process has its turn in between. */
  readonly slice: Slice;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

interface Restoration extends Restorable {
  readonly end: Offset;
  position: Offset;
}

/**
 * The changelogs of a task's stores. A source topic that serves as one is taken as far as it was processed: the rest
 * is for the task, and may hold what no reader sees yet (Kafka: `StoreChangelogReader`).
 */
export function restorablesOf(
  { taskId, subtopology, stores }: RestorableTask,
  committed: readonly OffsetAndMetadata[],
): readonly Restorable[] {
  const { partition } = taskId;
  const committedIn = (topic: string): Offset =>
    committed.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0;
  return subtopology.changelogTopics.map(({ name, store, isSourceTopic }) => ({
    taskId,
    store,
    stores,
    changelog: { topic: name, partition },
    limit: isSourceTopic ? committedIn(name) : undefined,
  }));
}

/**
 * Replays what stores lack of their changelogs. Afterwards each store equals the fold of its changelog.
 *
 * STREAMS-3: a store was built from this very changelog, and its offset is never above the end, nor below the start.
 * Where that does not hold (the folder of another partition, a changelog that was made anew) the store holds another
 * history and is rebuilt from the changelog. So is one that its changelog moves away from meanwhile.
 */
export async function restoreStores(
  restorables: readonly Restorable[],
  options: RestoreOptions,
): Promise<void> {
  if (restorables.length === 0) return;
  const pending = new Map<string, Restoration>();
  for (const restoration of await planRestorations(restorables, options)) {
    if (restoration.position < restoration.end)
      pending.set(nameOf(restoration.changelog), restoration);
    else restoration.stores.commit(new Map([[restoration.store, restoration.position]]));
  }
  if (pending.size === 0) return;
  const { reader, slice, remaining } = options;
  let left = 0;
  const tellRemaining = (now: number): void => {
    remaining.add(now - left);
    left = now;
  };
  const partitions = [...pending.values()].map(({ changelog }) => changelog);
  reader.assign([...pending.values()].map((one) => ({ ...one.changelog, offset: one.position })));
  try {
    while (pending.size > 0) {
      options.signal.throwIfAborted();
      tellRemaining(remainingOf(pending.values()));
      const batches = await nextBatches(pending, options);
      slice.begin();
      try {
        for (const batch of batches) {
          applyBatch(batch, pending, options.restored);
          tellRemaining(remainingOf(pending.values()));
          if (!slice.afterRecord()) continue;
          await options.timers.yield();
          slice.begin();
        }
      } finally {
        for (const batch of batches) batch.release();
      }
      for (const one of pending.values())
        one.position = Math.min(one.end, reader.position(one.changelog) ?? one.position);
      commitRestored([...pending.values()]);
      for (const [name, { position, end }] of pending) if (position >= end) pending.delete(name);
    }
  } finally {
    tellRemaining(0);
    reader.unassign(partitions);
  }
}

/** A store whose changelog has lost what was to be read next begins anew (Kafka: `TaskCorruptedException`). */
async function nextBatches(
  pending: Map<string, Restoration>,
  options: RestoreOptions,
): Promise<readonly RecordBatchView[]> {
  const { reader, signal } = options;
  try {
    return await reader.poll({ signal, waitMsMax: 1000 });
  } catch (error) {
    if (!(error instanceof OffsetOutOfRangeError)) throw error;
    const lost = pending.get(nameOf(error));
    if (lost === undefined) throw error;
    const { offset, startOffset, endOffset } = error;
    const range = { offset, changelogStart: startOffset, changelogEnd: endOffset };
    rebuild(lost, { reason: outOfRange, ...range }, options.logger);
    const [again] = await planRestorations([lost], options);
    pending.set(nameOf(again.changelog), again);
    reader.unassign([again.changelog]);
    if (again.position < again.end) reader.assign([{ ...again.changelog, offset: again.position }]);
    return [];
  }
}

function remainingOf(pending: Iterable<Restoration>): number {
  let sum = 0;
  for (const { end, position } of pending) sum += end - position;
  return sum;
}

/**
 * Writes the stages that are full or complete. A stage holds what was replayed into any store of its task, so the
 * positions of all of them go with it.
 */
function commitRestored(pending: readonly Restoration[]): void {
  const byTask = Map.groupBy(pending, ({ stores }) => stores);
  for (const [stores, own] of byTask) {
    if (!stores.isStageFull && own.every(({ position, end }) => position < end)) continue;
    stores.commit(new Map(own.map(({ store, position }) => [store, position])));
  }
}

async function planRestorations(
  restorables: readonly Restorable[],
  { admin, logger, signal }: RestoreOptions,
): Promise<readonly Restoration[]> {
  const partitions = restorables.map(({ changelog }) => changelog);
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const [descriptions, starts, ends] = await Promise.all([
    admin.describeTopics(topics, signal),
    admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "earliest" as const })),
      { signal },
    ),
    admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "latest" as const })),
      // Not the last stable offset: the marker of a transaction whose offsets are committed may still be missing
      // here, and its records belong to those offsets. The reader gets past this end once it is written.
      { isolation: "read_uncommitted", signal },
    ),
  ]);
  return restorables.map((restorable, index) => {
    const start = starts[index].offset;
    const end = ends[index].offset;
    const { stores, store, changelog, limit } = restorable;
    const offset = stores.committedOffset(store);
    const isWithin = offset === undefined || (offset >= start && offset <= end);
    const topicId = descriptions.get(changelog.topic)?.topicId;
    const isOwn = stores.tie(store, nameOf(changelog), topicId);
    const planned = { ...restorable, end: Math.min(end, limit ?? end) };
    if (isOwn && isWithin) return { ...planned, position: offset ?? start };
    const reason = isOwn
      ? outOfRange
      : "it was built from another changelog, or one that was deleted and made anew";
    rebuild(restorable, { reason, offset, changelogStart: start, changelogEnd: end }, logger);
    return { ...planned, position: start };
  });
}

const outOfRange = "the changelog does not hold its offset";

interface Mismatch {
  readonly reason: string;
  /** At which the store was. */
  readonly offset: Offset | undefined;
  readonly changelogStart: Offset;
  readonly changelogEnd: Offset;
}

function rebuild({ taskId, store, stores }: Restorable, found: Mismatch, logger: Logger): void {
  logger.log("warn", "streams.store-rebuilt", { task: taskIdText(taskId), store, ...found });
  stores.wipe(store);
}

function applyBatch(
  batch: RecordBatchView,
  pending: ReadonlyMap<string, Restoration>,
  restored: Counter,
): void {
  const restoration = pending.get(topicPartitionName(batch.topic, batch.partition));
  if (restoration !== undefined) {
    let count = 0;
    while (batch.next() && batch.offset < restoration.end) {
      const { key } = batch;
      if (key === null) continue;
      applyRecord(key, batch, restoration);
      count += 1;
    }
    restored.add(count);
    restoration.position = Math.min(restoration.end, batch.nextOffset);
  }
  batch.release();
}

/** What cannot be taken is told with its place: only there it can be looked at. */
function applyRecord(key: Uint8Array, batch: RecordBatchView, restoration: Restoration): void {
  const { taskId, stores, store } = restoration;
  try {
    stores.restore(store, key, batch);
  } catch (cause) {
    if (!(cause instanceof StateError)) throw cause;
    const place = `task ${taskIdText(taskId)}, record ${nameOf(batch)} at offset ${batch.offset}`;
    throw new StateError(cause.code, `${cause.message} (${place})`, cause);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
