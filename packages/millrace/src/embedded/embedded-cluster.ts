import type {
  BrokerWorkerFailure,
  BrokerWorkerMessage,
  BrokerWorkerOptions,
} from "@millrace/broker";
import {
  choiceOption,
  flagOption,
  isRecordOf,
  numberOption,
  optionTable,
  readOptions,
  textOption,
  valueOption,
  type GivenOptions,
  type ReadOptions,
} from "@millrace/model";
import type { Timer } from "@millrace/platform";
import { nodePlatform, startWorkerThread, type Worker } from "@millrace/platform/node";

import { nodeCompression } from "@millrace/protocol/compression";
import type { SchemaRegistryServer } from "@millrace/schema-registry-server";

import { connect } from "../connect.ts";
import { makeMissingTopics, topicCounts, type TopicCounts } from "../missing-topics.ts";
import { brokerClosed, brokerNotStarted, noSchemaRegistry } from "./embedded-cluster-error.ts";

const rows = {
  /** Folder of the broker's data; made if it is not there. */
  data: textOption({ isRequired: true, kafka: "log.dirs" }),
  /** Port on the loopback address; 0 takes a free one. Default: that of the first of `config`'s `listeners`, else 0. */
  port: numberOption({ max: 65_535, kafka: "listeners" }),
  /** When a write counts as done; `group`: on the disk, one sync for all writes of a moment. */
  durability: choiceOption(["memory", "os", "group", "strict"], { byDefault: "group" }),
  /** Topics to be made if they are not there: partition counts by name. */
  topics: valueOption<TopicCounts>(topicCounts),
  /** Runs a schema registry beside the broker: see `schemaRegistryUrl`. */
  schemaRegistry: flagOption({ byDefault: false }),
  /** Further settings under Kafka's names, such as `{ "group.initial.rebalance.delay.ms": 0 }`. */
  config: valueOption<Readonly<Record<string, string | number | boolean>>>({
    allowed: "texts, numbers or booleans by Kafka's names of settings",
    accepts: isRecordOf((value) => ["string", "number", "boolean"].includes(typeof value)),
  }),
  /** Gives up the start when it aborts: `start` rejects with the signal's reason. */
  signal: valueOption<AbortSignal>({
    allowed: "an AbortSignal",
    accepts: (given) => given instanceof AbortSignal,
  }),
};

/** How an embedded broker starts. */
export interface EmbeddedClusterOptions extends GivenOptions<typeof rows> {}

export const embeddedClusterOptionTable = optionTable("EmbeddedCluster.start", rows);

/** Longest that a broker which has the folder may take to start, recovery included. */
const startMsMax = 60_000;
const holderPollMs = 20;
/** How often another process's broker is looked for, while an application needs it. */
const holderWatchMs = 250;
/** How long that one may be away, at most: it is not to come back under another address. */
const holderAwayMsMax = 2000;
/** Times that a folder may be found in use and free again in turns. */
const attemptsMax = 5;
/** Longest that the worker may take to close before it is ended. */
const closeMsMax = 30_000;

/**
 * A Millrace broker in a thread of this process, on loopback TCP: any Kafka client can use it while the process
 * lives. A second process that starts one on the same folder uses the first one's, as that was started, and as long as
 * that one has it open.
 *
 * @example
 * await using cluster = await EmbeddedCluster.start({ data: "./data", topics: { orders: 4 } });
 * new Kafka({ brokers: [cluster.bootstrapServers] }); // kafkajs
 */
export class EmbeddedCluster implements AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly bootstrapServers: string;
  /** Undefined: the broker belongs to another process. */
  readonly #worker: Worker | undefined;
  /** The broker's thread is over. */
  readonly #ended: Promise<void>;
  readonly #data: string;
  readonly #platform = nodePlatform();
  readonly #gone = new AbortController();
  #registry: SchemaRegistryServer | undefined;
  #hasToldUnreadable = false;
  #watching: Timer | undefined;
  #closing: Promise<void> | undefined;

  private constructor(bootstrapServers: string, data: string, thread?: BrokerThread) {
    this.bootstrapServers = bootstrapServers;
    this.#data = data;
    this.#worker = thread?.worker;
    this.#ended = thread === undefined ? Promise.resolve() : this.#watch(thread);
  }

  /**
   * Aborts once the broker is closed, or has ended otherwise: by this process, or by the one that started it. The reason
   * is an EmbeddedClusterError `BROKER_CLOSED`.
   */
  get gone(): AbortSignal {
    if (this.#worker === undefined && this.#closing === undefined)
      this.#watching ??= this.#watchHolder(undefined);
    return this.#gone.signal;
  }

  /**
   * Where the schema registry is: `http://127.0.0.1:PORT`.
   *
   * @throws EmbeddedClusterError `NO_SCHEMA_REGISTRY`: started without `schemaRegistry: true`
   */
  get schemaRegistryUrl(): string {
    if (this.#registry === undefined) throw noSchemaRegistry();
    return this.#registry.url;
  }

  /** @throws OptionError; EmbeddedClusterError with the broker's own code, such as `ADDRESS_IN_USE` or `FOREIGN_DIRECTORY`; the signal's reason */
  static async start(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
    const read = readOptions(embeddedClusterOptionTable, options);
    const cluster = await EmbeddedCluster.#open(read);
    try {
      read.signal?.throwIfAborted();
      if (cluster.#worker === undefined) tellIgnored(options, cluster.bootstrapServers);
      await using client = connect({ bootstrapServers: cluster.bootstrapServers });
      const { logger } = cluster.#platform;
      await makeMissingTopics(client.admin, read.topics, { logger, signal: read.signal });
      if (read.schemaRegistry) cluster.#registry = await cluster.#startRegistry(read.signal);
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  static async #open(options: EmbeddedClusterSettings): Promise<EmbeddedCluster> {
    const { data, signal } = options;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const { thread, first } = await startThread(options);
      if (first.kind === "started")
        return new EmbeddedCluster(`${first.host}:${first.port}`, data, thread);
      await thread.worker.terminate();
      signal?.throwIfAborted();
      const holder = isInUse(first) ? await addressOfHolder(data, signal) : undefined;
      if (holder !== undefined) return new EmbeddedCluster(holder, data);
      // The holder may have ended in between, and the folder is free now.
      if (isInUse(first) && attempt < attemptsMax) continue;
      throw brokerNotStarted(first.failure.code ?? first.failure.name, first.failure.message);
    }
  }

  /** Ends the broker, if this process started it. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Whoever does without does not carry its code. */
  async #startRegistry(signal: AbortSignal | undefined): Promise<SchemaRegistryServer> {
    const { SchemaRegistryServer } = await import("@millrace/schema-registry-server");
    const { bootstrapServers } = this;
    const place = { bootstrapServers, port: 0, codecs: nodeCompression, signal };
    // Whoever has the broker has the first registry beside it: the one before has ended with its broker.
    const seat = this.#worker === undefined ? {} : { groupInstanceId: "own-broker" };
    return SchemaRegistryServer.start({ ...place, ...seat }, this.#platform);
  }

  async #close(): Promise<void> {
    this.#watching?.cancel();
    const worker = this.#worker;
    // Within the call, so that applications which are closed next know why; they need not wait for the registry.
    if (worker !== undefined) this.#tellGone("the program that started it");
    await this.#registry?.close();
    if (worker === undefined) return;
    worker.postMessage({ kind: "close" });
    const timer = this.#platform.timers.after(closeMsMax, () => void worker.terminate());
    await this.#ended;
    timer.cancel();
  }

  /** Nobody waits for the thread while it serves: that it ends by itself is for the log. */
  async #watch({ ended }: BrokerThread): Promise<void> {
    const { code, cause } = await ended;
    if (this.#closing !== undefined) return;
    this.#tellGone("an error of its own");
    const { bootstrapServers } = this;
    this.#platform.logger.log("error", "millrace.broker-ended", { bootstrapServers, code, cause });
  }

  /** Of a broker of another process. It may be restarted at once, by whoever looks after it. */
  #watchHolder(missingSinceMs: number | undefined): Timer {
    const { timers, clock } = this.#platform;
    return timers.after(holderWatchMs, () => {
      const isThere = this.#isHolderThere();
      const nowMs = clock.monotonicMs();
      const sinceMs = isThere === false ? (missingSinceMs ?? nowMs) : undefined;
      if (sinceMs !== undefined && nowMs - sinceMs >= holderAwayMsMax)
        this.#tellGone("the process that started it");
      else this.#watching = this.#watchHolder(sinceMs);
    });
  }

  /** Undefined: nobody can tell, as where this process has too many files open. */
  #isHolderThere(): boolean | undefined {
    const { fileSystem, logger } = this.#platform;
    try {
      return fileSystem.readLockNote(`${this.#data}/.lock`) === this.bootstrapServers;
    } catch (cause) {
      if (!this.#hasToldUnreadable)
        logger.log("warn", "millrace.lock-unreadable", { data: this.#data, cause });
      this.#hasToldUnreadable = true;
      return undefined;
    }
  }

  #tellGone(by: string): void {
    this.#gone.abort(brokerClosed(this.bootstrapServers, by));
  }
}

type EmbeddedClusterSettings = ReadOptions<typeof rows>;
type Refused = { readonly kind: "refused"; readonly failure: BrokerWorkerFailure };
type Started = Extract<BrokerWorkerMessage, { readonly kind: "started" }>;

interface BrokerThread {
  readonly worker: Worker;
  /** How it ended. Asked for from its beginning: it may be over when its first message is read. */
  readonly ended: Promise<{ readonly code: number; readonly cause: unknown }>;
}

/**
 * A broker's objects hold buffers of requests, which stay until the objects are collected: the more room young ones have,
 * the more memory waits. Three times 8 MiB.
 */
const memoryLimits = { maxYoungGenerationSizeMb: 24 };

/** Nobody waits for members that may come. */
const quickGroups = {
  "group.initial.rebalance.delay.ms": 0,
  "group.streams.initial.rebalance.delay.ms": 0,
};

async function startThread(
  options: EmbeddedClusterSettings,
): Promise<{ readonly thread: BrokerThread; readonly first: Started | Refused }> {
  const port = options.port ?? (options.config?.listeners === undefined ? 0 : undefined);
  const workerData: BrokerWorkerOptions = {
    dataDirectory: options.data,
    ...(port === undefined ? {} : { port }),
    durability: options.durability,
    properties: { ...quickGroups, ...options.config },
  };
  const url = new URL(import.meta.resolve("@millrace/broker/worker"));
  const worker = startWorkerThread(url, workerData, memoryLimits);
  let timer: Timer | undefined;
  // Asked first, since a thread that is ended from outside leaves the folder locked while the process lives.
  const giveUp = (): void => {
    worker.postMessage({ kind: "close" });
    timer = nodePlatform().timers.after(closeMsMax, () => void worker.terminate());
  };
  options.signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const thread = { worker, ended: endOf(worker) };
    const first = await firstMessage(worker);
    if (options.signal?.aborted === true) await thread.ended;
    options.signal?.throwIfAborted();
    return { thread, first };
  } finally {
    options.signal?.removeEventListener("abort", giveUp);
    timer?.cancel();
  }
}

function endOf(worker: Worker): BrokerThread["ended"] {
  let cause: unknown;
  worker.once("error", (error: unknown) => {
    cause = error;
  });
  return new Promise((resolve) => {
    worker.once("exit", (code) => resolve({ code, cause }));
  });
}

function firstMessage(worker: Worker): Promise<Started | Refused> {
  return new Promise((resolve) => {
    const refuse = (failure: BrokerWorkerFailure): void => resolve({ kind: "refused", failure });
    const failed = (message: string): void =>
      refuse({ name: "WORKER_FAILED", code: undefined, message });
    worker.once("message", (message: BrokerWorkerMessage) => {
      if (message.kind === "started") resolve(message);
      else if (message.kind !== "closed") refuse(message.failure);
    });
    worker.once("error", (error: unknown) => failed(String(error)));
    worker.once("exit", (code) => failed(`the broker's thread ended with code ${code}`));
  });
}

/** The broker of another process was started with the options of that one. */
function tellIgnored(options: EmbeddedClusterOptions, bootstrapServers: string): void {
  const { data, port = 0 } = options;
  if (port !== 0 && !bootstrapServers.endsWith(`:${port}`))
    throw brokerNotStarted(
      "IN_USE",
      `${data} is open in another broker, at ${bootstrapServers}; leave port ${port} out to use that one, or give a folder of its own`,
    );
  const ignored = (["durability", "config"] as const).filter((name) => options[name] !== undefined);
  if (ignored.length === 0) return;
  nodePlatform().logger.log("warn", "millrace.broker-shared", { data, bootstrapServers, ignored });
}

function isInUse({ failure }: Refused): boolean {
  return failure.code === "IN_USE" || failure.code === "LOCKED";
}

/**
 * Where the broker is that has the folder open: it leaves a note at its lock once it listens. Undefined: nobody has it
 * open any more, or not within the time.
 */
async function addressOfHolder(
  data: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { fileSystem, timers, clock } = nodePlatform();
  const startMs = clock.monotonicMs();
  for (;;) {
    const note = fileSystem.readLockNote(`${data}/.lock`);
    if (note !== "") return note;
    if (clock.monotonicMs() - startMs > startMsMax) return undefined;
    await timers.sleep(holderPollMs, signal);
  }
}
