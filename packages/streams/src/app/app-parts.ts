import type { Platform } from "@millrace/platform";

import { GlobalLoop } from "../runtime/global-loop.ts";
import { RecordTaps } from "../runtime/record-taps.ts";
import type { Topology } from "../topology/topology.ts";
import { ApplicationState, stateNumbers } from "./application-state.ts";
import { InlineLoop } from "./inline-loop.ts";
import { LoopStates } from "./loop-states.ts";
import { openInlineLoop, sharedParts, type ProcessParts } from "./open-inline-loop.ts";
import { RestoreListeners } from "./restore-listeners.ts";
import { StateDirectory } from "./state-directory.ts";
import { StateUpkeep } from "./state-upkeep.ts";
import { StreamThreads } from "./stream-threads.ts";
import type { ResolvedStreamsOptions, StreamsEnvironment } from "./streams-options.ts";
import { TaskClaims } from "./task-claims.ts";

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
  environment: StreamsEnvironment,
): AppParts {
  const { platform, gone } = environment;
  const processId = directory?.processId ?? platform.random.uuid();
  const state = openState(options, platform);
  const restoring = new RestoreListeners(options.onRestore, platform.logger);
  const taps = new RecordTaps();
  const claims = new TaskClaims();
  const pausing = { isPaused: false };
  const states = new LoopStates(state);
  const ofProcess: ProcessParts = {
    topology,
    options,
    processId,
    environment,
    directory,
    claims,
    taps,
    states,
    shared: sharedParts({ topology, options }, environment),
    global: undefined,
    isPaused: () => pausing.isPaused,
    tellRestore: (event) => restoring.tell(event),
    released: (task, offsetSum) => upkeep?.released(task, offsetSum),
    isFirst: (number) => threads.isFirst(number),
  };
  const global = openGlobalLoop(ofProcess);
  const threads: StreamThreads = openThreads({ ...ofProcess, global }, state);
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

function openThreads(shares: ProcessParts, state: ApplicationState): StreamThreads {
  const { options, environment, states, shared } = shares;
  return new StreamThreads({
    applicationId: options.applicationId,
    platform: environment.platform,
    count: options.threads,
    states,
    onUncaughtError: options.onUncaughtError,
    closeTimeoutMs: options.closeTimeoutMs,
    gone: environment.gone,
    onFailing: () => state.to("failing"),
    onCount: (count) => shared.shareCache(count),
    open: (number) => openInlineLoop(shares, number),
  });
}

function openGlobalLoop({ topology, shared, directory }: ProcessParts): GlobalLoop | undefined {
  const { globalStores } = topology;
  if (globalStores.length === 0) return undefined;
  return new GlobalLoop({
    ...shared.global,
    globalStores,
    directory: directory?.globalDirectory ?? "global",
  });
}
