import { ReadMemory } from "@millrace/log";
import type { MetricValue, NetworkAddress, Platform } from "@millrace/platform";
import type { BrokerServices, ClusterIdentity } from "./broker-services.ts";
import { type BrokerOptions, closeTimeoutMsDefault } from "./broker-options.ts";
import { BrokerConfig } from "./config/broker-config.ts";
import { checkDescriptors } from "./check-descriptors.ts";
import type { Coordinators } from "./coordinator/coordinators.ts";
import { FetchSessions } from "./fetch/fetch-sessions.ts";
import { brokerHandlers } from "./handlers/broker-handlers.ts";
import { coordinatorHandlers } from "./handlers/coordinator-handlers.ts";
import { ApiVersionsHandler } from "./handlers/api-versions.ts";
import { GroupProtocols } from "./handlers/group-protocols.ts";
import { type ListenerPlan, planListeners } from "./listeners.ts";
import { type BrokerParts, closeBroker, openBroker } from "./open-broker.ts";
import { BrokerMetrics } from "./metrics/broker-metrics.ts";
import { RequestMetrics } from "./metrics/request-metrics.ts";
import { TopicMetrics } from "./metrics/topic-metrics.ts";
import { UpkeepMetrics } from "./metrics/upkeep-metrics.ts";
import { InternalTopicCreator } from "./partition/internal-topics.ts";
import { authorizerOf } from "./security/authorization/authorizer-of.ts";
import { DelegationTokenIssuer } from "./security/authentication/delegation-token-issuer.ts";
import { TokenCredentials } from "./security/authentication/token-credentials.ts";
import { ClientQuotaManager } from "./security/quotas/client-quota-manager.ts";
import { renewalOf, serverListeners } from "./server-listeners.ts";
import { BrokerServer } from "./server/broker-server.ts";
import type { Handler } from "./server/handler.ts";
import { HandlerTable } from "./server/handler-table.ts";
import { serverLimitsOf } from "./server/server-limits.ts";
import { startUpkeep } from "./upkeep/broker-upkeep.ts";
import type { RecurringJob, RecurringJobs } from "./upkeep/recurring-jobs.ts";

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
  readonly #metrics: BrokerMetrics;
  readonly #upkeep: RecurringJobs;
  #closing: Promise<void> | undefined;

  private constructor(
    platform: Platform,
    options: BrokerOptions,
    started: { readonly parts: BrokerParts; readonly upkeep: RecurringJobs } & Served,
  ) {
    this.#platform = platform;
    this.#options = options;
    this.#parts = started.parts;
    this.#server = started.server;
    this.#metrics = started.metrics;
    this.clusterId = started.parts.directory.properties.clusterId;
    this.#upkeep = started.upkeep;
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
    const plans = planListeners(config, options);
    for (const { name, protocol, address, isSecure } of plans)
      if (!isSecure)
        platform.logger.log("warn", "broker.insecure-listener", {
          listener: name,
          protocol,
          address: `${address.host}:${address.port}`,
        });
    checkDescriptors(platform.fileSystem);
    const parts = await openBroker(platform, config, options);
    const { saslMechanisms = [] } = options;
    let server: BrokerServer | undefined;
    try {
      const served = await serve(platform, config, { plans, saslMechanisms }, parts);
      ({ server } = served);
      const [{ host, port }] = server.addresses;
      parts.directory.setLockNote(`${host}:${port}`);
      const upkeep = startUpkeep(platform, config, {
        ...parts,
        metrics: served.upkeepMetrics,
      });
      for (const job of served.jobs) upkeep.start(job);
      return new Broker(platform, options, { parts, upkeep, ...served });
    } catch (error) {
      await server?.close(0);
      await closeBroker(parts).catch((failure: unknown) =>
        platform.logger.log("error", "broker.close-failed", { error: failure }),
      );
      throw error;
    }
  }

  /** Where clients connect: the first listener. */
  get address(): NetworkAddress {
    return this.#server.addresses[0];
  }

  /** Where each of `listeners` is bound, in their order. */
  get addresses(): readonly NetworkAddress[] {
    return this.#server.addresses;
  }

  /** All metrics now: `brokerMetricDescriptions` tells what each is. */
  metrics(): Promise<readonly MetricValue[]> {
    return this.#metrics.collect();
  }

  /** Whether its device does what it is told; if it does not, the process should end. */
  get isHealthy(): boolean {
    return this.#parts.metadataLog.failure === undefined;
  }

  /** Whether both coordinators have read their logs, so that groups and transactions can go on. */
  async isReady(): Promise<boolean> {
    if (!this.isHealthy || this.#closing !== undefined) return false;
    const { groups, transactions } = this.#parts.coordinators;
    const found = [await groups.list(), await transactions.list()];
    return found.every((one) => typeof one !== "number");
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
    const upkept = this.#upkeep.close();
    const timeoutMs = this.#options.closeTimeoutMs ?? closeTimeoutMsDefault;
    const closed = this.#server
      .close(timeoutMs / 4)
      .then(() => upkept)
      .then(() => closeBroker(this.#parts));
    await new Promise<void>((resolve, reject) => {
      const timer = this.#platform.timers.after(timeoutMs, () => {
        this.#platform.logger.log("error", "broker.close-timeout", { timeoutMs });
        resolve();
      });
      closed.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

interface Served {
  readonly server: BrokerServer;
  readonly metrics: BrokerMetrics;
  /** Of security. */
  readonly jobs: readonly RecurringJob[];
  readonly upkeepMetrics: UpkeepMetrics;
}

async function serve(
  platform: Platform,
  config: BrokerConfig,
  {
    plans,
    saslMechanisms,
  }: Required<Pick<BrokerOptions, "saslMechanisms">> & { readonly plans: readonly ListenerPlan[] },
  parts: BrokerParts,
): Promise<Served> {
  const handlers = new HandlerTable();
  const endpoints = new Map<string, NetworkAddress>();
  const [first] = plans;
  const endpoint = (listener: string) => endpoints.get(listener) ?? first.address;
  const { coordinators } = parts;
  const { image } = parts.metadata;
  const authorizer = authorizerOf(config, image.accessControl, platform);
  const requests = new RequestMetrics(platform.clock);
  const services = servicesOf(platform, config, parts, endpoint);
  const apis = () => handlers.apis();
  handlers.add(...brokerHandlers(services, { apis, hasAuthorizer: authorizer !== undefined }));
  handlers.add(...servedByCoordinators(services, coordinators));
  const listeners = serverListeners(plans, {
    config,
    platform,
    credentials: image.scramCredentials,
    tokens: new TokenCredentials(services.tokens, platform.random),
    saslMechanisms,
    handlers,
    apiVersions: new ApiVersionsHandler(image, apis),
  });
  const server = await BrokerServer.listen(platform, {
    listeners,
    authorizer,
    quotas: new ClientQuotaManager(image.clientQuotas, platform.clock, () =>
      config.number("max.connection.creation.rate"),
    ),
    handlers,
    readMemory: services.readMemory,
    limits: serverLimitsOf(config, platform.fileSystem.descriptors().connections),
    metrics: requests,
  });
  for (const [index, { name, advertised }] of plans.entries())
    endpoints.set(name, advertised ?? server.addresses[index]);
  const { groups } = coordinators;
  const upkeep = new UpkeepMetrics(platform.clock);
  const { directory } = parts;
  const sources = { ...services, groups, requests, upkeep, server, directory };
  const jobs = [renewalOf(plans, services, { listeners, server }), services.tokens.removal()];
  return { server, metrics: new BrokerMetrics(sources), upkeepMetrics: upkeep, jobs };
}

function servicesOf(
  platform: Platform,
  config: BrokerConfig,
  parts: BrokerParts,
  endpoint: ClusterIdentity["endpoint"],
): BrokerServices {
  const { metadata, partitions, storage, coordinators, deliveries, directory, nodeId } = parts;
  const { image } = metadata;
  config.onChanged(() => {
    for (const topic of image.topics()) partitions.updateConfig(topic);
  });
  const slots = config.number("max.incremental.fetch.session.cache.slots");
  const topicMetrics = new TopicMetrics((topic) => image.topic(topic) !== undefined);
  return {
    platform,
    config,
    cluster: { clusterId: directory.properties.clusterId, nodeId, endpoint },
    metadata,
    image,
    partitions,
    partitionBound: parts.partitionBound,
    fetchSessions: new FetchSessions(slots, platform),
    readMemory: new ReadMemory(),
    storage,
    dataDirectory: directory.path,
    tokens: new DelegationTokenIssuer({ platform, config, metadata }),
    verifier: coordinators.transactions,
    topicMetrics,
    deliveries,
    topicDeleted: (topic) => {
      topicMetrics.forget(topic.name);
      return coordinators.topicDeleted(topic);
    },
  };
}

function servedByCoordinators(
  services: BrokerServices,
  coordinators: Coordinators,
): readonly Handler[] {
  const { cluster, image, partitions, platform } = services;
  return coordinatorHandlers({
    coordinators,
    topics: image,
    partitions,
    protocols: new GroupProtocols(services.config, image),
    internalTopics: new InternalTopicCreator(services),
    clock: platform.clock,
    node: (listener) => ({ nodeId: cluster.nodeId, ...cluster.endpoint(listener) }),
  });
}
