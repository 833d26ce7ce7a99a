import type { Timestamp } from "@millrace/model";
import { MetricRegistry, silentLogger, type Timers } from "@millrace/platform";
import { CacheBudget, MemoryEngine, openTaskStores, type TaskStores } from "@millrace/state";
import {
  GlobalTask,
  StreamTask,
  TaskRecordContext,
  storeOpenings,
  type Subtopology,
  type Topology,
} from "@millrace/streams";

import type { TopologyTestDriverOptions } from "./driver-options.ts";
import type { DriverTaps } from "./driver-taps.ts";
import type { ExplainedRun } from "./explained-run.ts";
import { RecordingCollector, type ProducedRecord } from "./produced-record.ts";
import type { RecordBound } from "./record-bound.ts";
import { WatchedTask } from "./watched-task.ts";

/** What the tasks of a driver have of the world. */
export interface DriverWorld {
  readonly wallMs: () => Timestamp;
  readonly timers: Pick<Timers, "after">;
  readonly wake: () => void;
  readonly explained: ExplainedRun;
  readonly bound: RecordBound;
  readonly taps: DriverTaps;
}

/** The real tasks, over stores in memory. */
export interface DriverTasks {
  readonly subtopology: Subtopology;
  readonly task: StreamTask;
  readonly stores: TaskStores;
  readonly globalTask: GlobalTask;
  readonly globalTopics: ReadonlySet<string>;
  readonly watched: WatchedTask;
  /** To which all that is written is added. */
  readonly uncommitted: ProducedRecord[];
}

/** As an application's: what it computes of several tables in a row can depend on there being a cache. */
const cacheBytesByDefault = 10 * 2 ** 20;

export function openDriverTasks(
  topology: Topology,
  options: TopologyTestDriverOptions,
  { wallMs, timers, wake, explained, bound, taps }: DriverWorld,
): DriverTasks {
  const applicationId = options.applicationId ?? "test";
  const recordContext = new TaskRecordContext();
  const watched = new WatchedTask(explained, recordContext);
  const subtopology = topology.merged(applicationId);
  const uncommitted: ProducedRecord[] = [];
  const collector = new RecordingCollector((record) => {
    bound.add(record.topic);
    watched.onWrite(record);
    uncommitted.push(record);
  });
  const cache = new CacheBudget(options.cacheBytesMax ?? cacheBytesByDefault);
  const surroundings = {
    clock: { wallMs, monotonicMs: wallMs },
    timers,
    wake,
    metrics: new MetricRegistry(),
    logger: silentLogger,
    onDrop: watched.onDrop.bind(watched),
    onPassedOver: watched.onPassedOver.bind(watched),
    config: { emitIntervalMs: 0, ...options, applicationId },
  };
  const { globalStores } = topology;
  const globalTask = new GlobalTask({
    ...surroundings,
    globalStores: globalStores.map((store) => watched.watchGlobal(store)),
    engine: new MemoryEngine(),
    cache,
  });
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    stores: storeOpenings(subtopology, { partition: 0, collector, cache }),
    recordContext,
    cache,
    taskId: "0_0",
  });
  const task = new StreamTask({
    ...surroundings,
    taskId: { subtopology: 0, partition: 0 },
    subtopology: watched.watch(subtopology),
    inputTopics: [
      ...subtopology.sourceTopics,
      ...subtopology.sourcePatterns.map((pattern) => pattern.source),
    ],
    stores,
    globalStores: globalTask,
    recordContext,
    collector,
    taps,
    lag: () => 0,
  });
  globalTask.initialize();
  task.initialize();
  const globalTopics = new Set(globalStores.map(({ topic }) => topic));
  return { subtopology, task, stores, globalTask, globalTopics, watched, uncommitted };
}
