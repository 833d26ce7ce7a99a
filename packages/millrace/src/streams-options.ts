import {
  bytesOption,
  choiceOption,
  isSynchronousFunction,
  optionTable,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import { peerTlsKind, type HttpOptions, type PeerTls } from "@millrace/http";
import { loggerKind, type AnyLogger } from "@millrace/platform";
import type { TuneEngine } from "@millrace/state";
import { streamsOptionTable, type StreamsOptions as CoreOptions } from "@millrace/streams";

import { isClusterAddress, type ClusterAddress } from "./cluster-address.ts";
import { applicationEngines } from "./engine/application-engine.ts";
import { topicCounts, type TopicCounts } from "./missing-topics.ts";

const rows = {
  /** `"host:port,…"`, `"embedded:DIR"`, an `EmbeddedCluster`, the options of a connection, or a client of a cluster. */
  cluster: valueOption<ClusterAddress, { readonly isRequired: true; readonly kafka: string }>(
    {
      allowed:
        '"host:port,…", "embedded:DIR", an EmbeddedCluster, { bootstrapServers }, a client such as kafkajsCluster(kafka), or that of a TestCluster',
      accepts: isClusterAddress,
    },
    { isRequired: true, kafka: "bootstrap.servers" },
  ),
  /** Topics to be made before the start if they are not there: partition counts by name. */
  topics: valueOption<TopicCounts>(topicCounts),
  /** What stores lie in. By default SQLite is taken where RocksDB cannot be loaded, and the log says why. */
  storeEngine: choiceOption(applicationEngines, {
    defaultText: "rocksdb with a stateDirectory, or sqlite where that does not fit; else memory",
    kafka: "dsl.store.suppliers.class",
  }),
  /** Bytes of RocksDB's memtables and block caches, or SQLite's page caches, of all tasks together. */
  rocksdbMemoryMax: bytesOption({ min: 1, byDefault: 512 * 2 ** 20 }),
  /** Sets up RocksDB's databases of single tasks otherwise: asked with the task, such as `0_3`. */
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
  /**
   * How other instances are greeted that are served over TLS: who may vouch for them, and what is shown to those that ask
   * for a certificate.
   */
  queryTls: valueOption<PeerTls>(peerTlsKind, { defaultText: "what serve.tls has" }),
  /** What the functions of the module are given, where the program is given as its URL. */
  data: valueOption<unknown>({ allowed: "what can be sent to a thread", accepts: () => true }),
  /**
   * Takes what is logged, in place of JSON lines on standard error: pino, winston, bunyan, `console` or the like. What it
   * throws, and how long it takes, harms nothing.
   */
  logger: valueOption<AnyLogger>(loggerKind, { defaultText: "JSON lines on standard error" }),
  /** Events below this level are not logged. */
  logLevel: choiceOption(["debug", "info", "warn", "error", "silent"], {
    defaultText: "warn, or with a logger what that takes",
  }),
};

/** How an application runs: where its cluster is, and what the core takes. */
export interface StreamsOptions extends CoreOptions, GivenOptions<typeof rows> {}

export const applicationOptionTable = optionTable(
  "StreamsApp.start",
  { ...streamsOptionTable.rows, ...rows },
  [
    ...streamsOptionTable.rules,
    {
      demand:
        'storeEngine "rocksdb" and "sqlite" need a stateDirectory; without one leave storeEngine out, and stores are in memory',
      options: ["storeEngine", "stateDirectory"],
      holds: ({ storeEngine, stateDirectory }) =>
        storeEngine === undefined || storeEngine === "memory" || stateDirectory !== undefined,
    },
  ],
);

/** What the core takes, and what is of Node. */
export function dividedOptions(options: StreamsOptions) {
  const {
    cluster: address,
    storeEngine,
    logger: _,
    logLevel: _level,
    rocksdbMemoryMax: _memory,
    rocksdbConfig: _config,
    data: _data,
    topics,
    serve,
    queryTls,
    ...core
  } = options;
  return { address, storeEngine, topics, serve, queryTls, core };
}
