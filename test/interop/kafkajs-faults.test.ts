import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Broker } from "@millrace/broker";
import type { BatchWriter, BatchWriterOptions, PartitionAssignor } from "@millrace/cluster";
import { kafkajsCluster, type KafkajsCluster } from "@millrace/kafkajs";
import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { connect, type KafkaClient } from "millrace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { KafkajsService } from "./kafkajs-service.ts";

const topic = "things";
const place = { topic, partition: 0 };
const timeoutMs = 60_000;

let folder: string;
let broker: Broker;
let service: KafkajsService;
let cluster: KafkajsCluster;
let client: KafkaClient;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-kafkajs-faults-"));
  broker = await startBroker(0);
  service = new KafkajsService(`127.0.0.1:${broker.address.port}`);
  cluster = kafkajsCluster(service.kafka, { closeTimeout: "1s" });
  client = connect({ bootstrapServers: `127.0.0.1:${broker.address.port}` });
  await client.admin.createTopics([{ name: topic, partitionCount: 1 }]);
});

afterEach(async () => {
  await cluster.close();
  await client.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

function startBroker(port: number): Promise<Broker> {
  return Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: join(folder, "broker"),
    port,
    codecs: nodeCompression,
    properties: { "group.initial.rebalance.delay.ms": 0, "message.max.bytes": 5000 },
  });
}

function append(writer: BatchWriter, ...values: readonly string[]): void {
  for (const value of values)
    writer.partition(topic, 0).append(1, null, encodeUtf8(value), noHeaders);
}

/** What others see in the partition. */
async function stored(): Promise<readonly string[]> {
  const [{ offset: end }] = await client.admin.listOffsets([{ ...place, at: "latest" }]);
  const reader = client.openReader({ isolation: "read_committed" });
  reader.assign([{ ...place, offset: 0 }]);
  const values: string[] = [];
  while ((reader.position(place) ?? 0) < end)
    for (const batch of await reader.poll({ waitMsMax: 100 })) {
      while (batch.next()) values.push(decodeUtf8(batch.value ?? new Uint8Array(0)));
      batch.release();
    }
  await reader.close();
  return values;
}

function openMember(groupId = "group") {
  const assignor: PartitionAssignor = {
    name: "all-to-the-first",
    subscriptionUserData: () => null,
    assign: async ({ members }) =>
      new Map(
        members.map(({ memberId }, index) => [
          memberId,
          { partitions: index === 0 ? [place] : [], userData: null },
        ]),
      ),
  };
  return cluster.openMembership({
    groupId,
    topics: () => [topic],
    assignors: [assignor],
    heartbeatIntervalMs: 100,
    sessionTimeoutMs: 6000,
  });
}

describe("a writer", () => {
  test(
    "KAFKAJS-1: what follows records of an unknown outcome is written, though it has their count",
    { timeout: timeoutMs },
    async () => {
      const writer = cluster.openWriter({ deliveryTimeoutMs: 1000 });
      append(writer, "warm-up");
      await writer.flush();
      service.mute();
      append(writer, "written, and nobody knows");
      await expect(writer.flush()).rejects.toMatchObject({ code: "REQUEST_TIMED_OUT" });
      service.cut();
      append(writer, "what follows");
      await writer.flush();
      expect(await stored()).toEqual(["warm-up", "written, and nobody knows", "what follows"]);
    },
  );

  test(
    "KAFKAJS-2: nothing is written once it is closed, though kafkajs was trying again",
    { timeout: timeoutMs },
    async () => {
      const writer = cluster.openWriter({ lingerMs: 0 });
      const later = { topic: "made-later", partition: 0 };
      writer.partition(later.topic, 0).append(1, null, encodeUtf8("too late"), noHeaders);
      await sleep(300);
      await writer.close(100);
      await client.admin.createTopics([{ name: later.topic, partitionCount: 1 }]);
      await sleep(3000);
      const [{ offset }] = await client.admin.listOffsets([{ ...later, at: "latest" }]);
      expect(offset).toBe(0);
      expect(() => append(writer, "after the close")).toThrow(
        expect.objectContaining({ code: "WRITER_CLOSED" }),
      );
    },
  );

  test(
    "keeps the order, and writes nothing twice, while connections are cut",
    { timeout: timeoutMs },
    async () => {
      const writer = cluster.openWriter({ lingerMs: 0, batchBytesMax: 500 });
      const values = Array.from({ length: 2000 }, (_, index) => `${index}`);
      for (const [index, value] of values.entries()) {
        append(writer, value);
        if (index % 400 === 399) service.cut();
        if (index % 50 === 49) await sleep(1);
      }
      await writer.flush();
      expect(await stored()).toEqual(values);
    },
  );

  test.each(["continue", "fail"] as const)(
    "finds the records of a batch that the broker refuses, and writes the others: %s",
    { timeout: timeoutMs },
    async (decision) => {
      const refused: (string | undefined)[] = [];
      const options: BatchWriterOptions = {
        onRefused: ({ records, error }) => {
          refused.push(error.code, ...records.map(({ appendIndex }) => `${appendIndex}`));
          return decision;
        },
      };
      const writer = cluster.openWriter(options);
      append(writer, "a", "x".repeat(8000), "b", "c", "y".repeat(9000), "d");
      const flushed = writer.flush();
      if (decision === "continue") await flushed;
      else await expect(flushed).rejects.toMatchObject({ code: "RECORD_TOO_LARGE" });
      await writer.flush();
      expect(refused).toEqual(["RECORD_TOO_LARGE", "1", "RECORD_TOO_LARGE", "4"]);
      expect(await stored()).toEqual(["a", "b", "c", "d"]);
    },
  );

  test("sends no more of a partition at once than a batch may hold, and tells where it ends", async () => {
    const writer = cluster.openWriter({ batchBytesMax: 2000, lingerMs: 10_000 });
    const values = Array.from({ length: 34 }, (_, index) => `${index}`.padEnd(100, "x"));
    append(writer, ...values);
    expect(await writer.flush()).toEqual([{ ...place, endOffset: 34 }]);
    expect(await stored()).toEqual(values);
  });

  test("writes once what was fine in a request of which another partition was refused", async () => {
    const pair = "pair";
    await client.admin.createTopics([{ name: pair, partitionCount: 2 }]);
    const writer = cluster.openWriter({ onRefused: () => "continue", lingerMs: 10_000 });
    for (let round = 0; round < 3; round++) {
      writer.partition(pair, 0).append(1, null, encodeUtf8(`fine ${round}`), noHeaders);
      writer.partition(pair, 1).append(1, null, encodeUtf8("x".repeat(8000)), noHeaders);
      const ends = await writer.flush();
      expect(ends).toEqual([{ topic: pair, partition: 0, endOffset: round + 1 }]);
    }
    const places = [0, 1].map((partition) => ({ topic: pair, partition, at: "latest" as const }));
    const ends = (await client.admin.listOffsets(places)).map(({ offset }) => offset);
    expect(ends).toEqual([3, 0]);
  });

  test("holds its owner back while what it has is on its way", async () => {
    const writer = cluster.openWriter({ bufferBytesMax: 1000, lingerMs: 10_000 });
    let room = true;
    for (let index = 0; room; index++)
      room = writer.partition(topic, 0).append(1, null, encodeUtf8(`${index}`), noHeaders);
    expect(writer.hasRoom).toBe(false);
    await writer.drained();
    expect(writer.hasRoom).toBe(true);
  });
});

describe("a reader", () => {
  test(
    "goes on where it was when connections are cut, and when the broker was away",
    { timeout: timeoutMs },
    async () => {
      const { port } = broker.address;
      const writer = client.openWriter({});
      const reader = cluster.openReader({ isolation: "read_committed", fetchWaitMsMax: 100 });
      reader.assign([{ ...place, offset: 0 }]);
      const values: string[] = [];
      const readUntil = async (count: number): Promise<void> => {
        while (values.length < count)
          for (const batch of await reader.poll({ waitMsMax: 100 })) {
            while (batch.next()) values.push(decodeUtf8(batch.value ?? new Uint8Array(0)));
            batch.release();
          }
      };
      append(writer, "0", "1");
      await writer.flush();
      await readUntil(2);
      service.cut();
      append(writer, "2");
      await writer.flush();
      await readUntil(3);
      await broker.close();
      await reader.poll({ waitMsMax: 500 });
      broker = await startBroker(port);
      append(writer, "3");
      await writer.flush();
      await readUntil(4);
      expect(values).toEqual(["0", "1", "2", "3"]);
    },
  );

  test("fetches nothing while its buffer is full, and more once that is released", async () => {
    const writer = client.openWriter({ batchBytesMax: 500 });
    for (let index = 0; index < 100; index++) append(writer, "x".repeat(100));
    await writer.flush();
    const reader = cluster.openReader({
      isolation: "read_committed",
      bufferBytesMax: 1,
      partitionBytesMax: 500,
    });
    reader.assign([{ ...place, offset: 0 }]);
    const held = await reader.poll({ waitMsMax: 10_000 });
    expect(held.length).toBeGreaterThan(0);
    expect(await reader.poll({ waitMsMax: 300 })).toEqual([]);
    for (const batch of held) batch.release();
    expect((await reader.poll({ waitMsMax: 10_000 })).length).toBeGreaterThan(0);
  });
});

describe("a member", () => {
  test("stays one while connections are cut, and commits", { timeout: timeoutMs }, async () => {
    const member = openMember();
    await member.join();
    for (let offset = 1; offset <= 5; offset++) {
      service.cut();
      await member.commit([{ ...place, offset }]);
      await sleep(150);
    }
    expect(member.isMember).toBe(true);
    expect((await member.committed([place]))[0].offset).toBe(5);
  });

  test(
    "is none any more once the group has not answered for a session's time, and then commits nothing",
    { timeout: timeoutMs },
    async () => {
      const { port } = broker.address;
      const member = openMember();
      await member.join();
      let isTold = false;
      member.onChange(() => {
        isTold = true;
      });
      await broker.close();
      await expect.poll(() => member.isMember, { timeout: 20_000 }).toBe(false);
      expect([isTold, member.needsJoin]).toEqual([true, true]);
      await expect(member.commit([{ ...place, offset: 1 }])).rejects.toMatchObject({
        code: "COMMIT_FENCED",
      });
      broker = await startBroker(port);
      expect((await member.join()).partitions).toEqual([place]);
    },
  );

  test(
    "that is closed while it joins leaves no seat behind for which the others would wait",
    { timeout: timeoutMs },
    async () => {
      const first = openMember();
      await first.join();
      const second = openMember();
      const joining = second.join();
      joining.catch(() => {}); // it is closed
      await expect.poll(() => first.needsJoin, { timeout: 10_000 }).toBe(true);
      const closing = second.close({ timeoutMs: 3000 });
      await first.join();
      await expect.poll(() => first.needsJoin, { timeout: 4000 }).toBe(true); // the session has 6 s
      expect((await first.join()).partitions).toEqual([place]);
      await closing;
    },
  );

  test("an assignor that fails ends the join with its own error", async () => {
    const member = cluster.openMembership({
      groupId: "failing",
      topics: () => [topic],
      assignors: [
        {
          name: "failing",
          subscriptionUserData: () => null,
          assign: async () => {
            throw new Error("no plan for these members");
          },
        },
      ],
    });
    await expect(member.join()).rejects.toThrow("no plan for these members");
  });
});

describe("closing", () => {
  test("KAFKAJS-3: once all parts are closed no connection is left, and it can be used again", async () => {
    const writer = cluster.openWriter({});
    const member = openMember();
    const reader = cluster.openReader({ isolation: "read_committed" });
    reader.assign([{ ...place, offset: 0 }]);
    append(writer, "a");
    await writer.flush();
    await member.join();
    await reader.poll({ waitMsMax: 5000 });
    await cluster.admin.listTopics();
    expect(service.connectionCount).toBeGreaterThan(3);
    await Promise.all([writer.close(), member.close(), reader.close()]);
    await expect.poll(() => service.connectionCount, { timeout: 10_000 }).toBe(0);
    expect(await cluster.admin.listTopics()).not.toEqual([]);
    await expect.poll(() => service.connectionCount, { timeout: 10_000 }).toBe(0);
  });

  test(
    "KAFKAJS-3: what is closed while it connects leaves no connection either",
    { timeout: timeoutMs },
    async () => {
      for (let delayMs = 0; delayMs <= 40; delayMs += 4) {
        const own = kafkajsCluster(service.kafka, { closeTimeout: "2s" });
        const reader = own.openReader({ isolation: "read_committed" });
        reader.assign([{ ...place, offset: 0 }]);
        const polling = reader.poll({ waitMsMax: 1000 });
        const listing = own.admin.listTopics().catch(() => {});
        await sleep(delayMs);
        await own.close();
        await Promise.all([polling, listing]);
      }
      await sleep(200);
      await expect.poll(() => service.connectionCount, { timeout: 5000 }).toBe(0);
    },
  );

  test("ends in time with a broker that answers nothing", { timeout: timeoutMs }, async () => {
    const writer = cluster.openWriter({});
    const member = openMember();
    const reader = cluster.openReader({ isolation: "read_committed" });
    reader.assign([{ ...place, offset: 0 }]);
    append(writer, "a");
    await writer.flush();
    await member.join();
    await reader.poll({ waitMsMax: 5000 });
    service.mute();
    const startMs = performance.now();
    await Promise.all([writer.close(500), member.close({ timeoutMs: 500 }), reader.close()]);
    await cluster.close();
    expect(performance.now() - startMs).toBeLessThan(15_000);
  });

  test("a kafkajs that is none is refused by name", () => {
    const none = { consumer: () => ({}) };
    // @ts-expect-error: it has no producer, no admin
    expect(() => kafkajsCluster(none).openReader({ isolation: "read_committed" })).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED_BY_CLIENT" }),
    );
  });
});
