import {
  invariant,
  type Offset,
  type RecordBatchView,
  type Timestamp,
  type TopicPartition,
} from "@millrace/model";
import type { OffsetAndMetadata } from "@millrace/cluster";
import type { Counter } from "@millrace/platform";
import type { QueryIsolation, TaskStores } from "@millrace/state";

import type { StreamsError } from "../error/streams-error.ts";
import { noTaps } from "../processor/record-tap.ts";
import type { TaskId } from "../processor/task-id.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import { InputQueues } from "./input-queues.ts";
import type { RecordPlace, StreamTaskOptions } from "./stream-task-options.ts";
import { TaskCalls } from "./task-calls.ts";
import { TaskContext } from "./task-context.ts";
import { TaskErrors } from "./task-errors.ts";
import { TaskFailures, type PendingRecord } from "./task-failures.ts";
import { MeteredSteps } from "./metered-steps.ts";
import { TaskMeters } from "./task-meters.ts";
import { TaskProgress } from "./task-progress.ts";
import { TaskSteps } from "./task-steps.ts";
import { TaskTimers } from "./task-timers.ts";
import type { Slice } from "./slice.ts";
import {
  buildTaskTopology,
  closeNodes,
  initializeNodes,
  type TaskTopology,
} from "./task-topology.ts";

const nowhere: readonly RecordPlace[] = [];
const defaultBufferedRecordsMax = 1000;

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
  readonly #failures: TaskFailures;
  readonly #queues: InputQueues;
  readonly #progress: TaskProgress;
  readonly #steps: Pick<TaskSteps, "record" | "result" | "timers">;
  readonly #topology: TaskTopology;
  readonly #bufferedMax: number;
  readonly #timers: TaskTimers;
  readonly #calls: TaskCalls;
  readonly #meters: TaskMeters;
  #isInitialized = false;
  #isClosed = false;

  constructor(options: StreamTaskOptions) {
    this.#options = options;
    this.taskId = options.taskId;
    this.subtopology = options.subtopology;
    this.stores = options.stores;
    this.#bufferedMax = options.config.bufferedRecordsPerPartitionMax ?? defaultBufferedRecordsMax;
    const { collector, config } = options;
    const context = new TaskContext(
      { ...options, nodes: options.subtopology.nodes },
      () => this.#queues.streamTime,
    );
    const errors = new TaskErrors(context, config, collector, options.hasWaitedTooLong);
    this.#context = context;
    this.#failures = new TaskFailures(context, errors);
    this.#meters = new TaskMeters(options, context.taskName);
    this.#timers = new TaskTimers(context, errors, this.#meters.punctuate);
    this.#calls = new TaskCalls(context, errors, options);
    const guard = errors.isGuarding ? errors : undefined;
    this.#topology = buildTaskTopology(options.subtopology, collector, {
      context,
      guard,
      timers: this.#timers,
      taps: options.taps ?? noTaps,
      sinkOwner: errors,
      tracing: options.tracing,
    });
    const { partition } = options.taskId;
    const topics = options.inputTopics ?? options.subtopology.sourceTopics;
    this.inputPartitions = topics.map((topic) => ({ topic, partition }));
    const sources = this.#topology.sources.map(({ node }) => node);
    this.#queues = new InputQueues(topics, options, { sources, context, errors });
    const steps = new TaskSteps({
      context,
      errors,
      failures: this.#failures,
      topology: this.#topology,
      timers: this.#timers,
      calls: this.#calls,
      queues: this.#queues,
      collector,
      tracing: options.tracing,
    });
    const { records } = this.#meters;
    this.#steps = records === undefined ? steps : new MeteredSteps(steps, records, this.#queues);
    this.#meters.watch(this.#topology, this.#queues, context.dropped);
    this.#progress = new TaskProgress(options, { queues: this.#queues, context, errors });
  }

  /** Highest timestamp taken so far; -1 before the first. */
  get streamTime(): Timestamp {
    return this.#queues.streamTime;
  }

  /**
   * What a serde must first fetch, where that ended the task in the middle of a record: go back to what is committed,
   * and process again once it is there.
   */
  get pending(): PendingRecord | undefined {
    return this.#failures.pending;
  }

  /** Records that were left out: `dropped-records-total`. */
  get droppedRecords(): Counter {
    return this.#context.dropped.counter;
  }

  /**
   * Starts the processors. The stores are open and restored by now.
   *
   * @param committed what was committed for the input partitions, so that stream time goes on
   */
  initialize(committed: readonly OffsetAndMetadata[] = []): void {
    invariant(!this.#isInitialized, "TASK-1", "initialize is called once");
    this.#isInitialized = true;
    this.#progress.resume(committed);
    initializeNodes(this.#topology, this.#context);
  }

  /** Queues a batch; the task releases it. */
  addBatch(batch: RecordBatchView): void {
    this.#queues.addBatch(batch);
  }

  /** Records of a topic that wait. */
  bufferedRecords(topic: string): number {
    return this.#queues.queue(topic)?.size ?? 0;
  }

  /** True: hold the partition back until `bufferedRecords` has sunk. A batch that comes nevertheless is taken. */
  isFull(topic: string): boolean {
    return this.bufferedRecords(topic) > this.#bufferedMax;
  }

  /** True: `process` has something to do. */
  get hasBufferedRecords(): boolean {
    return !this.#queues.isEmpty;
  }

  /** True: there is something to commit since `markCommitted`. */
  get needsCommit(): boolean {
    return this.#progress.needsCommit;
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
    if (this.isHeld) return Infinity;
    return this.#calls.haveResults ? 0 : this.#timers.untilNextMs;
  }

  /** Calls of operators that have begun, and not ended: `wake` will be called. */
  get callCount(): number {
    return this.#calls.count;
  }

  /** True: the next record of an input cannot be read yet: `wake` will be called. */
  get hasHeldInput(): boolean {
    return this.#queues.areHeld;
  }

  /** True: it has come to a record that is held: nothing is processed. */
  get isHeld(): boolean {
    const places = this.#options.heldPlaces?.() ?? nowhere;
    return places.length > 0 && this.#queues.haveReached(places);
  }

  /** True: an operator holds all that it may while it awaits, so that no record is taken. */
  get isHeldBack(): boolean {
    return this.#calls.areFull;
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
    if (this.isHeld) return count;
    this.#meters.begin(slice);
    this.#queues.beginTurn();
    if (slice !== undefined && this.#steps.timers("streamTime", slice)) return count;
    while (count < recordsMax && collector.hasRoom && this.#calls.haveResults) {
      this.#steps.result();
      count += 1;
      if (this.stores.isStageFull || slice?.afterRecord() === true) return count;
    }
    while (
      count < recordsMax &&
      collector.hasRoom &&
      !this.#calls.areFull &&
      this.#queues.isReady &&
      !this.isHeld
    ) {
      const queue = this.#queues.choose();
      if (queue === undefined) break;
      this.#steps.record(queue);
      this.#queues.advance(queue);
      count += 1;
      const isOver = this.#steps.timers("streamTime", slice);
      if (isOver || this.stores.isStageFull || slice?.afterRecord() === true) break;
    }
    return count;
  }

  /** Calls the timers that are due by the wall clock. With a slice, some may be left over: `untilTimerMs` says so. */
  punctuate(slice?: Slice): void {
    if (this.isHeld) return;
    this.#meters.begin(slice);
    this.#steps.timers("wallClockTime", slice);
  }

  /** Moves stream time on as a record of that time would, and calls the timers that are due by it. */
  advanceStreamTime(timestamp: Timestamp): void {
    this.#queues.advanceStreamTime(timestamp);
    this.#meters.begin(undefined);
    this.#steps.timers("streamTime", undefined);
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
    this.#failures.begin();
    this.#meters.begin(slice);
    this.#context.beginTurn(undefined);
    try {
      const isDone = this.stores.flush(slice && (() => slice.afterRecord() || !collector.hasRoom));
      this.#failures.requireNonePending();
      if (isDone) this.#calls.save(); // what the caches have forwarded is among it
      this.#context.endTurn();
      return isDone;
    } catch (thrown) {
      throw this.#failures.of(thrown);
    }
  }

  /**
   * The next offset to read of each input partition that moved, with the partition's time beside it: what waits
   * in the queue is not covered. Where none has moved, and something was written all the same, by a timer perhaps,
   * those of all inputs: so that the group fences who writes without having them any more.
   */
  committableOffsets(): readonly OffsetAndMetadata[] {
    return this.#progress.committableOffsets();
  }

  /** What `committableOffsets` gave is committed, or will be, else the task ends: what is done from now on is not part of it. */
  markCommitted(): void {
    this.#progress.markCommitted();
  }

  /** The commit that `markCommitted` was called for has ended. */
  commitEnded(): void {
    this.#progress.commitEnded();
  }

  /** The next offset of each input of which a query sees all records before; inputs that are not begun are left out. */
  inputOffsets(
    isolation: QueryIsolation,
  ): readonly (TopicPartition & { readonly offset: Offset })[] {
    return this.#progress.inputOffsets(isolation);
  }

  /** Gives all batches back and closes processors and stores, without flushing. Twice is fine. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    const thrown = this.#end();
    await this.stores.close();
    if (thrown !== undefined) throw thrown;
  }

  /** Closes as `close` does, but for the engines beneath the stores: another task, or a standby, goes on with them. */
  release(): void {
    if (this.#isClosed) return;
    const thrown = this.#end();
    this.stores.release();
    if (thrown !== undefined) throw thrown;
  }

  #end(): StreamsError | undefined {
    this.#isClosed = true;
    this.#meters.close();
    this.#calls.close();
    this.#timers.close();
    this.#queues.clear();
    return this.#isInitialized ? closeNodes(this.#topology, this.#context) : undefined;
  }
}
