import { Broker } from "@millrace/broker";
import type { KafkaClient } from "@millrace/client";
import { encodeUtf8, noHeaders } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import { int64AsNumber, string } from "@millrace/serde";
import { Simulator, type SimulatedProcess } from "@millrace/simulator";
import { fileEngineProvider } from "@millrace/state";
import { StreamsApp, StreamsBuilder, type Topology } from "@millrace/streams";

import {
  brokerPort,
  connectToBroker,
} from "../../../packages/testing/src/simulate/world/connect-to-broker.ts";
import { readTopic } from "../../integration/world/read-topic.ts";
import { startWallMs } from "../simulation-context.ts";

const partitionCount = 4;
const wordCount = 13;
const startMsMax = 60_000;
/** Longest until all is counted, once nothing is wrong any more. */
const countedMsMax = 120_000;
/** Brokers are away for long: what was written waits for them. */
const deliveryTimeoutMs = 3_600_000;

/** An instance of the application in one of its lives. */
export interface Instance {
  readonly process: SimulatedProcess;
  readonly app: StreamsApp;
  /** What it has failed with. */
  failure: unknown;
}

/** A broker, instances that count words behind a repartition, exactly once, and who writes these: in virtual time. */
export class OutageWorld {
  readonly simulator: Simulator;
  readonly broker: SimulatedProcess;
  /** When a word was counted, committed or not. */
  readonly countedMs: number[] = [];
  /** Of who writes the words. */
  readonly client: KafkaClient;
  readonly #loader: Platform;
  #written = 0;

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
    this.broker = simulator.process("broker");
    this.#loader = simulator.process("loader").platform;
    this.client = connectToBroker(this.#loader, "loader");
  }

  static async begin(seed: number): Promise<OutageWorld> {
    const simulator = new Simulator({ seed, drain: drainTurn, startWallMs });
    const world = new OutageWorld(simulator);
    await simulator.until(startBroker(world.broker.platform), { timeoutMs: startMsMax });
    const topics = ["words", "counts"].map((name) => ({ name, partitionCount }));
    await world.until(world.client.admin.createTopics(topics));
    return world;
  }

  until<Result>(work: Promise<Result>): Promise<Result> {
    return this.simulator.until(work, { timeoutMs: startMsMax });
  }

  /** Starts an instance, and waits until it has its tasks. */
  start(name: string): Promise<Instance> {
    return this.#start(this.simulator.process(name));
  }

  /** The next life of one that has died. */
  startAgain({ process }: Instance): Promise<Instance> {
    process.restart();
    return this.#start(process);
  }

  async #start(process: SimulatedProcess): Promise<Instance> {
    const { platform } = process;
    const cluster = connectToBroker(platform, process.name);
    const app = await this.until(
      StreamsApp.start(
        this.#topology(),
        {
          applicationId: "app",
          stateDirectory: "/state",
          sessionTimeout: "10s",
          heartbeatInterval: "1s",
          cacheBytesMax: 0, // each count is told
        },
        {
          platform,
          cluster,
          engines: fileEngineProvider(platform),
          dispose: () => cluster.close(),
        },
      ),
    );
    const instance: Instance = { process, app, failure: undefined };
    app.closed.catch((error: unknown) => {
      instance.failure = error;
    });
    return instance;
  }

  /** Resolves once they are written: they wait for a broker that is away. */
  async write(count: number): Promise<void> {
    const writer = this.client.openWriter({ deliveryTimeoutMs });
    await writer.prepare(["words"]);
    for (let one = 0; one < count; one++) {
      const index = this.#written++;
      const value = encodeUtf8(`word-${index % wordCount}`);
      writer.partition("words", index % partitionCount).append(startWallMs, null, value, noHeaders);
    }
    await writer.flush();
    await writer.close();
  }

  /** A word every so often, until it is over. */
  async writeUntil(isOver: () => boolean, everyMs = 200): Promise<void> {
    while (!isOver()) {
      await this.write(1);
      await this.#loader.timers.sleep(everyMs);
    }
  }

  async restartBroker(): Promise<void> {
    await this.until(startBroker(this.broker.restart()));
  }

  /** Lets time pass until all words are counted. Gives what is wrong with the counts: each word's go up by one. */
  async wrongCounts(): Promise<readonly string[]> {
    const endMs = this.simulator.nowMs + countedMsMax;
    for (;;) {
      const records = await this.until(readTopic(this.client, "counts"));
      if (records.length >= this.#written || this.simulator.nowMs > endMs) {
        const counts = new Map<string, number>();
        const wrong = records.flatMap(({ key, value }) => {
          const count = int64AsNumber().deserialize(value ?? new Uint8Array(8), "counts") ?? 0;
          const before = counts.get(key ?? "") ?? 0;
          counts.set(key ?? "", count);
          return count === before + 1 ? [] : [`${key}: ${count} after ${before}`];
        });
        const counted = [...counts.values()].reduce((sum, count) => sum + count, 0);
        return counted === this.#written
          ? wrong
          : [...wrong, `${counted} words of ${this.#written} are counted`];
      }
      await this.simulator.advance(500);
    }
  }

  #topology(): Topology {
    const builder = new StreamsBuilder();
    builder
      .stream("words", { value: string() })
      .groupBy((word) => word, { key: string(), value: string() })
      .count({ store: "counts" })
      .toStream()
      .peek(() => this.countedMs.push(this.simulator.nowMs))
      .to("counts", { key: string(), value: int64AsNumber() });
    return builder.build();
  }
}

async function startBroker(platform: Platform): Promise<void> {
  await Broker.start(platform, {
    dataDirectory: "/data",
    port: brokerPort,
    durability: "group",
    reserveBytes: 0,
    properties: {
      "offsets.topic.num.partitions": 2,
      "transaction.state.log.num.partitions": 2,
      "group.initial.rebalance.delay.ms": 0,
      "group.min.session.timeout.ms": 500,
    },
  });
}
