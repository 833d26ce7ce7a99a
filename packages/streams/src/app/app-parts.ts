import type { Platform } from "@millrace/platform";

import type { GlobalLoop } from "../runtime/global-loop.ts";
import { taskIdText } from "../processor/task-id.ts";
import type { ReleasedTask } from "../runtime/released-task.ts";
import type { RestoreEvent } from "../runtime/state/restore-event.ts";
import { RecordTaps } from "../runtime/record-taps.ts";
import type { Topology } from "../topology/topology.ts";
import { ApplicationState, stateNumbers } from "./application-state.ts";
import { InlineLoop } from "./inline-loop.ts";
import { LoopStates } from "./loop-states.ts";
import { openGlobalLoop } from "./open-global-loop.ts";
import { openInlineLoop } from "./open-inline-loop.ts";
import { RestoreListeners } from "./restore-listeners.ts";
import { StateDirectory } from "./state-directory.ts";
import { StateUpkeep } from "./state-upkeep.ts";
import { StreamThreads } from "./stream-threads.ts";
import type { LoopFolders, ProcessParts } from "./process-parts.ts";
import type { ResolvedStreamsOptions } from "./resolved-options.ts";
import { sharedParts } from "./shared-parts.ts";
import type { StreamsEnvironment } from "./streams-environment.ts";
import { TaskClaims } from "./task-claims.ts";
import type { ThreadOwner } from "./thread-host.ts";
import { threadIdOf } from "./thread-id.ts";

/** What an application is made of, and owns. */
export interface AppParts {
  readonly topology: Topology;
  readonly options: ResolvedStreamsOptions;
  readonly platform: Platform;
  readonly taps: RecordTaps;
  readonly threads: StreamThreads;
  /** Those of the threads that run on the caller's. */
  readonly inline: () => readonly InlineLoop[];
  /** Undefined: the topology has no global stores. */
  readonly global: GlobalLoop | undefined;
  readonly stateDirectory: StateDirectory | undefined;
  readonly gone: AbortSignal | undefined;
  readonly state: ApplicationState;
  readonly restoring: RestoreListeners;
  /** Undefined without a state directory. */
  readonly upkeep: StateUpkeep | undefined;
  readonly pausing: { isPaused: boolean };
}

export async function assemble(
  topology: Topology,
  options: ResolvedStreamsOptions,
  environment: StreamsEnvironment,
): Promise<AppParts> {
  const { stateDirectory, applicationId, stateAgeMsMax } = options;
  if (stateDirectory === undefined) return assembleIn(undefined, topology, options, environment);
  const directory = await StateDirectory.open(environment.platform, stateDirectory, applicationId);
  try {
    if (stateAgeMsMax !== undefined) await directory.removeOutdated(stateAgeMsMax);
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
  environment: StreamsEnvironment,
): AppParts {
  const { platform, gone } = environment;
  const processId = directory?.processId ?? platform.random.uuid();
  const state = openState(options, platform);
  const restoring = new RestoreListeners(options.onRestore, platform.logger);
  const taps = new RecordTaps();
  const claims = new TaskClaims((taskId) => upkeep?.claimed(taskId));
  const pausing = { isPaused: false };
  const states = new LoopStates(state);
  const ofProcess = {
    topology,
    options,
    processId,
    environment,
    directory:
      directory && foldersIn(directory, { claims, isFirst: (one) => threads.isFirst(one) }),
    claims,
    taps,
    states,
    shared: sharedParts({ topology, options }, environment),
    global: undefined,
    isPaused: () => pausing.isPaused,
    tellNews: (number: number) => threads.tellNews(number),
    tellRestore: (event: RestoreEvent) => restoring.tell(event),
    released: (task: ReleasedTask) => upkeep?.released(task),
  };
  // Threads of their own have global stores of their own.
  const hasThreads = environment.openThread !== undefined;
  const global = hasThreads
    ? undefined
    : openGlobalLoop(ofProcess, directory?.globalDirectory ?? "global");
  const threads: StreamThreads = openThreads({ ...ofProcess, global }, state, directory?.path);
  const { stateCleanupDelayMs: cleanupDelayMs } = options;
  const upkeep =
    directory && new StateUpkeep(platform, { directory, cleanupDelayMs, claims, threads });
  return {
    topology,
    options,
    platform,
    taps,
    threads,
    inline: () => threads.hosts.filter((host): host is InlineLoop => host instanceof InlineLoop),
    global,
    stateDirectory: directory,
    gone,
    state,
    restoring,
    upkeep,
    pausing,
  };
}

function openState(options: ResolvedStreamsOptions, platform: Platform): ApplicationState {
  const state = new ApplicationState(options, platform.logger);
  const tags = { application: options.applicationId };
  platform.metrics.gauge("client-state", () => stateNumbers[state.current], tags);
  return state;
}

function openThreads(
  shares: ProcessParts & { readonly states: LoopStates },
  state: ApplicationState,
  directory: string | undefined,
): StreamThreads {
  const { options, environment, shared, states } = shares;
  return new StreamThreads({
    applicationId: options.applicationId,
    platform: environment.platform,
    count: options.threads,
    nameOf: (number) => threadIdOf(shares, number),
    states,
    onUncaughtError: options.onUncaughtError,
    closeTimeoutMs: options.closeTimeoutMs,
    gone: environment.gone,
    onFailing: () => state.to("failing"),
    onCount: (count) => shared.shareCache(count),
    open: (number) =>
      environment.openThread?.(ownerOf(shares, { number, directory })) ??
      openInlineLoop(shares, number),
  });
}

function ownerOf(
  shares: ProcessParts,
  { number, directory }: { readonly number: number; readonly directory: string | undefined },
): ThreadOwner {
  const { processId, claims, states, isPaused, tellNews, tellRestore, released } = shares;
  return {
    number,
    processId,
    directory,
    isPaused,
    claimTask: (taskId) => claims.claim(taskId),
    tellState: (reached) => states.tell(number, reached),
    tellNews: () => tellNews(number),
    tellRestore,
    released,
    topicIds: shares.directory?.topicIds,
    idleTasks: () => shares.directory?.idleTasks(number) ?? [],
  };
}

/** What the loops see of the directory of their process; the first one tells the group of what lies there. */
function foldersIn(
  directory: StateDirectory,
  {
    claims,
    isFirst,
  }: { readonly claims: TaskClaims; readonly isFirst: (number: number) => boolean },
): LoopFolders {
  const { topicIds, offsets } = directory;
  return {
    topicIds,
    taskDirectory: (taskId) => directory.taskDirectory(taskId),
    idleTasks: (number) => {
      const idle = isFirst(number) ? directory.tasks() : [];
      return idle
        .filter((taskId) => !claims.isHeld(taskId))
        .map((taskId) => ({ taskId, offsetSum: offsets.sumOf(taskIdText(taskId)) }));
    },
  };
}
