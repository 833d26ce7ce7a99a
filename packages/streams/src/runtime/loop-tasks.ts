import type { OffsetAndMetadata } from "@millrace/cluster";
import { traced } from "@millrace/platform";

import { taskIdText } from "../processor/task-id.ts";
import type { Slice } from "../task/slice.ts";
import { beginTask, prepareWriting, type ActiveTask } from "./active-task.ts";
import type { ApplicationTopics } from "./application-topics.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import type { LoopMetrics } from "./loop-metrics.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { TaskHolds } from "./task-holds.ts";
import type { ReadyTask } from "./state/followed-task.ts";
import type { TaskState } from "./state/task-state.ts";
import type { AssignedTask } from "./task-assignments.ts";
import { TaskInputs } from "./task-inputs.ts";

/** Records that a task may take before the next task has its turn, once all had theirs several times. */
const recordsPerTurnMax = 16;

export interface LoopTasksParts {
  readonly writer: LoopWriter;
  readonly topics: ApplicationTopics;
  readonly metrics: LoopMetrics;
  /** Ends the wait for records: a task has something else to do. */
  readonly wake: () => void;
  readonly holds: TaskHolds;
}

/** The tasks that a loop holds, with their inputs: each has its turn. */
export class LoopTasks {
  readonly inputs: TaskInputs;
  readonly #environment: LoopEnvironment;
  readonly #parts: LoopTasksParts;
  #open: readonly ActiveTask[] = [];
  /** Those that are processed: all but those that are about to go. */
  #working: readonly ActiveTask[] = [];
  /** Whose turn was the last. */
  #turn = 0;
  #timerTurn = 0;

  constructor(environment: LoopEnvironment, parts: LoopTasksParts) {
    this.#environment = environment;
    this.#parts = parts;
    this.inputs = new TaskInputs(environment, parts);
  }

  get open(): readonly ActiveTask[] {
    return this.#open;
  }

  /** Such as `0_3`. */
  get ids(): readonly string[] {
    return this.#open.map(({ taskId }) => taskIdText(taskId));
  }

  get hasBufferedRecords(): boolean {
    return this.#working.some(({ task }) => task.hasBufferedRecords);
  }

  get needsCommit(): boolean {
    return this.#open.some(({ task }) => task.needsCommit);
  }

  /** True: a processor of one asked for a commit that has something to commit. */
  get isCommitRequested(): boolean {
    return this.#open.some(({ task }) => task.isCommitRequested);
  }

  /** Milliseconds until a timer of one is due, or 0: a result waits; see `StreamTask.untilTimerMs`. */
  get untilTimerMs(): number {
    let ms = Infinity;
    for (const { task } of this.#working) ms = Math.min(ms, task.untilTimerMs);
    return ms;
  }

  get isStageFull(): boolean {
    return this.#open.some(({ stores }) => stores.isStageFull);
  }

  /** True: all that the cluster has for the tasks was processed. */
  get isDrained(): boolean {
    return this.inputs.isDrained(this.#open);
  }

  committableOffsets(): readonly OffsetAndMetadata[] {
    return this.#open.flatMap(({ task }) => task.committableOffsets());
  }

  /** @returns whether there may be more at once */
  process(slice: Slice): boolean {
    return traced(this.#environment.tracing, "process", () => this.#process(slice));
  }

  #process(slice: Slice): boolean {
    const writer = this.#parts.writer.current;
    const { taps } = this.#environment;
    const open = this.#working;
    let hasTaken = false;
    let idle = 0;
    // As in Kafka it begins with one: tasks that catch up go on side by side, so that what they pass on through a
    // topic is in the order of time, more or less.
    let recordsPerTurn = 1;
    const first = this.#turn;
    const { process: work } = this.#parts.metrics;
    const beginMs = work.begin();
    let total = 0;
    slice.begin();
    // The next slice goes on with the next task: where records are slow, each has its turn.
    while (!slice.isOver && idle < open.length && writer.hasRoom && !taps.areFull) {
      this.#turn = (this.#turn + 1) % open.length;
      const count = open[this.#turn].task.process(recordsPerTurn, slice);
      total += count;
      idle = count > 0 ? 0 : idle + 1;
      hasTaken ||= count > 0;
      if (this.#turn === first) recordsPerTurn = Math.min(recordsPerTurn + 1, recordsPerTurnMax);
    }
    work.end(beginMs, total);
    return hasTaken || !writer.hasRoom;
  }

  /** Calls the timers that are due by the wall clock; what is left over has its turn in the next slice. */
  punctuate(slice: Slice): void {
    traced(this.#environment.tracing, "punctuate", () => this.#punctuate(slice));
  }

  #punctuate(slice: Slice): void {
    const open = this.#working;
    const { punctuate: work } = this.#parts.metrics;
    const beginMs = work.begin();
    slice.begin();
    for (let count = 0; count < open.length && !slice.isOver; count++) {
      this.#timerTurn = (this.#timerTurn + 1) % open.length;
      open[this.#timerTurn].task.punctuate(slice);
    }
    work.end(beginMs);
  }

  /** Those of the target that are not held. */
  missing(assigned: readonly AssignedTask[]): readonly AssignedTask[] {
    const held = new Set(this.ids);
    return assigned.filter(({ taskId }) => !held.has(taskIdText(taskId)));
  }

  /** Begins them, in order; where one cannot begin, its state and those behind it are given to `refused`. */
  async add(
    ready: readonly ReadyTask[],
    {
      signal,
      refused,
    }: { readonly signal: AbortSignal; readonly refused: (state: TaskState) => void },
  ): Promise<void> {
    const { topics, writer, metrics, wake, holds } = this.#parts;
    const left = [...ready];
    try {
      await prepareWriting(ready, this.#environment, { writer: writer.current, signal });
      const origins = writer.refusals.origins;
      const writing = { writer: writer.current, origins, topics, metrics, wake, holds };
      for (const one of ready) {
        const active = beginTask(one, this.#environment, writing);
        left.shift();
        this.inputs.add([active]);
        this.#open = [...this.#open, active];
        this.#working = [...this.#working, active];
        metrics.tasksCreated.add(1);
      }
    } finally {
      for (const { state } of left) refused(state);
    }
  }

  /** Those that are not of the target, or with other inputs. */
  beyond(assigned: readonly AssignedTask[]): readonly ActiveTask[] {
    const wanted = new Set(assigned.map(taskText));
    return this.#open.filter((open) => !wanted.has(taskText(open)));
  }

  /** These, and no others, are not processed until they end. @returns whether they were not before */
  suspend(leaving: readonly ActiveTask[]): boolean {
    const isNew = leaving.some((open) => this.#working.includes(open));
    if (isNew || this.#working.length + leaving.length !== this.#open.length)
      this.#working = this.#open.filter((open) => !leaving.includes(open));
    return isNew;
  }

  /**
   * Ends tasks without committing: their states are the caller's.
   *
   * @throws what a processor threw as it was closed; the states are given to `given` all the same
   */
  end(ending: readonly ActiveTask[], given: (state: TaskState) => void): void {
    this.inputs.remove(ending);
    this.#open = this.#open.filter((open) => !ending.includes(open));
    this.#working = this.#working.filter((open) => !ending.includes(open));
    this.#parts.metrics.tasksClosed.add(ending.length);
    const failures: unknown[] = [];
    for (const { task, state } of ending) {
      try {
        task.release();
      } catch (error) {
        failures.push(error);
      }
      given(state);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Ends all of them. */
  drop(given: (state: TaskState) => void): void {
    try {
      this.end(this.#open, given);
    } finally {
      this.#environment.taps.discarded();
    }
  }
}

/** Equal for tasks with the same inputs. */
function taskText({ taskId, inputs }: AssignedTask): string {
  const topics = inputs.map(({ topic }) => topic).sort();
  return [taskIdText(taskId), ...topics].join(" ");
}
