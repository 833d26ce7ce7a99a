import type { OffsetAndMetadata } from "@millrace/cluster";
import type { Offset } from "@millrace/model";

import type { InputQueues } from "./input-queues.ts";
import { decodePartitionMetadata, encodePartitionMetadata } from "./partition-metadata.ts";
import type { RecordQueue } from "./record-queue.ts";
import type { StreamTaskOptions } from "./stream-task-options.ts";
import type { TaskContext } from "./task-context.ts";
import type { TaskErrors } from "./task-errors.ts";
import { isTopicMark } from "./topic-marks.ts";

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
      queue.committedOffset = queue.offeredOffset = offset;
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
    const processorMetadata = new Map([...context.scope.committedNumbers, ...marks]);
    const offsets: OffsetAndMetadata[] = [];
    const areAll = !this.#haveInputsMoved && this.#hasWritten;
    for (const queue of queues.all) {
      const { topic, partition, partitionTime } = queue;
      const offset = this.#nextOffset(queue);
      const isAsked = areAll ? offset >= 0 : this.#hasMoved(queue);
      if (!isAsked) continue;
      queue.offeredOffset = offset;
      const metadata = encodePartitionMetadata({ partitionTime, processorMetadata });
      offsets.push({ topic, partition, offset, metadata });
    }
    return offsets;
  }

  /** What `committableOffsets` gave is committed. */
  markCommitted(): void {
    const { context, errors, queues } = this.#parts;
    errors.hasSent = false;
    context.isCommitRequested = false;
    for (const queue of queues.all) {
      queue.hasMoved = false;
      queue.committedOffset = queue.offeredOffset;
    }
  }

  /** Of each name the highest: every input has those of the whole task. Marks of topics are made anew. */
  #keepNumbers(committed: ReadonlyMap<string, number>): void {
    const { committedNumbers } = this.#parts.context.scope;
    for (const [name, number] of committed)
      if (!isTopicMark(name))
        committedNumbers.set(name, Math.max(number, committedNumbers.get(name) ?? number));
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
