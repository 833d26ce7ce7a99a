import type { BatchWriter } from "@millrace/cluster";
import type { TaskStores } from "@millrace/state";

import { ClusterRecordCollector } from "../task/cluster-record-collector.ts";
import { StreamTask } from "../task/stream-task.ts";
import { TaskRecordContext } from "../task/task-record-context.ts";
import type { WriteOrigins } from "../task/write-origins.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { ApplicationTopics } from "./application-topics.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import type { LoopMetrics } from "./loop-metrics.ts";
import type { ReadyTask } from "./state/followed-task.ts";
import { subtopologyOf, type TaskState } from "./state/task-state.ts";
import type { AssignedTask } from "./task-assignments.ts";
import type { TaskHolds } from "./task-holds.ts";

/** What a loop writes with, and to. */
export interface WritingSide {
  readonly writer: BatchWriter;
  readonly origins: WriteOrigins;
  readonly topics: ApplicationTopics;
  readonly metrics: LoopMetrics;
  /** See `StreamTaskOptions`. */
  readonly wake: () => void;
  readonly holds: TaskHolds;
}

/** A task at work on its state. */
export interface ActiveTask extends AssignedTask {
  readonly task: StreamTask;
  readonly state: TaskState;
  readonly stores: TaskStores;
  readonly subtopology: Subtopology;
}

/** Puts a task on a state that is ready, and sends the reader to where its inputs go on. */
export function beginTask(
  ready: ReadyTask,
  environment: LoopEnvironment,
  writing: WritingSide,
): ActiveTask {
  const active = taskOn(ready, environment, writing);
  try {
    active.task.initialize(ready.committed);
    environment.reader.assign(ready.starts);
    return active;
  } catch (error) {
    active.task.release();
    throw error;
  }
}

function taskOn(
  { taskId, inputs, state }: ReadyTask,
  environment: LoopEnvironment,
  { writer, origins, topics, metrics, wake, holds }: WritingSide,
): ActiveTask {
  const { platform, config, reader } = environment;
  const { subtopology } = state;
  const recordContext = new TaskRecordContext();
  const collector = new ClusterRecordCollector({
    writer,
    origins,
    context: recordContext,
    internalTopics: repartitionTopics(environment),
    counters: (topic) => metrics.producedTo(topic),
  });
  const stores = state.written({ collector, recordContext });
  const task = new StreamTask({
    taskId,
    subtopology,
    inputTopics: inputs.map(({ topic }) => topic),
    stores,
    globalStores: environment.globalStores,
    taps: environment.taps,
    recordContext,
    collector,
    position: (topic) => reader.position({ topic, partition: taskId.partition }),
    lag: (topic) => {
      const input = { topic, partition: taskId.partition };
      const end = reader.endOffset(input);
      const position = reader.position(input);
      return end === undefined || position === undefined ? undefined : Math.max(0, end - position);
    },
    processorMetadata: topics.marksOf(subtopology),
    clock: platform.clock,
    timers: platform.timers,
    wake,
    heldPlaces: () => holds.placesOf(taskId),
    hasWaitedTooLong: (place) => holds.hasWaitedTooLong(taskId, place),
    metrics: platform.metrics,
    recordingLevel: config.recordingLevel,
    tracing: environment.tracing,
    logger: platform.logger,
    config: {
      applicationId: config.applicationId,
      bufferedRecordsPerPartitionMax: config.bufferedRecordsMax,
      maxTaskIdleMs: config.maxTaskIdleMs,
      serdeTimeoutMs: config.serdeTimeoutMs,
      ...config.errors,
    },
  });
  return { taskId, inputs, task, state, stores, subtopology };
}

/** Has the topics known that tasks are going to write. */
export async function prepareWriting(
  assigned: readonly AssignedTask[],
  environment: LoopEnvironment,
  { writer, signal }: { readonly writer: BatchWriter; readonly signal: AbortSignal },
): Promise<void> {
  if (assigned.length === 0) return;
  await writer.prepare(writtenTopics(assigned, environment), signal);
  if (choosesTopics(environment)) await writer.prepare("all", signal);
}

/** Internal topics of a sub-topology without tasks need not be there. */
function writtenTopics(
  assigned: readonly AssignedTask[],
  environment: LoopEnvironment,
): readonly string[] {
  const topics = new Set<string>();
  const subtopologies = new Set(assigned.map((one) => subtopologyOf(one.taskId, environment)));
  for (const { sinkTopics, changelogTopics } of subtopologies) {
    for (const topic of sinkTopics) topics.add(topic);
    for (const { name, isSourceTopic } of changelogTopics) if (!isSourceTopic) topics.add(name);
  }
  const { deadLetterTopic } = environment.config.errors;
  if (deadLetterTopic !== undefined) topics.add(deadLetterTopic);
  return [...topics];
}

/** Where a function chooses the topic record by record, all that are there may be meant. */
function choosesTopics({ subtopologies }: LoopEnvironment): boolean {
  return subtopologies.some(({ nodes }) =>
    nodes.some((node) => node.kind === "sink" && typeof node.topic !== "string"),
  );
}

function repartitionTopics({ subtopologies }: LoopEnvironment): ReadonlySet<string> {
  return new Set(
    subtopologies.flatMap((subtopology) => subtopology.repartitionTopics.map(({ name }) => name)),
  );
}
