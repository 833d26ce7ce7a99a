import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Broker } from "@millrace/broker";
import { kafkajsCluster } from "@millrace/kafkajs";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { Kafka, logLevel } from "kafkajs";
import { connect, int64AsNumber, StreamsApp, string, type StreamsOptions } from "millrace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  countsTopic,
  linesTopic,
  wordCountTopology,
  wordsOf,
} from "../../examples/word-count/src/topology.ts";
import { isVerify, missingFor, startApacheKafka } from "./apache-kafka.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 120_000;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-kafkajs-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function startBroker(port = 0): Promise<Broker> {
  return Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: join(folder, "broker"),
    port,
    codecs: nodeCompression,
    properties: { "group.initial.rebalance.delay.ms": 0 },
  });
}

function addressOf({ address }: Broker): string {
  return `${address.host}:${address.port}`;
}

/** As a service has it. */
function kafkaOf(address: string): Kafka {
  return new Kafka({
    brokers: address.split(","),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { initialRetryTime: 50, retries: 3 },
  });
}

function startApp(address: string, options: Partial<StreamsOptions> = {}): Promise<StreamsApp> {
  return StreamsApp.start(wordCountTopology(), {
    applicationId: "word-count",
    cluster: kafkajsCluster(kafkaOf(address)),
    processingGuarantee: "at_least_once",
    commitInterval: "200ms",
    heartbeatInterval: "100ms",
    sessionTimeout: "10s",
    topics: { [linesTopic]: 4, [countsTopic]: 4 },
    ...options,
  });
}

function linesOf(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => {
    const line = from + index;
    return `the word-${line % 7} word-${line % 101} line-${line}`;
  });
}

function plainCounts(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of lines.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

async function produce(address: string, lines: readonly string[]): Promise<void> {
  const producer = kafkaOf(address).producer();
  await producer.connect();
  await producer.send({ topic: linesTopic, messages: lines.map((value) => ({ value })) });
  await producer.disconnect();
}

/** Of an application on the broker of this process: a few times those in which each word has come. */
const lineCount = isVerify ? 1000 : 300;

/** The newest count of each word. */
async function countsAt(address: string): Promise<ReadonlyMap<string, number>> {
  await using client = connect({ bootstrapServers: address });
  const [key, value] = [string(), int64AsNumber()];
  const places = [0, 1, 2, 3].map((partition) => ({ topic: countsTopic, partition }));
  const ends = await client.admin.listOffsets(
    places.map((place) => ({ ...place, at: "latest" as const })),
  );
  const reader = client.openReader({ isolation: "read_committed" });
  reader.assign(places.map((place) => ({ ...place, offset: 0 })));
  const counts = new Map<string, number>();
  while (ends.some((end) => (reader.position(end) ?? 0) < end.offset))
    for (const batch of await reader.poll({ waitMsMax: 100 })) {
      while (batch.next())
        if (batch.key !== null && batch.value !== null)
          counts.set(
            key.deserialize(batch.key, countsTopic),
            value.deserialize(batch.value, countsTopic),
          );
      batch.release();
    }
  return counts;
}

/** Every word is counted, and none less often than it was there: a record may be counted twice. */
async function untilCounted(address: string, lines: readonly string[]): Promise<void> {
  const wanted = plainCounts(lines);
  const missingWord = async (): Promise<string | undefined> => {
    const counts = await countsAt(address);
    return [...wanted.keys()].find((word) => (counts.get(word) ?? 0) < (wanted.get(word) ?? 0));
  };
  for (let attempt = 0; attempt < 300 && (await missingWord()) !== undefined; attempt++)
    await sleep(100);
  expect(await missingWord()).toBeUndefined();
}

async function millisecondsOf(work: Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work;
  return performance.now() - startMs;
}

describe("an application on a kafkajs instance", () => {
  test(
    "counts words exactly while nothing fails, and goes on from what is committed",
    { timeout: timeoutMs },
    async () => {
      await using broker = await startBroker();
      const address = addressOf(broker);
      const stateDirectory = join(folder, "state");
      const lines = linesOf(0, 2 * lineCount);
      {
        await using _app = await startApp(address, { stateDirectory });
        await produce(address, lines.slice(0, lineCount));
        await untilCounted(address, lines.slice(0, lineCount));
      }
      await using _again = await startApp(address, { stateDirectory });
      await produce(address, lines.slice(lineCount));
      await untilCounted(address, lines);
      expect(await countsAt(address)).toEqual(plainCounts(lines));
    },
  );

  test(
    "shares its partitions with another one, which takes them over when it goes, and nothing is counted twice",
    { timeout: timeoutMs },
    async () => {
      await using broker = await startBroker();
      const address = addressOf(broker);
      const lines = linesOf(0, 3 * lineCount);
      const first = await startApp(address);
      await produce(address, lines.slice(0, lineCount));
      await using second = await startApp(address);
      await produce(address, lines.slice(lineCount, 2 * lineCount));
      await expect.poll(() => first.tasks.length, { timeout: 20_000 }).toBe(4);
      expect(second.tasks).toHaveLength(4);
      await first.close();
      await produce(address, lines.slice(2 * lineCount));
      await untilCounted(address, lines);
      expect(second.tasks).toHaveLength(8);
      expect(await countsAt(address)).toEqual(plainCounts(lines));
    },
  );

  test(
    "goes on where a member of the bundled client, exactly once, takes its place in the group",
    { timeout: timeoutMs },
    async () => {
      await using broker = await startBroker();
      const address = addressOf(broker);
      const lines = linesOf(0, 2 * lineCount);
      const moving = await startApp(address);
      await produce(address, lines.slice(0, lineCount));
      await using _moved = await startApp(address, {
        cluster: address,
        processingGuarantee: "exactly_once",
      });
      await moving.close();
      await produce(address, lines.slice(lineCount));
      await untilCounted(address, lines);
      expect(await countsAt(address)).toEqual(plainCounts(lines));
    },
  );

  test(
    "loses nothing while the broker is away for a while, and then closes",
    { timeout: timeoutMs },
    async () => {
      const broker = await startBroker();
      const address = addressOf(broker);
      const lines = linesOf(0, 2 * lineCount);
      await using app = await startApp(address);
      await produce(address, lines.slice(0, lineCount));
      await broker.close();
      await sleep(1500);
      expect(app.state).not.toBe("failed");
      await using _back = await startBroker(broker.address.port);
      await produce(address, lines.slice(lineCount));
      await untilCounted(address, lines);
      expect(await millisecondsOf(app.close())).toBeLessThan(20_000);
    },
  );

  test(
    "closes within its time also where the broker never comes back",
    { timeout: timeoutMs },
    async () => {
      const broker = await startBroker();
      const app = await startApp(addressOf(broker), { closeTimeout: "4s" });
      await produce(addressOf(broker), linesOf(0, 100));
      await broker.close();
      expect(await millisecondsOf(app.close())).toBeLessThan(30_000);
    },
  );

  test("a broker that is not there is named", { timeout: timeoutMs }, async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo; // it listens on TCP
    await new Promise((resolve) => server.close(resolve));
    const cluster = kafkajsCluster(kafkaOf(`127.0.0.1:${port}`), { requestTimeout: "2s" });
    await expect(startApp("", { cluster })).rejects.toMatchObject({
      code: "BROKER_UNREACHABLE",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  test("exactly-once is refused before anything is made, with what to change", async () => {
    await using broker = await startBroker();
    const starting = startApp(addressOf(broker), { processingGuarantee: "exactly_once" });
    await expect(starting).rejects.toMatchObject({
      code: "UNSUPPORTED_BY_CLIENT",
      message: expect.stringContaining("Change one line"),
    });
    await using client = connect({ bootstrapServers: addressOf(broker) });
    const topics = await client.admin.listTopics();
    expect(topics.filter(({ isInternal }) => !isInternal)).toEqual([]);
  });
});

test.skipIf(missing !== undefined)(
  `word count on a kafkajs instance, on Apache Kafka${note}`,
  { timeout: 300_000 },
  async () => {
    await using kafka = await startApacheKafka();
    const { address } = kafka;
    const lines = linesOf(0, 5000);
    await using _app = await startApp(address, { stateDirectory: join(folder, "state") });
    await produce(address, lines);
    await untilCounted(address, lines);
    expect(await countsAt(address)).toEqual(plainCounts(lines));
  },
);

test.skipIf(missing !== undefined)(
  `word count on a kafkajs instance, on a cluster of three, while one node is killed and revived${note}`,
  { timeout: 300_000 },
  async () => {
    await using kafka = await startApacheKafka({ nodeCount: 3 });
    const { address } = kafka;
    const lines = linesOf(0, 6000);
    await using app = await startApp(address, { stateDirectory: join(folder, "state") });
    const failed = app.closed.then(() => Promise.reject(new Error("the application ended")));
    await using client = connect({ bootstrapServers: address });
    const producer = client.producer();
    const send = (from: number, to: number) =>
      Promise.all(
        lines.slice(from, to).map((value) => producer.send({ topic: linesTopic, value })),
      );
    const work = async (): Promise<void> => {
      await send(0, 2000);
      await untilCounted(address, lines.slice(0, 2000));
      await kafka.kill(1);
      await send(2000, 4000);
      await untilCounted(address, lines.slice(0, 4000));
      await Promise.all([kafka.revive(1), send(4000, 6000)]);
      await untilCounted(address, lines);
    };
    await Promise.race([work(), failed]);
    failed.catch(() => {}); // it ends now
  },
);
