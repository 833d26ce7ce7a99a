import {
  bytesOption,
  choiceOption,
  isSynchronousFunction,
  optionTable,
  readOptions,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import type { HttpOptions } from "@millrace/http";
import type { Platform } from "@millrace/platform";
import type { RocksdbOptions } from "@millrace/rocksdb";
import { nodePlatform } from "@millrace/platform/node";
import {
  memoryEngineProvider,
  storeEngineKinds,
  type StoreEngineKind,
  type StoreEngineProvider,
  type TuneEngine,
} from "@millrace/state";
import {
  ApplicationError,
  checkCluster,
  checkTopology,
  streamsOptionTable,
  StreamsApp as CoreApp,
  type StreamsOptions as CoreOptions,
  type Topology,
} from "@millrace/streams";

import {
  connectCluster,
  isClusterAddress,
  isClusterClient,
  type ClusterAddress,
} from "./cluster-address.ts";
import { topicCounts, type TopicCounts } from "./missing-topics.ts";
import { openRocksdbEngine } from "./engine/rocksdb-engine.ts";
import { withRestoreProgress } from "./restore-progress.ts";
import { openServing } from "./serving/served-application.ts";
import { untilSignalled } from "./until-signalled.ts";

const rows = {
  /** `"host:port,…"`, `"embedded:DIR"`, an `EmbeddedCluster`, the options of a connection, or a client of a cluster. */
  cluster: valueOption<ClusterAddress, { readonly isRequired: true; readonly kafka: string }>(
    {
      allowed:
        '"host:port,…", "embedded:DIR", an EmbeddedCluster, { bootstrapServers }, or a client such as kafkajsCluster(kafka)',
      accepts: isClusterAddress,
    },
    { isRequired: true, kafka: "bootstrap.servers" },
  ),
  /** Topics to be made before the start if they are not there: partition counts by name. */
  topics: valueOption<TopicCounts>(topicCounts),
  /** What stores lie in. */
  storeEngine: choiceOption(storeEngineKinds, {
    defaultText: "rocksdb with a stateDirectory, else memory",
    kafka: "dsl.store.suppliers.class",
  }),
  /** Bytes of RocksDB's memtables and block caches, of all tasks together. */
  rocksdbMemoryMax: bytesOption({ min: 1, byDefault: 512 * 2 ** 20 }),
  /** Sets up the databases of single tasks otherwise: asked with the task, such as `0_3`. */
  rocksdbConfig: valueOption<TuneEngine>(
    {
      allowed: "a synchronous function, (task) => { memtableBytesMax, blockCacheBytes, … }",
      accepts: isSynchronousFunction,
    },
    { kafka: "rocksdb.config.setter" },
  ),
  /**
   * Serves health, readiness, and to other instances what is in the stores here, over HTTP: `{ host, port }` and the other
   * options of a server, which are bounds, `tls` and `signIn`. Its address is told to the other instances, where
   * `applicationServer` is not given.
   */
  serve: valueOption<HttpOptions>({
    allowed: "{ host, port, tls, signIn, … }",
    accepts: (given) => typeof given === "object" && given !== null,
  }),
  /** Events of this level and above go to standard error as JSON lines. */
  logLevel: choiceOption(["debug", "info", "warn", "error", "silent"], { byDefault: "warn" }),
};

/** How an application runs: where its cluster is, and what the core takes. */
export interface StreamsOptions extends CoreOptions, GivenOptions<typeof rows> {}

export const applicationOptionTable = optionTable(
  "StreamsApp.start",
  { ...streamsOptionTable.rows, ...rows },
  streamsOptionTable.rules,
);

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
   * @throws OptionError, ApplicationError, ClusterError, EmbeddedClusterError: what keeps it from starting; the
   *   signal's reason, where that has aborted
   */
  start(topology: Topology, options: StreamsOptions): Promise<StreamsApp> {
    return startApplication(topology, options, { around: (_platform, start) => start() });
  },

  /**
   * Runs a program: starts the application, closes it at SIGINT and SIGTERM, and resolves when it is closed. A
   * second signal ends the process at once.
   *
   * @throws what `start` throws, and what ended the application
   */
  async run(topology: Topology, options: StreamsOptions): Promise<void> {
    const { signal: given } = readOptions(applicationOptionTable, options);
    await untilSignalled(async (signalled) => {
      const signal = given === undefined ? signalled : AbortSignal.any([given, signalled]);
      try {
        const app = await startApplication(
          topology,
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

interface Launch {
  /** What is done around the start. */
  readonly around: (platform: Platform, start: () => Promise<StreamsApp>) => Promise<StreamsApp>;
  /** See `StreamsEnvironment.isAwaited`. */
  readonly isAwaited?: true;
}

async function startApplication(
  topology: Topology,
  options: StreamsOptions,
  { around, isAwaited }: Launch,
): Promise<StreamsApp> {
  // Before a broker is started for it.
  const { logLevel, rocksdbMemoryMax, rocksdbConfig } = readOptions(
    applicationOptionTable,
    options,
  );
  checkTopology(topology);
  const { core, address, storeEngine, topics, serve } = divided(options);
  if (isClusterClient(address)) checkCluster(address, core);
  const platform = nodePlatform({ logLevel });
  const engines = await openEngines(platform, storeEngine ?? defaultEngine(core), {
    memoryBytesMax: rocksdbMemoryMax,
    ...(rocksdbConfig === undefined ? {} : { tune: rocksdbConfig }),
  });
  const { metadataMaxAge, signal } = core;
  const {
    client: cluster,
    dispose,
    gone,
  } = await connectCluster(address, {
    platform,
    topics,
    metadataMaxAge,
    signal,
  });
  const { applicationServer, querySecret } = core;
  const serving = await openServing(platform, { serve, applicationServer, querySecret }).catch(
    async (error: unknown) => {
      await dispose();
      throw error;
    },
  );
  const environment = {
    platform,
    cluster,
    engines,
    gone,
    isAwaited,
    ...serving.environment(dispose),
  };
  return around(platform, () =>
    CoreApp.start(topology, { ...core, ...serving.options }, environment),
  );
}

/** What the core takes, and what is of Node. */
function divided(options: StreamsOptions) {
  const {
    cluster: address,
    storeEngine,
    logLevel: _,
    rocksdbMemoryMax: _memory,
    rocksdbConfig: _config,
    topics,
    serve,
    ...core
  } = options;
  return { address, storeEngine, topics, serve, core };
}

function isClosed(error: unknown): boolean {
  return error instanceof ApplicationError && error.code === "APPLICATION_CLOSED";
}

function defaultEngine({ stateDirectory }: CoreOptions): StoreEngineKind {
  return stateDirectory === undefined ? "memory" : "rocksdb";
}

async function openEngines(
  platform: Platform,
  engine: StoreEngineKind,
  rocksdb: RocksdbOptions,
): Promise<StoreEngineProvider> {
  return engine === "memory" ? memoryEngineProvider() : openRocksdbEngine(platform, rocksdb);
}
