import type { ClusterClient } from "@millrace/cluster";
import { BaseError } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import { fileEngineProvider, type EngineEntry, type StoreEngineProvider } from "@millrace/state";
import { ApplicationError, StreamsApp, type StreamsOptions } from "@millrace/streams";

import { watched, type SimulationContext } from "../simulation-context.ts";
import type { Ask } from "../programs/simulated-program.ts";
import type { SwarmOptions } from "../swarm.ts";
import { applicationId } from "../topics.ts";
import { connectToBroker } from "../../../packages/testing/src/simulate/world/connect-to-broker.ts";
import { ensureTopics } from "./cluster-connection.ts";
import { judgeFailure } from "./judge-failure.ts";
import { observingCommits } from "./observe-commits.ts";

const stateDirectory = "/state";
const commitsBeforeCloseMax = 12;

/** An instance of the application, under a supervisor that starts it again whatever happens. */
export async function runApp(
  real: Platform,
  context: SimulationContext,
  name: string,
): Promise<void> {
  const { history, progress } = context;
  const platform = watched(real, context);
  while (!progress.ending.signal.aborted) {
    const client = connectToBroker(platform, name);
    try {
      await ensureTopics(client, context.program.outputs);
      await runOnce(
        platform,
        context,
        name,
        context.plant.cluster?.(client, context.plantMemory) ?? client,
      );
    } catch (error) {
      judgeFailure(history, name, error);
      if (isDirectoryUnusable(error)) removeAll(platform.fileSystem, stateDirectory);
    }
    await client.close();
    context.ended.note("client of an instance", client);
    await platform.timers.sleep(progress.isHealed ? 20 : 20 + real.random.below(300));
  }
}

async function runOnce(
  platform: Platform,
  context: SimulationContext,
  name: string,
  cluster: ClusterClient,
): Promise<void> {
  const { options, progress } = context;
  const isClosedInCommit = platform.random.below(1_000) < 1_000 * options.closeInCommitChance;
  let commitsLeft = isClosedInCommit ? 1 + platform.random.below(commitsBeforeCloseMax) : Infinity;
  const stop = new AbortController();
  const onCommit = (): void => {
    commitsLeft -= 1;
    if (commitsLeft > 0 || progress.isHealed) return;
    commitsLeft = Infinity;
    progress.closesInCommit += 1;
    stop.abort();
  };
  const app = await StreamsApp.start(
    context.program.build(
      {
        ticks: {
          everyMs: options.tickMs,
          isOn: () => !progress.isHealed,
          afterClose: context.plant.areTimersKept === true ? keptTimer(platform) : undefined,
        },
        ask: slowService(platform, Math.max(1, options.askMs)),
      },
      options,
    ),
    {
      applicationId,
      stateDirectory,
      commitInterval: options.commitIntervalMs,
      cacheBytesMax: options.cacheBytesMax,
      sessionTimeout: 1_500,
      heartbeatInterval: 300,
      transactionTimeout: 1_500,
      closeTimeout: 3_000,
      threads: options.threads,
      ...groupOptions(options),
      signal: AbortSignal.any([stop.signal, progress.ending.signal]),
    },
    {
      platform,
      cluster: observingCommits(cluster, onCommit),
      engines: observingEngines(platform, context, name),
    },
  );
  const { answers } = context;
  if (answers !== undefined) await answers.ask(app, platform, name);
  await app.closed;
  context.ended.note("application", app);
}

/** Who assigns tasks, how many copies they have, and whether they go at once to who must restore them first. */
function groupOptions({ seed }: SwarmOptions): Partial<StreamsOptions> {
  if (seed % 3 === 0) return { groupProtocol: "streams", numStandbyReplicas: 0 }; // copies are the broker's business
  const lag = seed % 3 === 1 ? {} : { acceptableRecoveryLag: 0, probingRebalanceInterval: 300 };
  return { ...lag, numStandbyReplicas: seed % 2 };
}

/** Takes its time, and fails in one of four cases. */
function slowService({ timers, random }: Platform, msMax: number): Ask {
  return async (signal) => {
    await timers.sleep(random.below(msMax), signal);
    if (random.below(4) === 0) throw new Error("the service is down");
  };
}

/** A planted bug: the timer of a task that was closed goes on for a while. */
function keptTimer({ timers }: Platform): (tick: () => void) => void {
  return (tick) => {
    const fire = (): void => {
      try {
        tick();
      } catch {
        // The writer of a loop that has ended takes nothing.
      }
    };
    for (const delayMs of [20, 50, 100, 200, 400, 800, 1_600]) timers.after(delayMs, fire);
  };
}

/** Keeps a copy of what each engine holds when it is opened: I10 is checked on all of them. */
function observingEngines(
  platform: Platform,
  { history, simulator, plant }: SimulationContext,
  process: string,
): StoreEngineProvider {
  const files = fileEngineProvider(platform);
  const engines = plant.engines?.(files) ?? files;
  return {
    isPersistent: true,
    open: async (directory) => {
      const engine = await engines.open(directory);
      const entries: EngineEntry[] = [];
      using cursor = engine.scan({});
      while (cursor.next()) entries.push({ key: cursor.key.slice(), value: cursor.value.slice() });
      const task = directory.slice(directory.lastIndexOf("/") + 1);
      const batches = history.batchesOf(process, task);
      const sizeBytes = (): number =>
        platform.fileSystem.stat(`${directory}/store.log`)?.sizeBytes ?? 0;
      const selfAtLastDrop = batches.selfAtLastDrop(engine, sizeBytes());
      history.engines.push({ process, task, entries, selfAtLastDrop, atMs: simulator.nowMs });
      return batches.noting(engine, sizeBytes);
    },
  };
}

/** The operator does what the error says: gives the folder up; its state is rebuilt from the changelogs. */
function isDirectoryUnusable(error: unknown): boolean {
  if (error instanceof ApplicationError) return error.code === "STATE_DIRECTORY_UNUSABLE";
  return error instanceof BaseError && error.code === "INPUT_OUTPUT";
}

function removeAll(fileSystem: FileSystem, path: string): void {
  const kind = fileSystem.stat(path)?.kind;
  if (kind === undefined) return;
  if (kind === "file") {
    fileSystem.remove(path);
    return;
  }
  for (const name of fileSystem.list(path)) removeAll(fileSystem, `${path}/${name}`);
  fileSystem.removeDirectory(path);
}
