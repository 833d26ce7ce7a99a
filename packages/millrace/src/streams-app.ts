import {
  choiceOption,
  optionTable,
  readOptions,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { memoryEngineProvider, type StoreEngineProvider } from "@millrace/state";
import {
  ApplicationError,
  streamsOptionTable,
  StreamsApp as CoreApp,
  type StreamsOptions as CoreOptions,
  type StreamsState,
  type Topology,
} from "@millrace/streams";

import {
  connectCluster,
  isClusterAddress,
  type ClusterAddress,
  type ConnectedCluster,
} from "./cluster-address.ts";
import { openRocksdbEngine } from "./engine/rocksdb-engine.ts";
import { untilSignalled } from "./until-signalled.ts";

const rows = {
  /** `"host:port,…"`, `"embedded:DIR"`, an `EmbeddedCluster`, or the options of a connection. */
  cluster: valueOption<ClusterAddress, { readonly isRequired: true; readonly kafka: string }>(
    {
      allowed: '"host:port,…", "embedded:DIR", an EmbeddedCluster, or { bootstrapServers }',
      accepts: isClusterAddress,
    },
    { isRequired: true, kafka: "bootstrap.servers" },
  ),
  /** What stores lie in. */
  storeEngine: choiceOption(["rocksdb", "memory"], {
    defaultText: "rocksdb with a stateDirectory, else memory",
    kafka: "dsl.store.suppliers.class",
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

/**
 * A running application on Node (Kafka: `KafkaStreams`): the core, with a client, a store engine and the real world.
 *
 * @example
 * await using app = await StreamsApp.start(builder.build(), {
 *   applicationId: "word-count",
 *   cluster: "localhost:9092",
 *   stateDirectory: "./state",
 * });
 */
export class StreamsApp implements AsyncDisposable {
  readonly #app: CoreApp;
  /** Resolves once all is closed; rejects with the error that ended the application. */
  readonly closed: Promise<void>;

  private constructor(app: CoreApp, cluster: ConnectedCluster) {
    this.#app = app;
    this.closed = app.closed.finally(() => cluster[Symbol.asyncDispose]());
    this.closed.catch(() => {}); // told to whoever awaits it
  }

  /**
   * Starts an application and waits until it has its tasks.
   *
   * @throws ApplicationError, ClusterError, EmbeddedClusterError: what keeps it from starting
   */
  static async start(topology: Topology, options: StreamsOptions): Promise<StreamsApp> {
    const { logLevel } = readOptions(applicationOptionTable, options); // before a broker is started for it
    const { cluster: address, storeEngine, logLevel: _, ...core } = options;
    const platform = nodePlatform({ logLevel });
    const engines = await openEngines(platform, storeEngine ?? defaultEngine(core));
    const cluster = await connectCluster(address, platform);
    try {
      const environment = { platform, cluster: cluster.client, engines };
      return new StreamsApp(await CoreApp.start(topology, core, environment), cluster);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Runs a program: starts the application, closes it at SIGINT and SIGTERM, and resolves when it is closed. A
   * second signal ends the process at once.
   */
  static async run(topology: Topology, options: StreamsOptions): Promise<void> {
    await untilSignalled(async (signalled) => {
      const signal =
        options.signal === undefined ? signalled : AbortSignal.any([options.signal, signalled]);
      try {
        const app = await StreamsApp.start(topology, { ...options, signal });
        await app.closed;
      } catch (error) {
        if (!signal.aborted || !isClosed(error)) throw error; // closed while it started
      }
    });
  }

  get state(): StreamsState {
    return this.#app.state;
  }

  /** The tasks that run here now, such as `0_3`. */
  get tasks(): readonly string[] {
    return this.#app.tasks;
  }

  /** All metrics, under Kafka's names where it has one. */
  metrics(): ReturnType<CoreApp["metrics"]> {
    return this.#app.metrics();
  }

  /** Commits, leaves the group, closes. Ends within `closeTimeout`. Twice is fine. */
  async close(): Promise<void> {
    await this.#app.close();
    await this.closed.catch(() => {}); // told through `closed`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof ApplicationError && error.code === "APPLICATION_CLOSED";
}

function defaultEngine({ stateDirectory }: CoreOptions): "rocksdb" | "memory" {
  return stateDirectory === undefined ? "memory" : "rocksdb";
}

async function openEngines(
  platform: Platform,
  engine: "rocksdb" | "memory",
): Promise<StoreEngineProvider> {
  return engine === "memory" ? memoryEngineProvider() : openRocksdbEngine(platform);
}
