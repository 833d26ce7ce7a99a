import type { BatchWriter, OffsetAndMetadata } from "@millrace/cluster";
import { invariant, type TopicPartition } from "@millrace/model";
import { openTaskStores, type StoreEngine, type TaskStores } from "@millrace/state";

import { isDamagedStore } from "../error/store-failure.ts";
import { taskIdText } from "../processor/task-id.ts";
import { ClusterRecordCollector } from "../task/cluster-record-collector.ts";
import { Slice } from "../task/slice.ts";
import { storeOpenings } from "../task/store-openings.ts";
import { StreamTask } from "../task/stream-task.ts";
import { TaskRecordContext } from "../task/task-record-context.ts";
import type { WriteOrigins } from "../task/write-origins.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { ApplicationTopics } from "./application-topics.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import { OffsetResets, type StartingPoint } from "./offset-resets.ts";
import type { TaskHolds } from "./task-holds.ts";
import { restorablesOf, restoreStores } from "./restore.ts";
import type { AssignedTask } from "./task-assignments.ts";

/** What a loop writes with, and to. */
export interface WritingSide {
  readonly writer: BatchWriter;
  readonly origins: WriteOrigins;
  readonly topics: ApplicationTopics;
  /** See `StreamTaskOptions`. */
  readonly wake: () => void;
  readonly holds: TaskHolds;
}

/** A task that is ready: stores restored, inputs assigned to the reader at their committed offsets. */
export interface OpenTask extends AssignedTask {
  readonly task: StreamTask;
  readonly stores: TaskStores;
  readonly subtopology: Subtopology;
}

/**
 * Opens tasks: engines, stores, changelogs replayed, positions found. All or none: when it fails,
 * what was opened is closed again.
 *
 * The committed offsets are asked for first, and stable: afterwards no transaction that may still commit
 * has written to the changelogs, so their ends hold all that belongs to those offsets.
 */
export async function openTasks(
  assigned: readonly AssignedTask[],
  environment: LoopEnvironment,
  { signal, ...writing }: WritingSide & { readonly signal: AbortSignal },
): Promise<readonly OpenTask[]> {
  if (assigned.length === 0) return [];
  const { writer, topics } = writing;
  const { platform, config } = environment;
  await writer.prepare(writtenTopics(assigned, environment), signal);
  if (choosesTopics(environment)) await writer.prepare("all", signal);
  const opened: OpenTask[] = [];
  try {
    const inputs = assigned.flatMap((one) => one.inputs);
    const committed = await environment.assignments.committed(inputs, signal);
    for (const one of assigned) {
      topics.requireUsed(subtopologyOf(one, environment), committedOf(one, committed));
      opened.push(await openUndamaged(one, environment, writing));
    }
    await restoreStores(
      opened.flatMap((one) => restorablesOf(one, committed)),
      {
        admin: environment.cluster.admin,
        reader: environment.restoreReader,
        restored: environment.restored,
        remaining: environment.remaining,
        logger: platform.logger,
        slice: new Slice(platform.clock, config.sliceMs),
        timers: platform.timers,
        signal,
      },
    );
    await position(opened, committed, environment, signal);
    return opened;
  } catch (error) {
    await Promise.allSettled(opened.map(({ task }) => task.close()));
    throw error;
  }
}

/** A store that is damaged begins anew with the second opening; its changelog has what it held. */
async function openUndamaged(
  assigned: AssignedTask,
  environment: LoopEnvironment,
  writing: WritingSide,
): Promise<OpenTask> {
  try {
    return await openTask(assigned, environment, writing);
  } catch (error) {
    if (!isDamagedStore(error)) throw error;
    return openTask(assigned, environment, writing);
  }
}

async function openTask(
  assigned: AssignedTask,
  environment: LoopEnvironment,
  writing: WritingSide,
): Promise<OpenTask> {
  const engine = await environment.engines.open(environment.taskDirectory(assigned.taskId));
  try {
    return openOn(engine, assigned, { environment, writing });
  } catch (error) {
    await engine.close();
    throw error;
  }
}

interface TaskSurroundings {
  readonly environment: LoopEnvironment;
  readonly writing: WritingSide;
}

function openOn(
  engine: StoreEngine,
  assigned: AssignedTask,
  { environment, writing }: TaskSurroundings,
): OpenTask {
  const { platform, config, cache, reader } = environment;
  const { taskId } = assigned;
  const subtopology = subtopologyOf(assigned, environment);
  const recordContext = new TaskRecordContext();
  const { writer, origins, topics, wake, holds } = writing;
  const collector = new ClusterRecordCollector({
    writer,
    origins,
    context: recordContext,
    internalTopics: repartitionTopics(environment),
  });
  const stores = openTaskStores({
    engine,
    stores: storeOpenings(subtopology, { partition: taskId.partition, collector, cache }),
    recordContext,
    cache,
    stageBytesMax: config.uncommittedBytesMax,
    logger: platform.logger,
    metrics: platform.metrics,
    taskId: taskIdText(taskId),
  });
  const task = new StreamTask({
    taskId,
    subtopology,
    inputTopics: assigned.inputs.map(({ topic }) => topic),
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
    logger: platform.logger,
    config: {
      applicationId: config.applicationId,
      bufferedRecordsPerPartitionMax: config.bufferedRecordsMax,
      maxTaskIdleMs: config.maxTaskIdleMs,
      serdeTimeoutMs: config.serdeTimeoutMs,
      ...config.errors,
    },
  });
  return { ...assigned, task, stores, subtopology };
}

function subtopologyOf({ taskId }: AssignedTask, { subtopologies }: LoopEnvironment): Subtopology {
  const subtopology = subtopologies.find(({ id }) => id === taskId.subtopology);
  invariant(subtopology !== undefined, "STREAMS-2", taskId);
  return subtopology;
}

/** What was committed for the inputs of a task. */
function committedOf(
  { taskId, inputs }: AssignedTask,
  committed: readonly OffsetAndMetadata[],
): readonly OffsetAndMetadata[] {
  return committed.filter(
    ({ topic, partition }) =>
      partition === taskId.partition && inputs.some((input) => input.topic === topic),
  );
}

/** Sends the reader to the committed offsets; inputs without one start where the reset policy says. */
async function position(
  opened: readonly OpenTask[],
  committed: readonly OffsetAndMetadata[],
  environment: LoopEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const starts: StartingPoint[] = [];
  const fresh: TopicPartition[] = [];
  for (const open of opened) {
    const own = committedOf(open, committed);
    for (const input of open.inputs) {
      const found = own.find(({ topic }) => topic === input.topic);
      if (found === undefined) fresh.push(input);
      else starts.push({ ...input, offset: found.offset });
    }
    open.task.initialize(own);
  }
  starts.push(...(await new OffsetResets(environment).firstOffsets(fresh, signal)));
  environment.reader.assign(starts);
}

/** Internal topics of a sub-topology without tasks need not be there. */
function writtenTopics(
  assigned: readonly AssignedTask[],
  environment: LoopEnvironment,
): readonly string[] {
  const topics = new Set<string>();
  const subtopologies = new Set(assigned.map((one) => subtopologyOf(one, environment)));
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
