import type { OffsetAndMetadata } from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import type { QueryIsolation } from "@millrace/state";

import type { InputQueues } from "./input-queues.ts";
import { decodePartitionMetadata, encodePartitionMetadata } from "./partition-metadata.ts";
import type { RecordQueue } from "./record-queue.ts";
import type { StreamTaskOptions } from "./stream-task-options.ts";
import type { TaskContext } from "./task-context.ts";
import type { TaskErrors } from "./task-errors.ts";
import { isTopicMark, topicOfMark } from "./topic-marks.ts";

const noNumbers: ReadonlyMap<string, number> = new Map();

export interface TaskProgressParts {
  readonly queues: InputQueues;
  readonly context: TaskContext;
  readonly errors: TaskErrors;
}

/** How far a task has come, as its group is told: offsets, and beside them times, numbers of processors and marks of topics. */
export class TaskProgress {
  readonly #options: StreamTaskOptions;
  readonly #parts: TaskProgressParts;
  /** Names that did not fit beside an offset. */
  readonly #told = new Set<string>();

  constructor(options: StreamTaskOptions, parts: TaskProgressParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Goes on from what was committed for the inputs. */
  resume(committed: readonly OffsetAndMetadata[]): void {
    const { queues } = this.#parts;
    for (const { topic, offset, metadata } of committed) {
      const queue = queues.queue(topic);
      if (queue === undefined) continue;
      queue.committedOffset = queue.offeredOffset = queue.endedOffset = offset;
      const { partitionTime, processorMetadata } = decodePartitionMetadata(metadata);
      queue.partitionTime = partitionTime;
      queues.advanceStreamTime(partitionTime);
      this.#keepNumbers(processorMetadata);
    }
  }

  /** True: there is something to commit. */
  get needsCommit(): boolean {
    return this.#haveInputsMoved || this.#hasWritten;
  }

  /** See `StreamTask`. */
  committableOffsets(): readonly OffsetAndMetadata[] {
    const { processorMetadata: marks = noNumbers } = this.#options;
    const { context, queues } = this.#parts;
    const processorMetadata = new Map([...context.scope.committedNumbers.entries, ...marks]);
    const offsets: OffsetAndMetadata[] = [];
    const areAll = !this.#haveInputsMoved && this.#hasWritten;
    for (const queue of queues.all) {
      const { topic, partition, partitionTime } = queue;
      const offset = this.#nextOffset(queue);
      const isAsked = areAll ? offset >= 0 : this.#hasMoved(queue);
      if (!isAsked) continue;
      queue.offeredOffset = offset;
      const { text, leftOut } = encodePartitionMetadata({ partitionTime, processorMetadata });
      this.#tellLeftOut(leftOut);
      offsets.push({ topic, partition, offset, metadata: text });
    }
    return offsets;
  }

  /** What `committableOffsets` gave is committed, or will be, else the task ends: what is done from now on is not part of it. */
  markCommitted(): void {
    const { context, errors, queues } = this.#parts;
    errors.hasSent = false;
    context.isCommitRequested = false;
    for (const queue of queues.all) {
      queue.hasMoved = false;
      queue.committedOffset = queue.offeredOffset;
    }
  }

  /** What was marked as committed is: one commit is under way at a time. */
  commitEnded(): void {
    for (const queue of this.#parts.queues.all) queue.endedOffset = queue.committedOffset;
  }

  /** See `StreamTask`. */
  inputOffsets(
    isolation: QueryIsolation,
  ): readonly (TopicPartition & { readonly offset: Offset })[] {
    const isOfCommitted = isolation === "committed";
    const offsets: (TopicPartition & { readonly offset: Offset })[] = [];
    for (const { topic, partition, endedOffset, nextOffset, position } of this.#parts.queues.all) {
      // Not the reader's position: what it has given may be on its way to the queue.
      const offset = isOfCommitted ? endedOffset : (nextOffset ?? Math.max(position, endedOffset));
      if (offset >= 0) offsets.push({ topic, partition, offset });
    }
    return offsets;
  }

  /** Marks of topics are made anew. */
  #keepNumbers(committed: ReadonlyMap<string, number>): void {
    const { committedNumbers } = this.#parts.context.scope;
    for (const [name, number] of committed)
      if (!isTopicMark(name)) committedNumbers.restore(name, number);
  }

  /** Once for each name in the life of the task: nothing else would say so before a restart. */
  #tellLeftOut(names: readonly string[]): void {
    const untold = names.filter((name) => !this.#told.has(name));
    if (untold.length === 0) return;
    for (const name of untold) this.#told.add(name);
    this.#parts.context.logger.log("warn", "streams.offset-metadata-full", {
      operators: untold.filter((name) => !isTopicMark(name)),
      topics: untold.filter(isTopicMark).map(topicOfMark),
      advice:
        "a broker takes 4096 characters beside an offset: after a restart these operators begin with no stream time, so that windows which have closed may open again, and these topics are not recognised where they were made anew; give stores and operators shorter names, or fewer of them to one sub-topology",
    });
  }

  /** -1 if nothing is known yet. */
  #nextOffset(queue: RecordQueue): Offset {
    return queue.nextOffset ?? this.#options.position?.(queue.topic) ?? queue.position;
  }

  #hasMoved(queue: RecordQueue): boolean {
    return queue.hasMoved || this.#nextOffset(queue) !== queue.committedOffset;
  }

  get #haveInputsMoved(): boolean {
    for (const queue of this.#parts.queues.all) if (this.#hasMoved(queue)) return true;
    return false;
  }

  /** Timers write, processors that are initialised, and flushes of what was written for inputs long committed. */
  get #hasWritten(): boolean {
    return this.#parts.errors.hasSent || this.#options.stores.stageBytes > 0;
  }
}
