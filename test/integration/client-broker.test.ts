import { connect, type Consumer, type KafkaClient } from "@millrace/client";
import type { BatchReader, BatchWriter } from "@millrace/cluster";
import { Broker } from "@millrace/broker";
import { decodeUtf8, encodeUtf8, noHeaders, type TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The bundled broker and the client, over a network in memory, in real time. */
let platform: Platform;
let broker: Broker;
let client: KafkaClient;

beforeAll(async () => {
  const { clock, timers } = nodePlatform();
  platform = memoryPlatform({ clock, timers });
  broker = await Broker.start(platform, {
    dataDirectory: "/data",
    port: 0,
    durability: "memory",
    codecs: nodeCompression,
    properties: { "group.initial.rebalance.delay.ms": "0" },
  });
  client = newClient();
});

afterAll(async () => {
  await client.close();
  await broker.close();
});

function newClient(): KafkaClient {
  const { host, port } = broker.address;
  return connect(platform, { bootstrapServers: `${host}:${port}`, codecs: nodeCompression });
}

let topicCount = 0;

async function newTopic(partitionCount = 1): Promise<string> {
  const name = `topic-${++topicCount}`;
  const [result] = await client.admin.createTopics([{ name, partitionCount }]);
  expect(result.error).toBeUndefined();
  return name;
}

function write(writer: BatchWriter, topic: string, values: readonly string[], partition = 0): void {
  const appender = writer.partition(topic, partition);
  for (const value of values) appender.append(1000, null, encodeUtf8(value), noHeaders);
}

async function read(
  reader: BatchReader,
  count: number,
): Promise<{ readonly values: string[]; readonly offsets: number[] }> {
  const values: string[] = [];
  const offsets: number[] = [];
  for (let empty = 0; values.length < count && empty < 10;) {
    const batches = await reader.poll({ waitMsMax: 500 });
    if (batches.length === 0) empty++;
    for (const batch of batches) {
      while (batch.next()) {
        values.push(decodeUtf8(batch.value ?? new Uint8Array()));
        offsets.push(batch.offset);
      }
      batch.release();
    }
  }
  return { values, offsets };
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

describe("an idempotent writer", () => {
  test("writes batches that a reader gets in order", async () => {
    const topic = await newTopic();
    const writer = client.openWriter({ batchBytesMax: 1024 });
    write(writer, topic, numbers(2000));
    expect(await writer.flush()).toEqual([{ topic, partition: 0, endOffset: 2000 }]);
    const reader = client.openReader({ isolation: "read_uncommitted" });
    reader.assign([{ topic, partition: 0, offset: 5 }]);
    const { values, offsets } = await read(reader, 1995);
    expect(values).toEqual(numbers(2000).slice(5));
    expect(offsets[0]).toBe(5);
    expect(reader.position({ topic, partition: 0 })).toBe(2000);
    expect(reader.endOffset({ topic, partition: 0 })).toBe(2000);
    await reader.close();
    await writer.close();
  });

  test("compresses, splits what the topic does not take, and keeps the order", async () => {
    const name = `topic-${++topicCount}`;
    await client.admin.createTopics([
      { name, partitionCount: 1, configs: { "max.message.bytes": "2000" } },
    ]);
    const writer = client.openWriter({ batchBytesMax: 60_000 });
    const values = Array.from({ length: 300 }, (_, index) => `${index}-${"x".repeat(100)}`);
    write(writer, name, values);
    await writer.flush();
    await writer.close();
    const zipped = client.openWriter({ compression: "zstd" });
    write(zipped, name, ["last"]);
    await zipped.flush();
    await zipped.close();
    const reader = client.openReader({ isolation: "read_uncommitted" });
    reader.assign([{ topic: name, partition: 0, offset: 0 }]);
    expect((await read(reader, 301)).values).toEqual([...values, "last"]);
    await reader.close();
  });

  test("tells a record that is too large, and a topic that is not there", async () => {
    const topic = await newTopic();
    const writer = client.openWriter({});
    const large = new Uint8Array(2_000_000);
    expect(() => writer.partition(topic, 0).append(0, null, large, noHeaders)).toThrow(
      expect.objectContaining({ code: "RECORD_TOO_LARGE" }),
    );
    await expect(writer.prepare(["not-there"])).rejects.toMatchObject({ code: "TOPIC_NOT_FOUND" });
    await writer.close();
  });
});

test("a group that is moved to a partition that is not there is told so at once", async () => {
  const topic = await newTopic(2);
  const moving = client.admin.alterGroupOffsets("moved", [{ topic, partition: 7, offset: 1 }]);
  await expect(moving).rejects.toMatchObject({
    code: "TOPIC_NOT_FOUND",
    message: expect.stringContaining(`no partition ${topic}-7: the topic has 2;`),
  });
});

describe("a transactional writer", () => {
  test("shows what is committed, and nothing of what is aborted", async () => {
    const topic = await newTopic(2);
    const writer = client.openWriter({ transactionalId: `id-${topic}` });
    await writer.initialize();
    for (const [index, ends] of (
      ["commit", "abort", "commit", "abort", "commit"] as const
    ).entries()) {
      writer.begin();
      write(writer, topic, [`${ends}-${index}`], 0);
      write(writer, topic, [`${ends}-${index}`], 1);
      if (ends === "commit") await writer.commit();
      else {
        if (index === 1) await writer.flush();
        await writer.abort();
      }
    }
    const committed = client.openReader({ isolation: "read_committed" });
    committed.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    const { values } = await read(committed, 6);
    expect(values.toSorted()).toEqual([
      "commit-0",
      "commit-0",
      "commit-2",
      "commit-2",
      "commit-4",
      "commit-4",
    ]);
    await committed.close();
    await writer.close();
  });

  test("fences the writer before it, which ends for good", async () => {
    const topic = await newTopic();
    const first = client.openWriter({ transactionalId: `id-${topic}` });
    await first.initialize();
    first.begin();
    write(first, topic, ["lost"]);
    await first.flush();
    const second = client.openWriter({ transactionalId: `id-${topic}` });
    await second.initialize();
    await expect(first.commit()).rejects.toMatchObject({ code: "WRITER_FENCED" });
    await expect(first.abort()).rejects.toMatchObject({ code: "WRITER_FENCED" });
    second.begin();
    write(second, topic, ["kept"]);
    await second.commit();
    const reader = client.openReader({ isolation: "read_committed" });
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    expect((await read(reader, 1)).values).toEqual(["kept"]);
    for (const one of [first, second, reader]) await one.close();
  });

  test("an append outside of a transaction is refused", async () => {
    const topic = await newTopic();
    const writer = client.openWriter({ transactionalId: `id-${topic}` });
    await writer.initialize();
    expect(() => write(writer, topic, ["early"])).toThrow(
      expect.objectContaining({ code: "WRITER_FAILED" }),
    );
    await writer.close();
  });
});

describe("a membership", () => {
  const assignAll = (topic: string, partitionCount: number) => ({
    name: "test",
    subscriptionUserData: () => encodeUtf8("about me"),
    async assign({ members }: { readonly members: readonly { readonly memberId: string }[] }) {
      return new Map(
        members.map(({ memberId }, index) => {
          const partitions: TopicPartition[] = [];
          for (let partition = index; partition < partitionCount; partition += members.length)
            partitions.push({ topic, partition });
          return [memberId, { partitions, userData: encodeUtf8(`for ${index}`) }] as const;
        }),
      );
    },
  });

  test("shares partitions with another, and takes them over when that leaves", async () => {
    const topic = await newTopic(4);
    const open = (from: KafkaClient) =>
      from.openMembership({
        groupId: `group-${topic}`,
        assignors: [assignAll(topic, 4)],
        topics: () => [topic],
        heartbeatIntervalMs: 50,
        sessionTimeoutMs: 6_000,
        rebalanceTimeoutMs: 5_000,
      });
    const other = newClient();
    const first = open(client);
    expect((await first.join()).partitions).toHaveLength(4);
    const second = open(other);
    const changed = new Promise<void>((resolve) => first.onChange(resolve));
    const joining = second.join();
    await changed;
    expect(first.needsJoin).toBe(true);
    const [mine, theirs] = await Promise.all([first.join(), joining]);
    expect([...mine.partitions, ...theirs.partitions]).toHaveLength(4);
    expect(theirs.partitions).toHaveLength(2);
    const left = new Promise<void>((resolve) => first.onChange(resolve));
    await second.close();
    await left;
    expect((await first.join()).partitions).toHaveLength(4);
    await first.commit([{ topic, partition: 1, offset: 7 }]);
    expect(
      await first.committed([
        { topic, partition: 1 },
        { topic, partition: 2 },
      ]),
    ).toMatchObject([{ topic, partition: 1, offset: 7 }]);
    await first.close();
    await other.close();
  });

  test("a join that is given up does not hold up the next one", async () => {
    const topic = await newTopic(2);
    const other = newClient();
    const open = (from: KafkaClient) =>
      from.openMembership({
        groupId: `group-${topic}`,
        assignors: [assignAll(topic, 2)],
        topics: () => [topic],
        heartbeatIntervalMs: 50,
        sessionTimeoutMs: 6_000,
        rebalanceTimeoutMs: 60_000,
      });
    const first = open(client);
    await first.join();
    const second = open(other);
    const changed = new Promise<void>((resolve) => first.onChange(resolve));
    const impatience = new AbortController();
    const given = second.join(impatience.signal);
    await changed;
    impatience.abort(new Error("no patience"));
    await expect(given).rejects.toThrow("no patience");
    const [mine, theirs] = await Promise.all([first.join(), second.join()]);
    expect(mine.partitions.length + theirs.partitions.length).toBeLessThanOrEqual(2);
    await second.close();
    await first.close();
    await other.close();
  });

  test("a static member takes its seat again without a rebalance, and fences the one before", async () => {
    const topic = await newTopic(2);
    const open = (groupInstanceId: string) =>
      client.openMembership({
        groupId: `group-${topic}`,
        groupInstanceId,
        assignors: [assignAll(topic, 2)],
        topics: () => [topic],
        heartbeatIntervalMs: 50,
        sessionTimeoutMs: 30_000,
      });
    const first = open("seat-1");
    const { generationId, partitions } = await first.join();
    const again = open("seat-1");
    const taken = await again.join();
    expect(taken).toMatchObject({ generationId, partitions });
    await expect
      .poll(() => first.failure, { timeout: 3000 })
      .toMatchObject({ code: "MEMBER_FENCED" });
    await expect(first.join()).rejects.toMatchObject({ code: "MEMBER_FENCED" });
    await first.close();
    // Leaving by its instance id frees the seat at once: another one has all without waiting for the session.
    await again.close();
    const successor = open("seat-2");
    expect((await successor.join()).partitions).toHaveLength(2);
    await successor.close();
  });

  test("offsets within a transaction are there once it is committed, and fenced by the generation", async () => {
    const topic = await newTopic(1);
    const membership = client.openMembership({
      groupId: `group-${topic}`,
      assignors: [assignAll(topic, 1)],
      topics: () => [topic],
    });
    await membership.join();
    const writer = client.openWriter({ transactionalId: `id-${topic}` });
    await writer.initialize();
    writer.begin();
    await writer.sendOffsets([{ topic, partition: 0, offset: 3 }], membership.groupMetadata);
    await writer.commit();
    expect(await membership.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 3 }]);
    writer.begin();
    const stale = { ...membership.groupMetadata, generationId: 99 };
    await expect(
      writer.sendOffsets([{ topic, partition: 0, offset: 4 }], stale),
    ).rejects.toMatchObject({ code: "COMMIT_FENCED" });
    await writer.abort();
    expect(await membership.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 3 }]);
    await membership.close();
    await writer.close();
  });
});

describe("a reader", () => {
  test("tells an offset that is not there", async () => {
    const topic = await newTopic();
    const reader = client.openReader({ isolation: "read_committed" });
    reader.assign([{ topic, partition: 0, offset: 77 }]);
    await expect(reader.poll({ waitMsMax: 2000 })).rejects.toMatchObject({
      code: "OFFSET_OUT_OF_RANGE",
    });
    await reader.close();
  });
});

describe("a producer and consumers", () => {
  test("each record is told its place, and keys keep to their partitions", async () => {
    const topic = await newTopic(3);
    await using producer = client.producer();
    const sent = await Promise.all(
      Array.from({ length: 90 }, (_, index) =>
        producer.send({ topic, key: `key-${index % 9}`, value: `${index}`, headers: { at: "1" } }),
      ),
    );
    const own = sent.filter(({ partition }) => partition === sent[0].partition);
    expect(own.map(({ offset }) => offset)).toEqual(own.map((_, index) => index));
    for (let index = 0; index < 81; index++)
      expect(sent[index].partition).toBe(sent[index + 9].partition);
    await expect(producer.send({ topic: "nowhere", value: "x" })).rejects.toMatchObject({
      code: "TOPIC_NOT_FOUND",
    });
    expect((await producer.send({ topic, partition: 2, value: null })).partition).toBe(2);
  });

  test("a group of two shares the topic; what one has committed the other does not see again", async () => {
    const topic = await newTopic(4);
    const other = newClient();
    const options = {
      groupId: `group-${topic}`,
      topics: [topic],
      autoOffsetReset: "earliest",
      heartbeatInterval: 50,
      sessionTimeout: 6_000,
    } as const;
    await using producer = client.producer();
    const send = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, index) =>
          producer.send({ topic, partition: index % 4, value: `${from + index}` }),
        ),
      );
    await send(0, 40);
    const seen = new Set<string>();
    const consume = async (consumer: Consumer, until: number) => {
      for await (const { value } of consumer) {
        seen.add(decodeUtf8(value ?? new Uint8Array()));
        if (seen.size >= until) return;
      }
    };
    const first = client.consumer(options);
    await consume(first, 40);
    const second = other.consumer(options);
    const both = [consume(first, 80), consume(second, 80)];
    await expect.poll(() => second.assignment.length, { timeout: 5000 }).toBe(2);
    await send(40, 80);
    await Promise.race(both);
    await second.close();
    await first.close();
    await Promise.all(both);
    expect(seen.size).toBe(80);
    await other.close();
  });

  test("a loop that is left goes on with the next record when it is entered again", async () => {
    const topic = await newTopic(2);
    await using producer = client.producer();
    for (const value of numbers(20))
      await producer.send({ topic, partition: Number(value) % 2, value });
    await using consumer = client.consumer({ topics: [topic], autoOffsetReset: "earliest" });
    const seen: string[] = [];
    while (seen.length < 20) {
      for await (const { value } of consumer) {
        seen.push(decodeUtf8(value ?? new Uint8Array()));
        if (seen.length % 3 === 0) break;
        if (seen.length === 20) break;
      }
    }
    expect(seen.toSorted()).toEqual(numbers(20).toSorted());
  });

  test("offsets and records of a transaction come together or not at all", async () => {
    const topic = await newTopic();
    await using producer = client.producer({ transactionalId: `id-${topic}` });
    await expect(
      producer.transaction(async () => {
        await producer.send({ topic, value: "no" });
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await producer.transaction(async () => {
      await producer.send({ topic, value: "yes" });
    });
    await using consumer = client.consumer({ topics: [topic], autoOffsetReset: "earliest" });
    for await (const { value } of consumer) {
      expect(decodeUtf8(value ?? new Uint8Array())).toBe("yes");
      break;
    }
  });
});
