import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import {
  connect,
  OffsetOutOfRangeError,
  string,
  type KafkaClient,
  type TopicPartition,
} from "millrace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

// What has been reported of kafkajs, tried on our client.
const topic = "things";
const place: TopicPartition = { topic, partition: 0 };
const timeoutMs = 60_000;
const isVerify = process.env["MILLRACE_VERIFY"] === "1";

let folder: string;
let broker: Broker;
let client: KafkaClient;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-reports-"));
  broker = await startBroker(0);
  client = connectTo();
  await client.admin.createTopics([
    { name: topic, partitionCount: 1, configs: { "max.message.bytes": "50000000" } },
  ]);
});

afterEach(async () => {
  await client.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

function startBroker(port: number): Promise<Broker> {
  return Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: join(folder, "broker"),
    port,
    codecs: nodeCompression,
    properties: { "group.initial.rebalance.delay.ms": 0, "group.min.session.timeout.ms": 100 },
  });
}

function connectTo(): KafkaClient {
  return connect({ bootstrapServers: `127.0.0.1:${broker.address.port}`, metadataMaxAge: "500ms" });
}

const settings = {
  groupId: "group",
  topics: [topic],
  autoOffsetReset: "earliest",
  heartbeatInterval: "100ms",
  sessionTimeout: "1s",
} as const;

/** What it has done is committed by hand alone. */
function openConsumer(more: { readonly sessionTimeout?: "30s" } = {}) {
  return client.consumer({ ...settings, value: string(), autoCommitInterval: 0, ...more });
}

async function send(...values: readonly string[]): Promise<void> {
  const producer = client.producer();
  await Promise.all(values.map((value) => producer.send({ topic, partition: 0, value })));
  await producer.close();
}

async function committed(): Promise<number | undefined> {
  const offsets = await client.admin.groupOffsets(settings.groupId);
  return offsets.find((one) => one.topic === topic)?.offset;
}

describe("a consumer", () => {
  test(
    "goes on when its broker was restarted, without a word of its owner's",
    { timeout: timeoutMs },
    async () => {
      const { port } = broker.address;
      const seen: (string | null)[] = [];
      await send("before");
      // A busy machine may take longer for it than the others' session.
      const consumer = openConsumer({ sessionTimeout: "30s" });
      for await (const { value } of consumer) {
        seen.push(value);
        if (value === "after") break;
        await broker.close();
        await sleep(300);
        broker = await startBroker(port);
        await send("after");
      }
      expect(seen).toEqual(["before", "after"]);
    },
  );

  test(
    "keeps its partitions while work takes longer than its session, and a newcomer takes none of its work",
    { timeout: timeoutMs },
    async () => {
      await send("slow", "next");
      const seen: (string | null)[] = [];
      const clients = [connectTo(), connectTo()];
      const [slow, newcomer] = clients.map((one) =>
        one.consumer({ ...settings, value: string(), autoCommitInterval: "5s" }),
      );
      let isBusy = false;
      const working = (async () => {
        for await (const { value } of slow) {
          seen.push(value);
          isBusy = true;
          await sleep(3000);
        }
      })();
      await expect.poll(() => isBusy, { timeout: 10_000 }).toBe(true);
      const joining = (async () => {
        for await (const { value } of newcomer) seen.push(value);
      })();
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(2);
      await sleep(500);
      expect(seen).toEqual(["slow", "next"]);
      await Promise.all(clients.map((one) => one.close()));
      await Promise.all([working, joining]);
    },
  );

  test("gives nothing any more once it is closed", async () => {
    await send(...Array.from({ length: 1000 }, (_, index) => `${index}`));
    const consumer = openConsumer();
    let count = 0;
    let closing: Promise<void> | undefined;
    let after = 0;
    for await (const _record of consumer) {
      count++;
      if (closing !== undefined) after++;
      if (count === 10) closing = consumer.close();
      await sleep(1);
    }
    await closing;
    expect([count, after]).toEqual([10, 0]);
  });

  test("commits nothing by a seek", async () => {
    await send("a", "b", "c");
    const consumer = openConsumer();
    const seen: (string | null)[] = [];
    for await (const { value } of consumer) {
      seen.push(value);
      if (seen.length === 1) consumer.seek(place, 2);
      else break;
    }
    expect(seen).toEqual(["a", "c"]);
    expect(await committed()).toBeUndefined();
  });

  test("that commits by hand after its work leaves no record behind, and skips none", async () => {
    await send("a", "b", "c");
    const offsets: (number | undefined)[] = [];
    for await (const { value } of openConsumer()) {
      offsets.push(await committed());
      if (value === "c") break;
    }
    expect(offsets).toEqual([undefined, undefined, undefined]);
    await client.close();
    client = connectTo();
    offsets.length = 0;
    const consumer = openConsumer();
    for await (const { value } of consumer) {
      await consumer.commit(); // its own work is done, too
      offsets.push(await committed());
      if (value === "c") break;
    }
    expect(offsets).toEqual([1, 2, 3]);
  });

  test("has no lag left behind the end of a transaction", async () => {
    const producer = client.producer({ transactionalId: "id" });
    await producer.transaction(async () => {
      await producer.send({ topic, partition: 0, value: "a" });
    });
    const consumer = openConsumer();
    const stop = setInterval(() => void consumer.commit().catch(() => {}), 50);
    const reading = (async () => {
      for await (const _record of consumer);
    })();
    await expect.poll(() => committed(), { timeout: 10_000 }).toBe(2); // behind the marker
    clearInterval(stop);
    await consumer.close();
    await reading;
  });

  test("says where reading can go on, when what it had not read is deleted", async () => {
    await send("a", "b", "c");
    const consumer = client.consumer({
      topics: [topic],
      value: string(),
      autoOffsetReset: "none",
    });
    consumer.seek(place, 0);
    await client.admin.deleteRecords([{ ...place, offset: 2 }]);
    const seen: (string | null)[] = [];
    const read = async (): Promise<void> => {
      for await (const { value } of consumer) if (seen.push(value) > 0) break;
    };
    const failure = await read().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OffsetOutOfRangeError);
    if (failure instanceof OffsetOutOfRangeError) consumer.seek(place, failure.startOffset);
    await read();
    expect(seen).toEqual(["c"]);
  });

  test("reads partitions that are added while it runs", { timeout: timeoutMs }, async () => {
    await send("a");
    const consumer = client.consumer({ ...settings, value: string() });
    const seen: string[] = [];
    for await (const { value, partition } of consumer) {
      seen.push(`${partition} ${value}`);
      if (partition === 2) break;
      await client.admin.createPartitions([{ name: topic, partitionCount: 3 }]);
      await client.producer().send({ topic, partition: 2, value: "b" });
    }
    expect(seen).toEqual(["0 a", "2 b"]);
  });

  test("does not count work that has failed: the record comes again to who takes over", async () => {
    await send("done", "poison");
    const work = async (): Promise<void> => {
      const consumer = client.consumer({ ...settings, value: string() });
      for await (const { value } of consumer)
        if (value === "poison") throw new Error(`cannot do ${value}`);
    };
    await expect(work()).rejects.toThrow("cannot do poison");
    await client.close(); // commits
    client = connectTo();
    expect(await committed()).toBe(1);
    await expect(work()).rejects.toThrow("cannot do poison");
  });

  test("reads a batch of very many records", { timeout: timeoutMs }, async () => {
    // More than Node takes as arguments of one call, of which there are some 125 000.
    const count = isVerify ? 200_000 : 135_000;
    const producer = client.producer({
      batchBytesMax: 20_000_000,
      requestBytesMax: 20_000_000,
      linger: "2s",
      compression: "gzip",
    });
    const sending = Array.from({ length: count }, () =>
      producer.send({ topic, partition: 0, value: "x" }),
    );
    await Promise.all(sending);
    let seen = 0;
    for await (const _record of openConsumer()) if (++seen === count) break;
    expect(seen).toBe(count);
  });

  test("is closed in time, though its broker is away", { timeout: timeoutMs }, async () => {
    await send("a");
    const consumer = openConsumer();
    for await (const _record of consumer) break;
    await broker.close();
    const startMs = performance.now();
    await client.close();
    expect(performance.now() - startMs).toBeLessThan(15_000);
    broker = await startBroker(0);
  });
});

describe("a producer", () => {
  test("writes sends that nobody waits for once, in the order of the calls", async () => {
    const values = Array.from({ length: 5000 }, (_, index) => `${index}`);
    const producer = client.producer({ batchBytesMax: 200, linger: 0 });
    const sent = await Promise.all(
      values.map((value) => producer.send({ topic, partition: 0, value })),
    );
    expect(sent.map(({ offset }) => offset)).toEqual([...values.keys()]);
  });

  test("writes once, in order, while its broker is restarted", { timeout: timeoutMs }, async () => {
    const { port } = broker.address;
    const producer = client.producer({ linger: 0 });
    const sending: Promise<unknown>[] = [];
    for (let index = 0; index < 2000; index++) {
      sending.push(producer.send({ topic, partition: 0, value: `${index}` }));
      if (index % 100 === 0) await sleep(1);
      if (index !== 1000) continue;
      await broker.close();
      broker = await startBroker(port);
    }
    await Promise.all(sending);
    const seen: (string | null)[] = [];
    for await (const { value } of openConsumer()) if (seen.push(value) === 2000) break;
    expect(seen).toEqual(Array.from({ length: 2000 }, (_, index) => `${index}`));
    const [{ offset: end }] = await client.admin.listOffsets([{ ...place, at: "latest" }]);
    expect(end).toBe(2000);
  });

  test("keeps headers in order, also of one name, and those without a value", async () => {
    const headers = [
      ["b", "1"],
      ["a", null],
      ["b", "2"],
      ["1", "3"],
    ] as const;
    await client.producer().send({ topic, value: "x", headers });
    for await (const record of openConsumer()) {
      const decoder = new TextDecoder();
      const text = (bytes: Uint8Array | null) => (bytes === null ? null : decoder.decode(bytes));
      expect(record.headers.map(([name, value]) => [name, text(value)])).toEqual(headers);
      break;
    }
  });
});
