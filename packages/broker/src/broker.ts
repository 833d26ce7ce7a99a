import { LogDirectory, LogStorageError } from "@millrace/log";
import type { NetworkAddress, Platform, Timer } from "@millrace/platform";
import type { BrokerServices, ClusterIdentity } from "./broker-services.ts";
import {
  type BrokerOptions,
  CLOSE_TIMEOUT_MS_DEFAULT,
  NODE_ID_DEFAULT,
  RESERVE_BYTES_DEFAULT,
} from "./broker-options.ts";
import { BrokerConfig } from "./config/broker-config.ts";
import { logConfigOf } from "./config/topic-config.ts";
import { groupConfigOf, transactionConfigOf } from "./coordinator-config.ts";
import { Coordinators } from "./coordinator/coordinators.ts";
import { brokerHandlers } from "./handlers/broker-handlers.ts";
import { coordinatorHandlers } from "./handlers/coordinator-handlers.ts";
import { checkLoopback, parseListener } from "./listener-address.ts";
import { clusterIdOf } from "./metadata/cluster-id.ts";
import { startRecords } from "./metadata/first-records.ts";
import { MetadataStore } from "./metadata/metadata-store.ts";
import { checkMetadataIsThere, METADATA_TOPIC, reconcileLogs } from "./partition/reconcile-logs.ts";
import { isInternalTopic } from "./metadata/topic-image.ts";
import { PartitionCoordinatorLogs } from "./partition/coordinator-logs.ts";
import { Durability } from "./partition/durability.ts";
import { Partition } from "./partition/partition.ts";
import { MetadataPartitionLog } from "./partition/metadata-partition-log.ts";
import { PartitionMarkerWriter } from "./partition/partition-marker-writer.ts";
import { Partitions } from "./partition/partitions.ts";
import { StorageGuard } from "./partition/storage-guard.ts";
import { BrokerServer } from "./server/broker-server.ts";
import { HandlerTable } from "./server/handler-table.ts";
import { serverLimitsOf } from "./server/server-limits.ts";

/** As often as Kafka writes its checkpoints. */
const UPKEEP_INTERVAL_MS = 60_000;
/** A crash costs a scan, and a second write, of what came after the last one. */
const RECOVERY_POINT_INTERVAL_MS = 1000;
/** Of the metadata log, which no client reads. */
const METADATA_TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAQ";

/**
 * One durable node that speaks Kafka's protocol.
 *
 * @example
 * await using broker = await Broker.start(nodePlatform(), { dataDirectory: "./data", port: 0 });
 * console.log(`${broker.address.host}:${broker.address.port}`);
 */
export class Broker implements AsyncDisposable {
  readonly clusterId: string;
  readonly #platform: Platform;
  readonly #options: BrokerOptions;
  readonly #parts: BrokerParts;
  readonly #server: BrokerServer;
  #upkeep: Timer | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    platform: Platform,
    options: BrokerOptions,
    started: { readonly parts: BrokerParts; readonly server: BrokerServer },
  ) {
    this.#platform = platform;
    this.#options = options;
    this.#parts = started.parts;
    this.#server = started.server;
    this.clusterId = started.parts.directory.properties.clusterId;
    this.#scheduleUpkeep();
  }

  /**
   * @throws BrokerError an address that is not loopback, a listener that does not parse, metadata that is gone
   * @throws ConfigError a property that Kafka does not know, or a value out of bounds
   * @throws LogDirectoryError a directory in use, of something else, or of a newer version
   * @throws NetworkError a port in use, and the like
   * @throws FileSystemError, LogStorageError
   */
  static async start(platform: Platform, options: BrokerOptions): Promise<Broker> {
    const config = BrokerConfig.parse(options.properties ?? {}, platform.logger);
    const address = addressOf(config, options);
    checkLoopback(address.host);
    const parts = await openParts(platform, config, options);
    try {
      const server = await serve(platform, config, address, parts);
      parts.directory.setLockNote(`${server.address.host}:${server.address.port}`);
      return new Broker(platform, options, { parts, server });
    } catch (error) {
      await closeParts(parts);
      throw error;
    }
  }

  /** Where clients connect. */
  get address(): NetworkAddress {
    return this.#server.address;
  }

  /**
   * Answers what was asked, makes all durable and gives the directory free, in at most `closeTimeoutMs`; calling
   * twice is fine. What is not done by then is left as a crash would leave it.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#upkeep?.cancel();
    const timeoutMs = this.#options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS_DEFAULT;
    const closed = this.#server.close(timeoutMs / 4).then(() => closeParts(this.#parts));
    await new Promise<void>((resolve, reject) => {
      const timer = this.#platform.timers.after(timeoutMs, () => {
        this.#platform.logger.log("error", "broker.close.timeout", { timeoutMs });
        resolve();
      });
      closed.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #scheduleUpkeep(): void {
    const { clock, timers } = this.#platform;
    let upkeepMs = clock.monotonicMs() + UPKEEP_INTERVAL_MS;
    const turn = () => {
      const isUpkeepDue = clock.monotonicMs() >= upkeepMs;
      if (isUpkeepDue) upkeepMs = clock.monotonicMs() + UPKEEP_INTERVAL_MS;
      void this.#upkeepOnce(isUpkeepDue).finally(() => {
        if (this.#closing === undefined)
          this.#upkeep = timers.after(RECOVERY_POINT_INTERVAL_MS, turn);
      });
    };
    this.#upkeep = timers.after(RECOVERY_POINT_INTERVAL_MS, turn);
  }

  async #upkeepOnce(isFull: boolean): Promise<void> {
    const { directory, partitions } = this.#parts;
    try {
      if (isFull) for (const partition of partitions.all()) partition.removeExpiredProducers();
      await (isFull ? directory.checkpoint() : directory.checkpointRecoveryPoints());
    } catch (error) {
      this.#platform.logger.log("warn", "broker.checkpoint.failed", { error });
    }
  }
}

interface BrokerParts {
  readonly directory: LogDirectory;
  readonly partitions: Partitions;
  readonly metadata: MetadataStore;
  readonly metadataLog: Partition;
  readonly coordinators: Coordinators;
  readonly storage: StorageGuard;
  readonly nodeId: number;
}

function addressOf(config: BrokerConfig, options: BrokerOptions): NetworkAddress {
  const [first] = config.list("listeners");
  const listener = first === undefined ? { host: "127.0.0.1", port: 9092 } : parseListener(first);
  return { host: options.host ?? listener.host, port: options.port ?? listener.port };
}

async function openParts(
  platform: Platform,
  config: BrokerConfig,
  options: BrokerOptions,
): Promise<BrokerParts> {
  const nodeId = config.isSet("node.id") ? config.number("node.id") : NODE_ID_DEFAULT;
  const directory = await LogDirectory.open({
    platform,
    path: options.dataDirectory,
    clusterId: clusterIdOf(platform, options.dataDirectory),
    nodeId,
  });
  try {
    return await openInDirectory(platform, config, options, { directory, nodeId });
  } catch (error) {
    await directory.close();
    throw error;
  }
}

interface OpenDirectory {
  readonly directory: LogDirectory;
  readonly nodeId: number;
}

async function openInDirectory(
  platform: Platform,
  config: BrokerConfig,
  options: BrokerOptions,
  { directory, nodeId }: OpenDirectory,
): Promise<BrokerParts> {
  const fail = (failure: Error) => {
    platform.logger.log("error", "broker.storage.failed", { error: failure });
    const cause = failure instanceof LogStorageError ? failure : undefined;
    const told = cause ?? new LogStorageError("LOG_FAILED", failure.message, failure);
    partitions.failAll(told);
    metadataLog.fail(told);
    options.onFailed?.(failure);
  };
  const durability = new Durability(options.durability ?? "group", platform.timers, fail);
  const metadataLog = await openMetadataLog(directory, durability);
  const metadata = new MetadataStore(
    new MetadataPartitionLog(metadataLog, platform.clock),
    platform,
  );
  const { image } = metadata;
  checkMetadataIsThere(directory, image);
  const leaderEpoch = image.starts;
  const partitions = new Partitions({
    durability,
    leaderEpoch,
    logger: platform.logger,
    timers: platform.timers,
    isTopic: (topicId) => image.topicById(topicId) !== undefined,
    logs: {
      open: (request) => directory.openLog({ ...request, codecs: options.codecs }),
      remove: (topic, partition) => directory.deleteLog(topic, partition),
    },
    configOf: (topic) => ({
      ...logConfigOf(topic.properties, config),
      // Coordinators read their logs once, at the start.
      ...(isInternalTopic(topic.name) ? { tailCacheBytes: 0 } : {}),
    }),
  });
  await metadata.change(() => ({
    records: startRecords(image, { platform, config, nodeId, leaderEpoch }),
    result: undefined,
  }));
  await reconcileLogs(platform, directory, image, partitions);
  const coordinators = new Coordinators({
    platform,
    logs: new PartitionCoordinatorLogs({ image, partitions, clock: platform.clock, leaderEpoch }),
    markers: new PartitionMarkerWriter(image, partitions, platform.clock),
    producerIdBlocks: metadata,
    groupConfig: groupConfigOf(config),
    transactionConfig: transactionConfigOf(config),
    isEndTransactionEpochAccepted: options.isEndTransactionEpochAccepted,
  });
  coordinators.start();
  const reserveBytes = options.reserveBytes ?? RESERVE_BYTES_DEFAULT;
  const storage = new StorageGuard(platform, options.dataDirectory, reserveBytes);
  return { directory, partitions, metadata, metadataLog, coordinators, storage, nodeId };
}

async function openMetadataLog(
  directory: LogDirectory,
  durability: Durability,
): Promise<Partition> {
  const log = await directory.openLog({
    topic: METADATA_TOPIC,
    partition: 0,
    topicId: METADATA_TOPIC_ID,
    leaderEpoch: 0,
    config: { tailCacheBytes: 0 },
  });
  return new Partition(log, METADATA_TOPIC_ID, durability);
}

async function serve(
  platform: Platform,
  config: BrokerConfig,
  address: NetworkAddress,
  parts: BrokerParts,
): Promise<BrokerServer> {
  const handlers = new HandlerTable();
  const [advertised] = config.list("advertised.listeners");
  const fixed = advertised === undefined ? undefined : parseListener(advertised);
  let bound: NetworkAddress = address;
  const endpoint = () => ({ host: (fixed ?? bound).host, port: (fixed ?? bound).port });
  const cluster: ClusterIdentity = {
    clusterId: parts.directory.properties.clusterId,
    nodeId: parts.nodeId,
    endpoint,
  };
  const { metadata, partitions, storage, coordinators } = parts;
  const { image } = metadata;
  const services: BrokerServices = {
    platform,
    config,
    cluster,
    metadata,
    image,
    partitions,
    storage,
    verifier: coordinators.transactions,
    topicDeleted: (topic) => coordinators.groups.topicDeleted(topic),
  };
  handlers.add(...brokerHandlers(services, () => handlers.apis()));
  handlers.add(
    ...coordinatorHandlers({
      coordinators,
      topics: image,
      clock: platform.clock,
      node: () => ({ nodeId: cluster.nodeId, ...endpoint() }),
    }),
  );
  const server = await BrokerServer.listen(platform, {
    address,
    handlers,
    limits: serverLimitsOf(config),
    listener: "PLAINTEXT",
  });
  bound = server.address;
  return server;
}

/** Closes all, whatever fails on the way; the first failure is thrown, unless the device's was told already. */
async function closeParts(parts: BrokerParts): Promise<void> {
  const wasFailed = parts.metadataLog.failure !== undefined;
  const failures: unknown[] = [];
  const steps = [parts.coordinators, parts.partitions, parts.metadataLog, parts.directory];
  for (const step of steps) {
    try {
      await step.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0 && !wasFailed) throw failures[0];
}
