import { ReadMemory } from "@millrace/log";
import type { NetworkAddress, Platform, Timer } from "@millrace/platform";
import type { BrokerServices, ClusterIdentity } from "./broker-services.ts";
import { type BrokerOptions, closeTimeoutMsDefault } from "./broker-options.ts";
import { BrokerConfig } from "./config/broker-config.ts";
import { checkDescriptors } from "./check-descriptors.ts";
import { brokerHandlers } from "./handlers/broker-handlers.ts";
import { coordinatorHandlers } from "./handlers/coordinator-handlers.ts";
import { checkLoopback, parseListener } from "./listener-address.ts";
import { type BrokerParts, closeBroker, openBroker } from "./open-broker.ts";
import { InternalTopicCreator } from "./partition/internal-topics.ts";
import { BrokerServer } from "./server/broker-server.ts";
import { HandlerTable } from "./server/handler-table.ts";
import { serverLimitsOf } from "./server/server-limits.ts";

/** As often as Kafka writes its checkpoints. */
const upkeepIntervalMs = 60_000;
/** A crash costs a scan, and a second write, of what came after the last one. */
const recoveryPointIntervalMs = 1000;

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
  #upkeeping: Promise<void> = Promise.resolve();
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
   * @throws BrokerError an address that is not loopback, a listener that does not parse, metadata that is gone, a
   * process that may open too few files
   * @throws ConfigError a property that Kafka does not know, or a value out of bounds
   * @throws LogDirectoryError a directory in use, of something else, or of a newer version
   * @throws NetworkError a port in use, and the like
   * @throws FileSystemError, LogStorageError
   * @throws the reason of the signal that gives the start up
   */
  static async start(platform: Platform, options: BrokerOptions): Promise<Broker> {
    options.signal?.throwIfAborted();
    const config = BrokerConfig.parse(options.properties ?? {}, platform.logger);
    const address = addressOf(config, options);
    checkLoopback(address.host);
    checkDescriptors(platform.fileSystem);
    const parts = await openBroker(platform, config, options);
    let server: BrokerServer | undefined;
    try {
      server = await serve(platform, config, address, parts);
      parts.directory.setLockNote(`${server.address.host}:${server.address.port}`);
      return new Broker(platform, options, { parts, server });
    } catch (error) {
      await server?.close(0);
      await closeBroker(parts).catch((failure: unknown) =>
        platform.logger.log("error", "broker.close-failed", { error: failure }),
      );
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
    const timeoutMs = this.#options.closeTimeoutMs ?? closeTimeoutMsDefault;
    const closed = this.#server
      .close(timeoutMs / 4)
      .then(() => this.#upkeeping)
      .then(() => closeBroker(this.#parts));
    await new Promise<void>((resolve, reject) => {
      const timer = this.#platform.timers.after(timeoutMs, () => {
        this.#platform.logger.log("error", "broker.close-timeout", { timeoutMs });
        resolve();
      });
      closed.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #scheduleUpkeep(): void {
    const { clock, timers } = this.#platform;
    let upkeepMs = clock.monotonicMs() + upkeepIntervalMs;
    const turn = () => {
      const isUpkeepDue = clock.monotonicMs() >= upkeepMs;
      if (isUpkeepDue) upkeepMs = clock.monotonicMs() + upkeepIntervalMs;
      this.#upkeeping = this.#upkeepOnce(isUpkeepDue).finally(() => {
        if (this.#closing === undefined) this.#upkeep = timers.after(recoveryPointIntervalMs, turn);
      });
    };
    this.#upkeep = timers.after(recoveryPointIntervalMs, turn);
  }

  async #upkeepOnce(isFull: boolean): Promise<void> {
    const { directory, partitions } = this.#parts;
    try {
      if (isFull) for (const partition of partitions.all()) partition.removeExpiredProducers();
      await directory.checkpoint();
    } catch (error) {
      this.#platform.logger.log("warn", "broker.checkpoint-failed", { error });
    }
  }
}

function addressOf(config: BrokerConfig, options: BrokerOptions): NetworkAddress {
  const [first] = config.list("listeners");
  const listener = first === undefined ? { host: "127.0.0.1", port: 9092 } : parseListener(first);
  return { host: options.host ?? listener.host, port: options.port ?? listener.port };
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
  const readMemory = new ReadMemory();
  const services: BrokerServices = {
    platform,
    config,
    cluster,
    metadata,
    image,
    partitions,
    readMemory,
    storage,
    verifier: coordinators.transactions,
    topicDeleted: (topic) => coordinators.groups.topicDeleted(topic),
  };
  handlers.add(...brokerHandlers(services, () => handlers.apis()));
  handlers.add(
    ...coordinatorHandlers({
      coordinators,
      topics: image,
      internalTopics: new InternalTopicCreator(services),
      clock: platform.clock,
      node: () => ({ nodeId: cluster.nodeId, ...endpoint() }),
    }),
  );
  const server = await BrokerServer.listen(platform, {
    address,
    handlers,
    readMemory,
    limits: serverLimitsOf(config, platform.fileSystem.descriptors().connections),
    listener: "PLAINTEXT",
  });
  bound = server.address;
  return server;
}
