import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { connect, type Consumer, type ConsumerOptions, type KafkaClient } from "@millrace/client";
import { decodeUtf8 } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { apacheKafkaFolder, missingFor, startApacheKafka } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";
import { cacheFolder, prepare, runSuite } from "./run-suite.ts";

/*
 * Consumer groups whose partitions the broker shares out (KIP-848): our consumer on both brokers, and on both Kafka's own
 * and librdkafka's.
 */

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const timeoutMs = 300_000;
const startTimeoutMs = 120_000;
const patience = { timeout: 30_000, interval: 20 };

/** Members are heard of soon, and assigned at once. */
const properties = {
  "group.consumer.min.heartbeat.interval.ms": 50,
  "group.consumer.heartbeat.interval.ms": 100,
  "group.consumer.min.session.timeout.ms": 1000,
  "group.consumer.session.timeout.ms": 6000,
  "group.consumer.assignment.interval.ms": 0,
  "group.initial.rebalance.delay.ms": 0,
};

type Cluster = AsyncDisposable & { readonly address: string };

const javaProgram = fileURLToPath(new URL("java/ConsumerGroups.java", import.meta.url));
const pythonProgram = fileURLToPath(new URL("librdkafka/consumer_groups.py", import.meta.url));
/** The binding, with librdkafka of the same version in it. */
const librdkafka = "2.16.1";

/** The lines of the checks that failed, and how many there were. */
async function checksOf(
  program: string,
  parameters: readonly string[],
): Promise<readonly [failed: string[], count: number]> {
  const { output } = await runSuite(program, parameters, { timeoutMs });
  const checks = output.match(/^(?:ok|FAILED) .*(?:\n {4}ConsumerGroups.*)*/gm) ?? [];
  return [checks.filter((check) => check.startsWith("FAILED")), checks.length];
}

const programs = [
  {
    name: "Kafka's own consumers",
    missing,
    count: 7,
    checks: async (address: string) => {
      const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
      const classes = ["-XX:TieredStopAtLevel=1", "-cp", `${library}/*`];
      return checksOf("java", [...classes, javaProgram, address]);
    },
  },
  {
    name: "librdkafka's consumers",
    missing: missingFor("python3"),
    count: 5,
    checks: async (address: string) => checksOf(await pythonWith(), [pythonProgram, address]),
  },
];

/** An interpreter with the binding. */
async function pythonWith(): Promise<string> {
  const folder = join(cacheFolder("librdkafka"), librdkafka);
  const python = join(folder, "bin", "python");
  const done = join(folder, "installed");
  if (existsSync(done)) return python;
  await prepare("python3", ["-m", "venv", folder], { timeoutMs });
  const install = ["-m", "pip", "install", "--quiet", `confluent-kafka==${librdkafka}`];
  await prepare(python, install, { timeoutMs });
  writeFileSync(done, "");
  return python;
}

describe.each(programs)("$name in a consumer group", ({ missing: lacks, count, checks }) => {
  const why = lacks === undefined ? "" : ` (skipped: ${lacks})`;

  test.skipIf(lacks !== undefined)(
    `do on the bundled broker what they are told${why}`,
    { timeout: timeoutMs },
    async () => {
      await using broker = await startBundledBroker(properties);
      expect(await checks(broker.address)).toEqual([[], count]);
    },
  );

  test.skipIf(lacks !== undefined || missing !== undefined)(
    `do it on Apache Kafka${why}`,
    { timeout: timeoutMs },
    async () => {
      await using kafka = await startApacheKafka({ properties });
      expect(await checks(kafka.address)).toEqual([[], count]);
    },
  );
});

/** A consumer that is being read, and what it has read. */
class Reading implements AsyncDisposable {
  readonly seen: string[] = [];
  readonly consumer: Consumer;
  readonly #ended: Promise<void>;

  constructor(client: KafkaClient, options: Partial<ConsumerOptions>) {
    this.consumer = client.consumer({
      groupId: "group",
      topics: ["orders"],
      groupProtocol: "consumer",
      autoOffsetReset: "earliest",
      autoCommitInterval: 50,
      ...options,
    });
    this.#ended = this.#read();
  }

  get partitions(): readonly number[] {
    return this.consumer.assignment.map(({ partition }) => partition).toSorted();
  }

  async #read(): Promise<void> {
    for await (const { value } of this.consumer) this.seen.push(decodeUtf8(value ?? noValue));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.close();
    await this.#ended;
  }
}

const noValue = new Uint8Array(0);

function storiesOn(start: () => Promise<Cluster>): void {
  let cluster: Cluster;
  let client: KafkaClient;

  beforeAll(async () => {
    cluster = await start();
    const platform = nodePlatform({ logLevel: "error" });
    client = connect(platform, { bootstrapServers: cluster.address, metadataMaxAge: "1s" });
  }, startTimeoutMs);

  afterAll(async () => {
    await client.close();
    await cluster[Symbol.asyncDispose]();
  }, startTimeoutMs);

  const topicOf = async (name: string): Promise<string> => {
    const [{ error }] = await client.admin.createTopics([{ name, partitionCount: 4 }]);
    expect(error).toBeUndefined();
    return name;
  };

  const send = async (topic: string, from: number, to: number): Promise<void> => {
    await using producer = client.producer();
    for (let value = from; value < to; value++)
      await producer.send({ topic, partition: value % 4, value: String(value) });
  };

  test.each(isVerify ? ["uniform", "range"] : ["uniform"])(
    "two consumers share the partitions by the broker's assignor %s, and one takes over from the other",
    async (groupRemoteAssignor) => {
      const topic = await topicOf(`shared-${groupRemoteAssignor}`);
      const options = { topics: [topic], groupId: `g-${topic}`, groupRemoteAssignor };
      await send(topic, 0, 20);
      await using first = new Reading(client, options);
      await expect.poll(() => first.seen.length, patience).toBe(20);
      {
        await using second = new Reading(client, options);
        await expect.poll(() => second.partitions.length, patience).toBe(2);
        await expect.poll(() => first.partitions.length, patience).toBe(2);
        await send(topic, 20, 40);
        const all = () => new Set([...first.seen, ...second.seen]).size;
        await expect.poll(all, patience).toBe(40);
        first.seen.push(...second.seen);
      }
      await expect.poll(() => first.partitions, patience).toEqual([0, 1, 2, 3]);
      await send(topic, 40, 60);
      await expect.poll(() => new Set(first.seen).size, patience).toBe(60);
      // What was committed before a hand-over is not read again.
      expect(first.seen).toHaveLength(60);
    },
  );

  test("a static member keeps its seat while it is away", async () => {
    const topic = await topicOf("seats");
    const options = { topics: [topic], groupId: "g-seats" };
    const seat = { ...options, groupInstanceId: "seat" };
    await using other = new Reading(client, options);
    const before = new Reading(client, seat);
    await expect.poll(() => before.partitions.length, patience).toBe(2);
    await expect.poll(() => other.partitions.length, patience).toBe(2);
    const kept = before.partitions;
    const described = await client.admin.describeGroup("g-seats");
    expect(described).toMatchObject({ protocolType: "consumer", assignor: "uniform" });
    expect(
      described.members.find(({ groupInstanceId }) => groupInstanceId === "seat"),
    ).toMatchObject({
      partitions: kept.map((partition) => ({ topic, partition })),
    });
    await before.consumer.close({ keepSeat: true });
    await using again = new Reading(client, seat);
    await expect.poll(() => again.partitions, patience).toEqual(kept);
    expect(other.partitions).toHaveLength(2);
  });

  test("a transaction takes the offsets of a member along", async () => {
    const topic = await topicOf("in");
    await send(topic, 0, 4);
    const options = { topics: [topic], groupId: "g-in", autoCommitInterval: 0 };
    {
      await using reading = new Reading(client, options);
      await expect.poll(() => reading.seen.length, patience).toBe(4);
      const { consumer } = reading;
      await using producer = client.producer({ transactionalId: "in" });
      await producer.transaction(() =>
        producer.sendOffsets(consumer.offsets(), consumer.groupMetadata),
      );
    }
    await send(topic, 4, 5);
    await using next = new Reading(client, options);
    await expect.poll(() => next.seen, patience).toEqual(["4"]);
  });

  test("a consumer of the classic protocol and one of the other share a group", async () => {
    const topic = await topicOf("mixed");
    const options = { topics: [topic], groupId: "g-mixed" };
    await using classic = new Reading(client, {
      ...options,
      groupProtocol: "classic",
      heartbeatInterval: 100,
    });
    await expect.poll(() => classic.partitions.length, patience).toBe(4);
    {
      await using other = new Reading(client, options);
      await expect.poll(() => other.partitions.length, patience).toBe(2);
      await expect.poll(() => classic.partitions.length, patience).toBe(2);
    }
    await expect.poll(() => classic.partitions.length, patience).toBe(4);
  });
}

describe("our consumer in a group of the bundled broker", () =>
  storiesOn(() => startBundledBroker(properties)));

describe.skipIf(missing !== undefined)(`our consumer in a group of Apache Kafka${note}`, () =>
  storiesOn(() => startApacheKafka({ properties })),
);
