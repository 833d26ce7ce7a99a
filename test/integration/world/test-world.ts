import { Broker, type BrokerOptions } from "@millrace/broker";
import { connect, type ConnectOptions, type KafkaClient } from "@millrace/client";
import type { ClusterClient } from "@millrace/cluster";
import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import { MemoryFileSystem, memoryPlatform } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { fileEngineProvider, type StoreEngineProvider } from "@millrace/state";
import {
  StreamsApp,
  type StreamsEnvironment,
  type StreamsOptions,
  type Topology,
} from "@millrace/streams";

import { collectingLogger, TestProcess, type LoggedEvent } from "./process.ts";
import { readTopic, type ReadRecord } from "./read-topic.ts";

const brokerPort = 9092;

interface AppSurroundings {
  readonly engines?: StoreEngineProvider;
  readonly client?: Partial<ConnectOptions>;
  /** What the application is given in place of its client. */
  readonly clusterOf?: (client: KafkaClient) => ClusterClient;
  readonly environment?: Pick<StreamsEnvironment, "transport" | "serve">;
}

interface WorldParts {
  readonly shared: Platform;
  readonly events: readonly LoggedEvent[];
  readonly options: BrokerOptions;
}

/** A broker and processes of applications on a network and a disk in memory, in real time. */
export class TestWorld implements AsyncDisposable {
  readonly shared: Platform;
  /** Of the test itself. */
  readonly client: KafkaClient;
  broker: Broker;
  readonly brokerEvents: readonly LoggedEvent[];
  readonly #brokerOptions: BrokerOptions;
  readonly #apps: StreamsApp[] = [];
  readonly #next = new Map<string, number>();

  private constructor({ shared, events, options }: WorldParts, broker: Broker) {
    this.shared = shared;
    this.brokerEvents = events;
    this.broker = broker;
    this.#brokerOptions = options;
    this.client = this.connect();
  }

  static async start(
    topics: Readonly<Record<string, number>> = {},
    disk: FileSystem = new MemoryFileSystem(),
    properties: BrokerOptions["properties"] = {},
  ): Promise<TestWorld> {
    const { clock, timers } = nodePlatform();
    const events: LoggedEvent[] = [];
    const logger = collectingLogger(events);
    const shared = memoryPlatform({ clock, timers, logger, fileSystem: disk });
    const options: BrokerOptions = {
      dataDirectory: "/broker",
      port: brokerPort,
      durability: "memory",
      properties: {
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 100,
        "group.streams.initial.rebalance.delay.ms": 0,
        "group.streams.assignment.interval.ms": 0,
        "group.streams.min.heartbeat.interval.ms": 50,
        "group.streams.heartbeat.interval.ms": 50,
        "group.streams.min.session.timeout.ms": 100,
        "group.streams.session.timeout.ms": 1000,
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 100,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        ...properties,
      },
    };
    const world = new TestWorld({ shared, events, options }, await Broker.start(shared, options));
    await world.createTopics(topics);
    return world;
  }

  get bootstrapServers(): string {
    return `127.0.0.1:${brokerPort}`;
  }

  connect(platform = this.shared, options: Partial<ConnectOptions> = {}): KafkaClient {
    return connect(platform, {
      bootstrapServers: this.bootstrapServers,
      codecs: nodeCompression,
      bootstrapTimeout: 1500,
      connectTimeout: 1000,
      ...options,
    });
  }

  async createTopics(topics: Readonly<Record<string, number>>): Promise<void> {
    const wanted = Object.entries(topics).map(([name, partitionCount]) => ({
      name,
      partitionCount,
    }));
    for (const { error } of await this.client.admin.createTopics(wanted)) {
      if (error !== undefined) throw error;
    }
  }

  /** A process that shares nothing with others but disk and network. */
  process(): TestProcess {
    return new TestProcess(this.shared);
  }

  /** Starts an application in a process; closed with the world. Short times, so that tests are fast. */
  async app(
    topology: Topology,
    options: Partial<StreamsOptions> & { readonly stateDirectory?: string },
    process = this.process(),
    {
      client,
      engines = fileEngineProvider(process.platform),
      clusterOf = (own) => own,
      environment,
    }: AppSurroundings = {},
  ): Promise<StreamsApp> {
    const cluster = this.connect(process.platform, client);
    try {
      const app = await StreamsApp.start(
        topology,
        {
          applicationId: "app",
          commitInterval: 30,
          sessionTimeout: 700,
          heartbeatInterval: 50,
          transactionTimeout: 700, // what the dead leave open holds others up for as long
          closeTimeout: 3000,
          ...options,
        },
        { ...environment, platform: process.platform, cluster: clusterOf(cluster), engines },
      );
      this.#apps.push(app);
      void app.closed.catch(() => {}).then(() => cluster.close());
      return app;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Writes to the partitions in turns; several calls go on where the last one ended. */
  async produce(topic: string, values: readonly (string | Uint8Array)[]): Promise<void> {
    const writer = this.client.openWriter({});
    await writer.prepare([topic]);
    const count = writer.partitionCount(topic) ?? 1;
    let next = this.#next.get(topic) ?? 0;
    for (const value of values) {
      const bytes = typeof value === "string" ? encodeUtf8(value) : value;
      writer.partition(topic, next++ % count).append(1000 + next, null, bytes, noHeaders);
    }
    this.#next.set(topic, next);
    await writer.flush();
    await writer.close();
  }

  /** All that is committed at this moment, partition by partition. */
  async read(topic: string): Promise<readonly ReadRecord[]> {
    return readTopic(this.client, topic);
  }

  async readTexts(topic: string): Promise<readonly string[]> {
    return (await this.read(topic)).map(({ value }) => decodeUtf8(value ?? new Uint8Array()));
  }

  /** The broker goes away without a word to anybody's program. */
  async stopBroker(): Promise<void> {
    await this.broker.close();
  }

  /** On the same port and folder. */
  async restartBroker(): Promise<void> {
    this.broker = await Broker.start(this.shared, this.#brokerOptions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close()));
    await this.client.close();
    await this.broker.close();
  }
}
