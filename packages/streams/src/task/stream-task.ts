import {
  invariant,
  type Offset,
  type RecordBatchView,
  type Timestamp,
  type TopicPartition,
} from "@millrace/model";
import type { OffsetAndMetadata } from "@millrace/cluster";
import type { Counter } from "@millrace/platform";
import type { TaskStores } from "@millrace/state";

import { StreamsError } from "../error/streams-error.ts";
import type { PunctuationType } from "../processor/punctuation.ts";
import type { TaskId } from "../processor/task-id.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import { hashOrderOfTopics } from "../topology/java-order.ts";
import { matches } from "../topology/topology-builder.ts";
import type { SourceNode } from "../topology/topology-node.ts";
import { PartitionGroup } from "./partition-group.ts";
import { isTopicMark } from "./topic-marks.ts";
import { decodePartitionMetadata, encodePartitionMetadata } from "./partition-metadata.ts";
import { RecordQueue } from "./record-queue.ts";
import type { RunningNode } from "./running-node.ts";
import type { StreamTaskOptions } from "./stream-task-options.ts";
import { TaskCalls } from "./task-calls.ts";
import { TaskContext } from "./task-context.ts";
import { TaskErrors } from "./task-errors.ts";
import { TaskIdling } from "./task-idling.ts";
import { TaskTimers } from "./task-timers.ts";
import type { Slice } from "./slice.ts";
import { buildTaskTopology, type TaskTopology } from "./task-topology.ts";

const defaultBufferedRecordsMax = 1000;
const noNumbers: ReadonlyMap<string, number> = new Map();

/**
 * One sub-topology at work on one partition of its topics (Kafka: `StreamTask`): a synchronous state machine.
 * Its owner polls, calls `addBatch` and `process`, and at a commit: `flush`, then the collector's flush and the
 * offsets of `committableOffsets`, then `stores.commit` and `markCommitted`. An error of any call ends the task:
 * only `close` is left.
 *
 * ```
 *  new ──initialize──> running ──close──> closed
 *                        │  ▲
 *   addBatch, process,   └──┘ flush, committableOffsets, markCommitted
 *   punctuate
 * ```
 */
export class StreamTask {
  readonly taskId: TaskId;
  readonly subtopology: Subtopology;
  readonly stores: TaskStores;
  /** One per input topic, in the task's partition. */
  readonly inputPartitions: readonly TopicPartition[];
  readonly #options: StreamTaskOptions;
  readonly #context: TaskContext;
  readonly #errors: TaskErrors;
  readonly #group = new PartitionGroup();
  readonly #queues = new Map<string, RecordQueue>();
  readonly #running = new Map<SourceNode, RunningNode>();
  readonly #topology: TaskTopology;
  readonly #bufferedMax: number;
  readonly #idling: TaskIdling | undefined;
  readonly #timers: TaskTimers;
  readonly #calls: TaskCalls;
  #isInitialized = false;
  #isClosed = false;

  constructor(options: StreamTaskOptions) {
    this.#options = options;
    this.taskId = options.taskId;
    this.subtopology = options.subtopology;
    this.stores = options.stores;
    this.#bufferedMax = options.config.bufferedRecordsPerPartitionMax ?? defaultBufferedRecordsMax;
    const { lag, clock } = options;
    const maxTaskIdleMs = options.config.maxTaskIdleMs ?? 0;
    this.#idling =
      lag === undefined || maxTaskIdleMs < 0
        ? undefined
        : new TaskIdling({ lag, clock, maxTaskIdleMs });
    const { collector, config } = options;
    const context = new TaskContext(options, () => this.#group.streamTime);
    const errors = new TaskErrors(context, config, collector);
    this.#context = context;
    this.#errors = errors;
    this.#timers = new TaskTimers(context, errors);
    this.#calls = new TaskCalls(context, errors, options);
    const guard = errors.isGuarding ? errors : undefined;
    this.#topology = buildTaskTopology(options.subtopology, collector, {
      context,
      guard,
      timers: this.#timers,
      sinkOwner: errors,
    });
    for (const { node, running } of this.#topology.sources) this.#running.set(node, running);
    const { partition } = options.taskId;
    const topics = options.inputTopics ?? options.subtopology.sourceTopics;
    this.inputPartitions = topics.map((topic) => ({ topic, partition }));
    for (const topic of hashOrderOfTopics(topics, partition)) this.#openQueue(topic);
  }

  /** Highest timestamp taken so far; -1 before the first. */
  get streamTime(): Timestamp {
    return this.#group.streamTime;
  }

  /** Records that were left out: `dropped-records-total`. */
  get droppedRecords(): Counter {
    return this.#context.dropped;
  }

  /**
   * Starts the processors. The stores are open and restored by now.
   *
   * @param committed what was committed for the input partitions, so that stream time goes on
   */
  initialize(committed: readonly OffsetAndMetadata[] = []): void {
    invariant(!this.#isInitialized, "TASK-1", "initialize is called once");
    this.#isInitialized = true;
    for (const { topic, offset, metadata } of committed) {
      const queue = this.#queues.get(topic);
      if (queue === undefined) continue;
      queue.committedOffset = queue.offeredOffset = offset;
      const { partitionTime, processorMetadata } = decodePartitionMetadata(metadata);
      queue.partitionTime = partitionTime;
      this.#keepNumbers(processorMetadata);
      if (queue.partitionTime > this.#group.streamTime)
        this.#group.streamTime = queue.partitionTime;
    }
    for (const node of this.#topology.nodes) {
      this.#context.currentNode = node.nodeName;
      try {
        node.processor.init?.(node);
      } catch (thrown) {
        throw thrown instanceof StreamsError ? thrown : this.#context.startError(thrown);
      }
    }
  }

  /** Queues a batch; the task releases it. */
  addBatch(batch: RecordBatchView): void {
    const queue = this.#queues.get(batch.topic) ?? this.#queueOfPattern(batch.topic);
    if (batch.partition !== this.taskId.partition)
      throw new StreamsError(
        "UNKNOWN_PARTITION",
        `a batch of ${batch.topic}-${batch.partition} came, which this task does not read`,
        { taskId: this.#context.taskName },
      );
    const wasEmpty = !queue.hasHead;
    queue.add(batch);
    if (wasEmpty && queue.hasHead) this.#group.offer(queue);
  }

  /** Records of a topic that wait. */
  bufferedRecords(topic: string): number {
    return this.#queues.get(topic)?.size ?? 0;
  }

  /** True: hold the partition back until `bufferedRecords` has sunk. A batch that comes nevertheless is taken. */
  isFull(topic: string): boolean {
    return this.bufferedRecords(topic) > this.#bufferedMax;
  }

  /** True: `process` has something to do. */
  get hasBufferedRecords(): boolean {
    return !this.#group.isEmpty;
  }

  /** True: there is something to commit since `markCommitted`. */
  get needsCommit(): boolean {
    return this.#haveInputsMoved || this.#hasWritten;
  }

  /** True: a processor asked for a commit, and there is something to commit. */
  get isCommitRequested(): boolean {
    return this.#context.isCommitRequested && this.needsCommit;
  }

  /**
   * Milliseconds until a timer is due, as far as that is known: 0 or less, one is, or a result waits for its delivery;
   * Infinity, none will be. Call `process` then, and `punctuate`.
   */
  get untilTimerMs(): number {
    return this.#calls.haveResults ? 0 : this.#timers.untilNextMs;
  }

  /** Calls of operators that have begun, and not ended: `wake` will be called. */
  get callCount(): number {
    return this.#calls.count;
  }

  /**
   * Delivers results that were awaited, then takes records, lowest timestamp first, each through the whole
   * sub-topology, up to so many in all; after each record, the timers have their turn that go by stream time. Stops
   * early where the queues are empty, the collector has no room, the stage of the stores is full, an operator holds all
   * that it may while it awaits, or `maxTaskIdleMs` says to wait for an input.
   *
   * @param slice ends it, too; timers that are due then are called first the next time
   * @returns how many results and records were processed
   */
  process(recordsMax: number, slice?: Slice): number {
    const { collector } = this.#options;
    let count = 0;
    if (slice !== undefined && this.#punctuate("streamTime", slice)) return count;
    while (count < recordsMax && collector.hasRoom && this.#calls.haveResults) {
      this.#deliverResult();
      count += 1;
      if (this.stores.isStageFull || slice?.afterRecord() === true) return count;
    }
    while (count < recordsMax && collector.hasRoom && this.#isReady()) {
      const queue = this.#group.poll();
      if (queue === undefined) break;
      this.#processHead(queue);
      queue.advance();
      if (queue.hasHead) this.#group.offer(queue);
      count += 1;
      const isOver = this.#punctuate("streamTime", slice);
      if (isOver || this.stores.isStageFull || slice?.afterRecord() === true) break;
    }
    return count;
  }

  /** Calls the timers that are due by the wall clock. With a slice, some may be left over: `untilTimerMs` says so. */
  punctuate(slice?: Slice): void {
    this.#punctuate("wallClockTime", slice);
  }

  /**
   * Writes, logs and forwards what the caches hold back, store by store.
   *
   * @param slice gives way once it is over, or the collector has no room: call again, and do nothing else with the
   *   task before
   * @returns whether it is done
   */
  flush(slice?: Slice): boolean {
    const { collector } = this.#options;
    try {
      const isDone = this.stores.flush(slice && (() => slice.afterRecord() || !collector.hasRoom));
      if (isDone) this.#calls.save(); // what the caches have forwarded is among it
      return isDone;
    } catch (thrown) {
      throw this.#failure(thrown);
    }
  }

  /**
   * The next offset to read of each input partition that moved, with the partition's time beside it: what waits
   * in the queue is not covered. Where none has moved, and something was written all the same, by a timer perhaps,
   * those of all inputs: so that the group fences who writes without having them any more.
   */
  committableOffsets(): readonly OffsetAndMetadata[] {
    const { processorMetadata: marks = noNumbers } = this.#options;
    const processorMetadata = new Map([...this.#context.scope.committedNumbers, ...marks]);
    const offsets: OffsetAndMetadata[] = [];
    const areAll = !this.#haveInputsMoved && this.#hasWritten;
    for (const queue of this.#queues.values()) {
      const { topic, partition } = queue;
      const offset = this.#nextOffset(queue);
      const isAsked = areAll ? offset >= 0 : this.#hasMoved(queue);
      if (!isAsked) continue;
      queue.offeredOffset = offset;
      const { partitionTime } = queue;
      const metadata = encodePartitionMetadata({ partitionTime, processorMetadata });
      offsets.push({ topic, partition, offset, metadata });
    }
    return offsets;
  }

  /** Of each name the highest: every input has those of the whole task. Marks of topics are made anew. */
  #keepNumbers(committed: ReadonlyMap<string, number>): void {
    const { committedNumbers } = this.#context.scope;
    for (const [name, number] of committed)
      if (!isTopicMark(name))
        committedNumbers.set(name, Math.max(number, committedNumbers.get(name) ?? number));
  }

  /** What `committableOffsets` gave is committed. */
  markCommitted(): void {
    this.#errors.hasSent = false;
    this.#context.isCommitRequested = false;
    for (const queue of this.#queues.values()) {
      queue.hasMoved = false;
      queue.committedOffset = queue.offeredOffset;
    }
  }

  /** Gives all batches back and closes processors and stores, without flushing. Twice is fine. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timers.close();
    this.#group.clear();
    for (const queue of this.#queues.values()) queue.clear();
    let failure: unknown;
    if (this.#isInitialized) {
      for (const node of this.#topology.nodes) {
        try {
          node.processor.close?.();
        } catch (thrown) {
          failure ??= thrown;
        }
      }
    }
    await this.stores.close();
    if (failure !== undefined) throw this.#failure(failure);
  }

  /** -1 if nothing is known yet. */
  #nextOffset(queue: RecordQueue): Offset {
    if (queue.head !== undefined) return queue.headOffset;
    return this.#options.position?.(queue.topic) ?? queue.position;
  }

  #hasMoved(queue: RecordQueue): boolean {
    return queue.hasMoved || this.#nextOffset(queue) !== queue.committedOffset;
  }

  get #haveInputsMoved(): boolean {
    for (const queue of this.#queues.values()) if (this.#hasMoved(queue)) return true;
    return false;
  }

  /** Timers write, processors that are initialised, and flushes of what was written for inputs long committed. */
  get #hasWritten(): boolean {
    return this.#errors.hasSent || this.stores.stageBytes > 0;
  }

  /** @returns true where the slice is over, or some that are due were left for the next one */
  #punctuate(type: PunctuationType, slice: Slice | undefined): boolean {
    const timers = this.#timers;
    if (!timers.isDue(type)) return false;
    const { collector } = this.#options;
    const isOver = (): boolean =>
      slice?.afterRecord() === true || !collector.hasRoom || this.stores.isStageFull;
    if (slice !== undefined && !collector.hasRoom) return true;
    try {
      timers.run(type, slice && isOver);
    } catch (thrown) {
      throw this.#failure(thrown);
    }
    return slice !== undefined && (slice.isOver || timers.isDue(type));
  }

  #isReady(): boolean {
    const { size } = this.#group;
    if (size === 0 || this.#calls.areFull) return false;
    return this.#idling === undefined || this.#idling.isReady(this.#queues.values());
  }

  #deliverResult(): void {
    try {
      this.#calls.deliver();
    } catch (thrown) {
      throw this.#failure(thrown);
    }
  }

  #processHead(queue: RecordQueue): void {
    const group = this.#group;
    invariant(queue.hasHead, "TASK-2", queue.topic);
    const record = queue.takeHead();
    if (record === undefined) return;
    if (record.timestamp > group.streamTime) group.streamTime = record.timestamp;
    const context = this.#options.recordContext;
    context.topic = queue.headTopic;
    context.partition = queue.partition;
    context.offset = queue.headOffset;
    context.timestamp = record.timestamp;
    context.headers = record.headers;
    const source = this.#running.get(queue.source);
    invariant(source !== undefined, "TASK-3", queue.source.name);
    this.#errors.beginRecord(queue.source, record);
    try {
      source.forward(record as StreamRecord);
    } catch (thrown) {
      throw this.#failure(thrown);
    }
  }

  /** Topics of a pattern may turn up later; where the pattern itself was named as an input, it has the queue. */
  #queueOfPattern(topic: string): RecordQueue {
    for (const queue of this.#queues.values()) {
      const { pattern } = queue.source;
      if (pattern?.source === queue.topic && matches(pattern, topic)) return queue;
    }
    return this.#openQueue(topic);
  }

  #openQueue(topic: string): RecordQueue {
    const found = this.#topology.sources.find(
      ({ node: { topics, pattern } }) =>
        topics.includes(topic) ||
        (pattern !== undefined && (pattern.source === topic || matches(pattern, topic))),
    );
    if (found === undefined)
      throw new StreamsError("UNKNOWN_PARTITION", `no source reads topic ${topic}`, {
        taskId: this.#context.taskName,
      });
    const { partition } = this.taskId;
    const queue = new RecordQueue(
      found.node,
      { topic, partition },
      { context: this.#context, errors: this.#errors },
    );
    this.#queues.set(topic, queue);
    return queue;
  }

  /** What a failing writer throws is passed on as it is: the record under way is not at fault. */
  #failure(thrown: unknown): unknown {
    if (thrown instanceof StreamsError || this.#errors.isOfWriter(thrown)) return thrown;
    return this.#context.processingError(thrown);
  }
}
