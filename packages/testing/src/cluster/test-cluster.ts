import { Broker } from "@millrace/broker";
import { connect, type ConnectOptions, type KafkaClient } from "@millrace/client";
import { readOptions } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

import { TestClusterError } from "./test-cluster-error.ts";
import { testClusterOptionTable, type TestClusterOptions } from "./test-cluster-options.ts";

/** Nobody waits for members that may come, and internal topics are small. */
const quickConfig = {
  "group.initial.rebalance.delay.ms": 0,
  "group.streams.initial.rebalance.delay.ms": 0,
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.num.partitions": 1,
};

/**
 * A cluster for one test: a broker in this process, with its files, and its connections, in memory.
 *
 * @example
 * await using cluster = await testCluster({ topics: { lines: 1, counts: 1 } });
 * const app = await StreamsApp.start(topology, { applicationId: "counts", cluster: cluster.client });
 * await cluster.client.producer({ value: string() }).send({ topic: "lines", value: "to be" });
 */
export class TestCluster implements AsyncDisposable {
  /** For tests, and as the `cluster` of applications, which leave it open. */
  readonly client: KafkaClient;
  readonly #broker: Broker;
  readonly #platform: Platform;
  readonly #hasPort: boolean;
  readonly #clients: KafkaClient[] = [];
  #closing: Promise<void> | undefined;

  private constructor(broker: Broker, platform: Platform, hasPort: boolean) {
    this.#broker = broker;
    this.#platform = platform;
    this.#hasPort = hasPort;
    this.client = this.connect();
  }

  /** @throws OptionError, ConfigError, NetworkError `ADDRESS_IN_USE`; what keeps a topic from being made */
  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const { topics = {}, port, config = {} } = readOptions(testClusterOptionTable, options);
    const { clock, timers, random, logger, network } = nodePlatform();
    const platform = memoryPlatform({
      clock,
      timers,
      random,
      logger,
      ...(port === undefined ? {} : { network }),
    });
    const broker = await Broker.start(platform, {
      dataDirectory: "/broker",
      port: port ?? 0,
      durability: "memory",
      reserveBytes: 0,
      codecs: nodeCompression,
      properties: { ...quickConfig, ...config },
    });
    const cluster = new TestCluster(broker, platform, port !== undefined);
    try {
      await cluster.#makeTopics(topics);
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /**
   * `127.0.0.1:PORT`, for clients of any kind.
   *
   * @throws TestClusterError `NO_PORT`: started without `port`
   */
  get bootstrapServers(): string {
    if (!this.#hasPort)
      throw new TestClusterError(
        "NO_PORT",
        "the cluster is in memory, and has no address; give testCluster a port, 0 for a free one, or use cluster.client",
      );
    return this.#address;
  }

  get #address(): string {
    const { host, port } = this.#broker.address;
    return `${host}:${port}`;
  }

  /**
   * Another client, closed with the cluster.
   *
   * @throws OptionError; TestClusterError `TEST_CLUSTER_CLOSED`
   */
  connect(options: Omit<Partial<ConnectOptions>, "bootstrapServers"> = {}): KafkaClient {
    if (this.#closing !== undefined)
      throw new TestClusterError(
        "TEST_CLUSTER_CLOSED",
        "the cluster is closed; connect before, or start another one",
      );
    const client = connect(this.#platform, {
      codecs: nodeCompression,
      ...options,
      bootstrapServers: this.#address,
    });
    this.#clients.push(client);
    return client;
  }

  /** Ends its clients, then the broker; close applications first. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #makeTopics(topics: Readonly<Record<string, number>>): Promise<void> {
    const wanted = Object.entries(topics).map(([name, partitionCount]) => ({
      name,
      partitionCount,
    }));
    if (wanted.length === 0) return;
    for (const { error } of await this.client.admin.createTopics(wanted))
      if (error !== undefined) throw error;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#broker.close();
  }
}

/** Starts a cluster for a test: see `TestCluster`. */
export function testCluster(options?: TestClusterOptions): Promise<TestCluster> {
  return TestCluster.start(options);
}
