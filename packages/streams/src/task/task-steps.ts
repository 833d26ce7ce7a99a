import { invariant } from "@millrace/model";
import type { LoopTracing } from "@millrace/platform";

import type { PunctuationType } from "../processor/punctuation.ts";
import type { SourceNode } from "../topology/topology-node.ts";
import type { InputQueues } from "./input-queues.ts";
import type { RecordCollector } from "./record-collector.ts";
import type { RecordQueue } from "./record-queue.ts";
import type { RunningNode } from "./running-node.ts";
import type { Slice } from "./slice.ts";
import type { TaskCalls } from "./task-calls.ts";
import type { TaskContext } from "./task-context.ts";
import type { TaskErrors } from "./task-errors.ts";
import type { TaskFailures } from "./task-failures.ts";
import type { TaskTimers } from "./task-timers.ts";
import type { TaskTopology } from "./task-topology.ts";

export interface TaskStepsParts {
  readonly context: TaskContext;
  readonly errors: TaskErrors;
  readonly failures: TaskFailures;
  readonly topology: TaskTopology;
  readonly timers: TaskTimers;
  readonly calls: TaskCalls;
  readonly queues: InputQueues;
  readonly collector: RecordCollector;
  readonly tracing: LoopTracing | undefined;
}

/** What a task does at a time: a record, a result, the timers that are due. Each throws what ends the task. */
export class TaskSteps {
  readonly #parts: TaskStepsParts;
  readonly #running: ReadonlyMap<SourceNode, RunningNode>;

  constructor(parts: TaskStepsParts) {
    this.#parts = parts;
    this.#running = new Map(parts.topology.sources.map(({ node, running }) => [node, running]));
  }

  /** Takes the head of a queue through the whole sub-topology. */
  record(queue: RecordQueue): void {
    const { context, errors, failures, queues, tracing } = this.#parts;
    invariant(queue.hasHead, "TASK-2", queue.topic);
    const record = queue.takeHead();
    if (record === undefined) return;
    queues.advanceStreamTime(record.timestamp);
    const { recordContext } = context;
    recordContext.topic = queue.headTopic;
    recordContext.partition = queue.partition;
    recordContext.offset = queue.headOffset;
    recordContext.timestamp = record.timestamp;
    recordContext.headers = record.headers;
    if (tracing !== undefined) tracing.taken(recordContext);
    const source = this.#running.get(queue.source);
    invariant(source !== undefined, "TASK-3", queue.source.name);
    errors.beginRecord(record);
    failures.begin();
    context.beginTurn(source.nodeName);
    source.latency?.note(record.timestamp);
    try {
      source.forward(record);
      failures.requireNonePending();
      context.endTurn();
    } catch (thrown) {
      throw failures.of(thrown);
    }
  }

  /** Delivers a result that was awaited. */
  result(): void {
    const { calls, failures } = this.#parts;
    failures.begin();
    try {
      calls.deliver();
      failures.requireNonePending();
    } catch (thrown) {
      throw failures.of(thrown);
    }
  }

  /**
   * Calls the timers of a clock that are due.
   *
   * @returns true where the slice is over, or some that are due were left for the next one
   */
  timers(type: PunctuationType, slice: Slice | undefined): boolean {
    const { timers, failures, collector, context } = this.#parts;
    if (!timers.isDue(type)) return false;
    const isOver = (): boolean =>
      slice?.afterRecord() === true || !collector.hasRoom || context.stores.isStageFull;
    if (slice !== undefined && !collector.hasRoom) return true;
    failures.begin();
    try {
      timers.run(type, slice && isOver);
      failures.requireNonePending();
    } catch (thrown) {
      throw failures.of(thrown);
    }
    return slice !== undefined && (slice.isOver || timers.isDue(type));
  }
}
