import type { BatchReader, ClusterClient } from "@millrace/cluster";
import type { Platform } from "@millrace/platform";
import { CacheBudget } from "@millrace/state";

import { taskIdText } from "../processor/task-id.ts";
import { runsNow, type TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import type { GlobalEnvironment } from "../runtime/global-environment.ts";
import { GlobalLoop } from "../runtime/global-loop.ts";
import type { LoopEnvironment } from "../runtime/loop-environment.ts";
import { PatternTopics } from "../runtime/pattern-topics.ts";
import { RecordTaps } from "../runtime/record-taps.ts";
import { StreamLoop } from "../runtime/stream-loop.ts";
import type { Topology } from "../topology/topology.ts";
import { ApplicationState, stateNumbers } from "./application-state.ts";
import { openGroup, type OpenGroup } from "./open-group.ts";
import { RestoreListeners } from "./restore-listeners.ts";
import { StateDirectory } from "./state-directory.ts";
import { StateUpkeep } from "./state-upkeep.ts";
import type { ResolvedStreamsOptions, StreamsEnvironment } from "./streams-options.ts";

/** There is one so far. */
const loopNumber = 1;

/** What an application is made of, and owns. */
export interface AppParts {
  readonly topology: Topology;
  readonly options: ResolvedStreamsOptions;
  readonly platform: Platform;
  readonly taps: RecordTaps;
  readonly loop: StreamLoop;
  /** Undefined: the topology has no global stores. */
  readonly global: GlobalLoop | undefined;
  readonly membership: OpenGroup["membership"];
  readonly assignments: OpenGroup["assignments"];
  readonly readers: readonly { close(): Promise<void> }[];
  readonly stateDirectory: StateDirectory | undefined;
  readonly gone: AbortSignal | undefined;
  readonly state: ApplicationState;
  readonly restoring: RestoreListeners;
  /** Undefined without a state directory. */
  readonly upkeep: StateUpkeep | undefined;
}

export async function assemble(
  topology: Topology,
  options: ResolvedStreamsOptions,
  environment: StreamsEnvironment,
): Promise<AppParts> {
  const { stateDirectory, applicationId } = options;
  if (stateDirectory === undefined) return assembleIn(undefined, topology, options, environment);
  const directory = await StateDirectory.open(environment.platform, stateDirectory, applicationId);
  try {
    return assembleIn(directory, topology, options, environment);
  } catch (error) {
    directory.close();
    throw error;
  }
}

function assembleIn(
  directory: StateDirectory | undefined,
  topology: Topology,
  options: ResolvedStreamsOptions,
  { platform, cluster, engines, gone }: StreamsEnvironment,
): AppParts {
  const processId = directory?.processId ?? platform.random.uuid();
  const subtopologies = topology.subtopologies(options.applicationId);
  const patterns = new PatternTopics(subtopologies);
  const shared = sharedParts({ topology, options, processId }, { platform, cluster, engines });
  const group = openGroup({
    platform,
    cluster,
    options,
    directory,
    processId,
    loopNumber,
    subtopologies,
    fingerprint: shared.config.fingerprint,
    patterns,
    taskOffsetSums: () => taskOffsetSums(loop, directory),
  });
  const [reader, restoreReader] = openReaders(cluster, options);
  const global = openGlobalLoop(topology, shared, directory);
  const state = openState(options, platform);
  const restoring = new RestoreListeners(options.onRestore, platform.logger);
  const environment: LoopEnvironment = {
    ...shared,
    tellState: (reached) => state.to(reached),
    tellRestore: (event) => restoring.tell(event),
    released: (task, offsetSum) => upkeep?.released(task, offsetSum),
    taps: new RecordTaps(),
    gone,
    globalStores: global,
    subtopologies,
    patterns,
    assignments: group.assignments,
    reader,
    restoreReader,
    topicIds: directory?.topicIds,
    taskDirectory: (taskId) => directory?.taskDirectory(taskId) ?? taskIdText(taskId),
  };
  const loop: StreamLoop = new StreamLoop(environment);
  const upkeep = openUpkeep(loop, directory, { platform, options });
  return {
    ...group,
    topology,
    options,
    platform,
    taps: environment.taps,
    loop,
    global,
    readers: [reader, restoreReader],
    stateDirectory: directory,
    gone,
    state,
    restoring,
    upkeep,
  };
}

function openState(options: ResolvedStreamsOptions, platform: Platform): ApplicationState {
  const state = new ApplicationState(options, platform.logger);
  const tags = { application: options.applicationId };
  platform.metrics.gauge("client-state", () => stateNumbers[state.current], tags);
  return state;
}

function openUpkeep(
  loop: StreamLoop,
  directory: StateDirectory | undefined,
  { platform, options }: { readonly platform: Platform; readonly options: ResolvedStreamsOptions },
): StateUpkeep | undefined {
  if (directory === undefined) return undefined;
  const { stateCleanupDelayMs: cleanupDelayMs } = options;
  return new StateUpkeep(platform, { directory, cleanupDelayMs, loop });
}

/** What both loops of an application have. */
type SharedParts = Omit<GlobalEnvironment, "globalStores" | "directory">;

function sharedParts(
  {
    topology,
    options,
    processId,
  }: {
    readonly topology: Topology;
    readonly options: ResolvedStreamsOptions;
    readonly processId: string;
  },
  environment: Pick<StreamsEnvironment, "platform" | "cluster" | "engines">,
): SharedParts {
  const { applicationId: application, cacheBytesMax } = options;
  const { metrics } = environment.platform;
  const loopCount = topology.globalStores.length === 0 ? 1 : 2;
  return {
    ...environment,
    cache: new CacheBudget(Math.floor(cacheBytesMax / loopCount)),
    config: {
      ...options,
      fingerprint: topology.fingerprint(),
      transactionalId: `${application}-${processId}-${loopNumber}`,
      threadId: `${application}-${processId}-StreamThread-${loopNumber}`,
    },
    restored: metrics.counter("restore-records-total", { application }),
    remaining: metrics.counter("restore-remaining-records-total", { application }),
  };
}

function openGlobalLoop(
  { globalStores }: Topology,
  shared: SharedParts,
  directory: StateDirectory | undefined,
): GlobalLoop | undefined {
  if (globalStores.length === 0) return undefined;
  return new GlobalLoop({
    ...shared,
    globalStores,
    cache: new CacheBudget(shared.cache.sizeBytesMax),
    directory: directory?.globalDirectory ?? "global",
  });
}

function openReaders(
  cluster: ClusterClient,
  { isExactlyOnce }: ResolvedStreamsOptions,
): readonly [inputs: BatchReader, changelogs: BatchReader] {
  const changelogs = "read_committed";
  const inputs = isExactlyOnce ? changelogs : "read_uncommitted";
  return [cluster.openReader({ isolation: inputs }), cluster.openReader({ isolation: changelogs })];
}

/**
 * What this process tells the leader (Kafka: `TaskManager.getTaskOffsetSums`): the tasks that it runs, and how much it has of
 * those that it restores, follows, or has in its folder.
 */
function taskOffsetSums(
  loop: StreamLoop,
  directory: StateDirectory | undefined,
): readonly TaskOffsetSum[] {
  const running = loop.activeTasks.map(({ taskId }) => ({ taskId, offsetSum: runsNow }));
  const known = new Map<string, TaskOffsetSum>();
  for (const one of [...running, ...loop.updater.offsetSums])
    known.set(taskIdText(one.taskId), one);
  for (const taskId of directory?.tasks() ?? []) {
    const task = taskIdText(taskId);
    const offsetSum = directory?.offsets.sumOf(task) ?? 0;
    if (!known.has(task)) known.set(task, { taskId, offsetSum });
  }
  return [...known.values()];
}
