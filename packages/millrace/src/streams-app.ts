import { readOptions, type ReadOptions } from "@millrace/model";
import { JoinedSignal, withFields, type Platform } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import {
  ApplicationError,
  checkCluster,
  checkTopology,
  StreamsApp as CoreApp,
  type Topology,
} from "@millrace/streams";

import { connectCluster, isClusterClient } from "./cluster-address.ts";
import { withRestoreProgress } from "./restore-progress.ts";
import { openSnapshots } from "./snapshots/open-snapshots.ts";
import { openServing } from "./serving/served-application.ts";
import { chooseEngine } from "./engine/choose-engine.ts";
import { openEngines } from "./engine/open-engines.ts";
import { applicationOptionTable, dividedOptions, type StreamsOptions } from "./streams-options.ts";
import { checkSendable, threadOpener } from "./threads/open-threads.ts";
import { loadProgram, refuseOwnProgram } from "./threads/thread-program.ts";
import { programOptions } from "./threads/program-options.ts";
import { untilSignalled } from "./until-signalled.ts";

/** A running application (Kafka: `KafkaStreams`): the core's own class, under a name that declarations can import. */
export interface StreamsApp extends CoreApp {}

/**
 * Starts applications on Node: the core, with a client, a store engine and the real world.
 *
 * @example
 * await StreamsApp.run(builder.build(), {
 *   applicationId: "word-count",
 *   cluster: "localhost:9092",
 *   stateDirectory: "./state",
 * });
 */
export const StreamsApp = {
  /**
   * Starts an application and waits until it has its tasks. Close it in the end, also where something fails in between.
   *
   * @param program a topology, whose loops share this thread; or the URL of a module, whose loops have threads of their
   *   own: it has `export default (data) => Topology`, and may have `export const options = (data) => ({ … })` with what
   *   cannot cross threads, such as handlers
   * @throws OptionError, ApplicationError, ClusterError, EmbeddedClusterError: what keeps it from starting; the
   *   signal's reason, where that has aborted
   */
  start(program: Topology | URL, options: StreamsOptions): Promise<StreamsApp> {
    return startApplication(program, options, { around: (_platform, start) => start() });
  },

  /**
   * Runs a program: starts the application, closes it at SIGINT and SIGTERM, and resolves when it is closed. A
   * second signal ends the process at once.
   *
   * @throws what `start` throws, and what ended the application
   */
  async run(program: Topology | URL, options: StreamsOptions): Promise<void> {
    const { signal: given } = readOptions(applicationOptionTable, options);
    await untilSignalled(async (signalled) => {
      using ends = new JoinedSignal(given, signalled);
      const { signal } = ends;
      try {
        const app = await startApplication(
          program,
          { ...options, signal },
          { around: withRestoreProgress, isAwaited: true },
        );
        await app.closed;
      } catch (error) {
        const isGivenUp = error === signal.reason || isClosed(error);
        if (!signal.aborted || !isGivenUp) throw error;
      }
    });
  },
};

/** Of a module: what it makes, and the options with its own. */
async function programOf(
  program: Topology | URL,
  options: StreamsOptions,
): Promise<{ readonly topology: Topology; readonly options: StreamsOptions }> {
  if (!(program instanceof URL)) return { topology: program, options };
  refuseOwnProgram(program);
  const { data, signal } = readOptions(applicationOptionTable, options);
  const { timers } = nodePlatform();
  const loaded = { module: program, data, timers, ...(signal === undefined ? {} : { signal }) };
  const { topology, options: own } = await loadProgram(loaded);
  return { topology, options: programOptions(program, options, own) };
}

interface Launch {
  /** What is done around the start. */
  readonly around: (platform: Platform, start: () => Promise<StreamsApp>) => Promise<StreamsApp>;
  /** See `StreamsEnvironment.isAwaited`. */
  readonly isAwaited?: true;
}

async function startApplication(
  program: Topology | URL,
  given: StreamsOptions,
  { around, isAwaited }: Launch,
): Promise<StreamsApp> {
  // Before a broker is started for it.
  const { topology, options } = await programOf(program, given);
  const read = readOptions(applicationOptionTable, options);
  checkTopology(topology);
  const { core, address, topics, serve, queryTls } = dividedOptions(options);
  if (isClusterClient(address)) checkCluster(address, core);
  if (program instanceof URL) checkSendable(given);
  const platform = platformOf(read);
  const storeEngine = await chooseEngine(platform, topology, { ...read, ...core });
  const engines = await openEngines(platform, storeEngine, read);
  const { metadataMaxAge, signal } = core;
  const connected = await connectCluster(address, {
    platform,
    topics,
    metadataMaxAge,
    signal,
  });
  const { client: cluster, dispose, gone } = connected;
  const { applicationServer, querySecret } = core;
  const serving = await openServing(platform, {
    serve,
    applicationServer,
    querySecret,
    queryTls,
  }).catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  const environment = {
    platform,
    cluster,
    engines,
    gone,
    isAwaited,
    openSnapshots: (url: string) => openSnapshots(url, platform),
    ...(program instanceof URL
      ? {
          openThread: threadOpener(program, {
            given: { ...given, ...serving.options },
            read,
            platform,
            connected,
            storeEngine,
          }),
        }
      : {}),
    ...serving.environment(dispose),
  };
  return around(platform, () =>
    CoreApp.start(topology, { ...core, ...serving.options }, environment),
  );
}

/** Whatever is logged says of which application it is: there may be others in the process. */
function platformOf({
  applicationId: application,
  logger,
  logLevel,
}: ReadOptions<typeof applicationOptionTable.rows>): Platform {
  const platform = nodePlatform({ logger, logLevel });
  return { ...platform, logger: withFields(platform.logger, { application }) };
}

function isClosed(error: unknown): boolean {
  return error instanceof ApplicationError && error.code === "APPLICATION_CLOSED";
}
