import type { RecordBatchView, Timestamp } from "@millrace/model";
import { type WaitBounds } from "@millrace/serde";

import { StreamsError } from "../error/streams-error.ts";
import { hashOrderOfTopics } from "../topology/java-order.ts";
import { matches } from "../topology/topology-builder.ts";
import type { SourceNode } from "../topology/topology-node.ts";
import { PartitionGroup } from "./partition-group.ts";
import { RecordQueue } from "./record-queue.ts";
import type { QueueErrors } from "./record-reader.ts";
import {
  defaultSerdeTimeoutMs,
  type RecordPlace,
  type StreamTaskOptions,
} from "./stream-task-options.ts";
import type { TaskContext } from "./task-context.ts";
import { TaskIdling } from "./task-idling.ts";

export interface InputQueuesParts {
  readonly sources: readonly SourceNode[];
  readonly context: TaskContext;
  readonly errors: QueueErrors;
}

/** The queues of a task's inputs, one per topic, and the choice between them. */
export class InputQueues {
  readonly #partition: number;
  readonly #parts: InputQueuesParts;
  readonly #group = new PartitionGroup();
  readonly #queues = new Map<string, RecordQueue>();
  readonly #idling: TaskIdling | undefined;
  readonly #waits: WaitBounds;
  /** Those whose next record waits for its serde. */
  readonly #held = new Set<RecordQueue>();
  /** True: since it was told that they are ready no input has come to its end. */
  #isReadyStill = false;

  constructor(topics: readonly string[], options: StreamTaskOptions, parts: InputQueuesParts) {
    const { taskId, lag, clock, timers, wake, config } = options;
    this.#partition = taskId.partition;
    this.#parts = parts;
    const timeoutMs = config.serdeTimeoutMs ?? defaultSerdeTimeoutMs;
    this.#waits = { clock, timers, wake, timeoutMs };
    const maxTaskIdleMs = config.maxTaskIdleMs ?? 0;
    if (lag !== undefined && maxTaskIdleMs >= 0)
      this.#idling = new TaskIdling({ lag, clock, maxTaskIdleMs });
    for (const topic of hashOrderOfTopics(topics, taskId.partition)) this.#open(topic);
  }

  /** Highest timestamp taken so far; -1 before the first. */
  get streamTime(): Timestamp {
    return this.#group.streamTime;
  }

  /** TASK-4: it never goes back. */
  advanceStreamTime(timestamp: Timestamp): void {
    if (timestamp > this.#group.streamTime) this.#group.streamTime = timestamp;
  }

  /** True: no record waits. */
  get isEmpty(): boolean {
    return this.#group.isEmpty && this.#held.size === 0;
  }

  /** True: the next record of an input waits for what its serde fetches. */
  get areHeld(): boolean {
    return this.#held.size > 0;
  }

  get all(): Iterable<RecordQueue> {
    return this.#queues.values();
  }

  get bufferedRecords(): number {
    return this.#sum(({ size }) => size);
  }

  get bufferedBytes(): number {
    return this.#sum(({ sizeBytes }) => sizeBytes);
  }

  #sum(of: (queue: RecordQueue) => number): number {
    let sum = 0;
    for (const queue of this.all) sum += of(queue);
    return sum;
  }

  queue(topic: string): RecordQueue | undefined {
    return this.#queues.get(topic);
  }

  addBatch(batch: RecordBatchView): void {
    const queue = this.#queues.get(batch.topic) ?? this.#queueOfPattern(batch.topic);
    if (batch.partition !== this.#partition)
      throw new StreamsError(
        "UNKNOWN_PARTITION",
        `a batch of ${batch.topic}-${batch.partition} came, which this task does not read`,
        { taskId: this.#parts.context.taskName },
      );
    const wasEmpty = !queue.hasHead;
    this.#isReadyStill = false;
    queue.add(batch);
    if (wasEmpty) this.#offer(queue);
  }

  /** True: there is a record to choose, and none of another input to wait for. */
  get isReady(): boolean {
    if (this.#held.size > 0) this.#resumeHeld();
    else if (this.#isReadyStill) return true;
    if (this.#group.isEmpty) return false;
    if (this.#held.size > 0 && this.#idling !== undefined && !this.#isBeforeHeld()) return false;
    this.#isReadyStill = this.#idling === undefined || this.#idling.isReady(this.all);
    return this.#isReadyStill;
  }

  /** A turn begins: what the cluster has, and what time it is, may be other than before. */
  beginTurn(): void {
    this.#isReadyStill = false;
  }

  /** True: one of the records is next in its queue, or was taken before, or is of no queue. */
  haveReached(places: readonly RecordPlace[]): boolean {
    return places.some(({ topic, offset }) => {
      const queue = topic === null ? undefined : this.#queues.get(topic);
      if (queue === undefined) return true;
      const { nextOffset = Math.max(queue.position, queue.committedOffset) } = queue;
      return nextOffset >= offset;
    });
  }

  /** Takes out the queue whose head is next. */
  choose(): RecordQueue | undefined {
    return this.#group.poll();
  }

  /** The head of a chosen queue is done: its next record waits to be chosen. */
  advance(queue: RecordQueue): void {
    queue.advance();
    if (!queue.hasHead) this.#isReadyStill = false;
    this.#offer(queue);
  }

  /** Gives all batches back. */
  clear(): void {
    this.#isReadyStill = false;
    this.#group.clear();
    this.#held.clear();
    for (const queue of this.#queues.values()) queue.clear();
  }

  #offer(queue: RecordQueue): void {
    if (queue.hasHead) this.#group.offer(queue);
    else if (queue.isHeld) this.#held.add(queue);
  }

  #resumeHeld(): void {
    for (const queue of this.#held) {
      queue.resume();
      if (queue.isHeld) continue;
      this.#held.delete(queue);
      this.#offer(queue);
    }
  }

  /** A record that is held keeps its turn: what is of the same time, or earlier, goes on. */
  #isBeforeHeld(): boolean {
    for (const { heldTimestamp } of this.#held)
      if (this.#group.firstTime > heldTimestamp) return false;
    return true;
  }

  /** Topics of a pattern may turn up later; where the pattern itself was named as an input, it has the queue. */
  #queueOfPattern(topic: string): RecordQueue {
    for (const queue of this.#queues.values()) {
      const { pattern } = queue.source;
      if (pattern?.source === queue.topic && matches(pattern, topic)) return queue;
    }
    return this.#open(topic);
  }

  #open(topic: string): RecordQueue {
    const { sources, context, errors } = this.#parts;
    const source = sources.find(
      ({ topics, pattern }) =>
        topics.includes(topic) ||
        (pattern !== undefined && (pattern.source === topic || matches(pattern, topic))),
    );
    if (source === undefined)
      throw new StreamsError("UNKNOWN_PARTITION", `no source reads topic ${topic}`, {
        taskId: context.taskName,
      });
    const queue = new RecordQueue(
      source,
      { topic, partition: this.#partition },
      { context, errors, waits: this.#waits },
    );
    this.#queues.set(topic, queue);
    return queue;
  }
}
