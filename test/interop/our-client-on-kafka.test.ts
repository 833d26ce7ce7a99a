import { connect, type Consumer, type KafkaClient } from "@millrace/client";
import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missingFor, startApacheKafka, type ApacheKafka } from "./apache-kafka.ts";

/**
 * Our client against Apache Kafka itself: one node, then a cluster of three of which one is killed. Records have
 * the time of day: what looks seven days old is deleted after half a minute.
 */
const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const platform = nodePlatform();

interface Kafka {
  readonly cluster: ApacheKafka;
  readonly client: KafkaClient;
  readonly other: KafkaClient;
  readonly stop: () => Promise<void>;
}

async function start(nodeCount: number): Promise<Kafka> {
  const cluster = await startApacheKafka({ nodeCount });
  const options = { bootstrapServers: cluster.address, codecs: nodeCompression };
  const client = connect(platform, options);
  const other = connect(platform, options);
  return {
    cluster,
    client,
    other,
    stop: async () => {
      await Promise.all([client.close(), other.close()]);
      await cluster[Symbol.asyncDispose]();
    },
  };
}

async function valuesOf(client: KafkaClient, topic: string, count: number): Promise<string[]> {
  const description = (await client.admin.describeTopics([topic])).get(topic);
  const reader = client.openReader({ isolation: "read_committed" });
  reader.assign(
    Array.from({ length: description?.partitionCount ?? 0 }, (_, partition) => ({
      topic,
      partition,
      offset: 0,
    })),
  );
  const values: string[] = [];
  const deadlineMs = platform.clock.monotonicMs() + 30_000;
  while (values.length < count && platform.clock.monotonicMs() < deadlineMs) {
    for (const batch of await reader.poll({ waitMsMax: 200 })) {
      while (batch.next()) values.push(decodeUtf8(batch.value ?? new Uint8Array()));
      batch.release();
    }
  }
  await reader.close();
  return values;
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index).padStart(6, "0"));
}

describe.skipIf(missing !== undefined)(`our client on Apache Kafka${note}`, () => {
  let kafka: Kafka;

  beforeAll(async () => {
    kafka = await start(1);
  }, 120_000);

  afterAll(() => kafka.stop());

  async function newTopic(name: string, partitionCount: number): Promise<string> {
    const [result] = await kafka.client.admin.createTopics([{ name, partitionCount }]);
    expect(result.error).toBeUndefined();
    return name;
  }

  test.each(["none", "gzip", "zstd"] as const)(
    "produces and consumes, compression %s",
    async (compression) => {
      const topic = await newTopic(`plain-${compression}`, 3);
      const writer = kafka.client.openWriter({ compression, batchBytesMax: 4096 });
      for (const [index, value] of numbers(5000).entries())
        writer
          .partition(topic, index % 3)
          .append(platform.clock.wallMs(), encodeUtf8("k"), encodeUtf8(value), [["h", null]]);
      const ends = await writer.flush();
      expect(ends.reduce((sum, { endOffset }) => sum + endOffset, 0)).toBe(5000);
      await writer.close();
      expect((await valuesOf(kafka.client, topic, 5000)).toSorted()).toEqual(numbers(5000));
    },
  );

  test("a group of two shares a topic and hands over", async () => {
    const topic = await newTopic("shared", 4);
    const options = {
      groupId: "pair",
      topics: [topic],
      autoOffsetReset: "earliest",
      heartbeatInterval: 200,
    } as const;
    const producer = kafka.client.producer();
    const send = (from: number, to: number) =>
      Promise.all(
        numbers(to)
          .slice(from)
          .map((value, index) => producer.send({ topic, partition: index % 4, value })),
      );
    const seen = new Set<string>();
    const consume = async (consumer: Consumer) => {
      for await (const { value } of consumer) seen.add(decodeUtf8(value ?? new Uint8Array()));
    };
    await send(0, 100);
    const first = kafka.client.consumer(options);
    const second = kafka.other.consumer(options);
    const both = [consume(first), consume(second)];
    await expect
      .poll(() => [first, second].map(({ assignment }) => assignment.length), { timeout: 20_000 })
      .toEqual([2, 2]);
    await send(100, 200);
    await expect.poll(() => seen.size, { timeout: 20_000 }).toBe(200);
    await second.close();
    await expect.poll(() => first.assignment.length, { timeout: 20_000 }).toBe(4);
    await send(200, 300);
    await expect.poll(() => seen.size, { timeout: 20_000 }).toBe(300);
    await first.close();
    await Promise.all(both);
    await producer.close();
  }, 90_000);

  test("commits and aborts transactions; readers of committed records see no aborted ones", async () => {
    const topic = await newTopic("transactional", 2);
    const writer = kafka.client.openWriter({ transactionalId: "pays" });
    await writer.initialize();
    await writer.prepare([topic]);
    const membership = kafka.client.openMembership({
      groupId: "pays",
      topics: () => [topic],
      assignors: [
        {
          name: "all",
          subscriptionUserData: () => encodeUtf8("data"),
          assign: async ({ members }) =>
            new Map(
              members.map(({ memberId, userData }) => [
                memberId,
                { partitions: [{ topic, partition: 0 }], userData },
              ]),
            ),
        },
      ],
    });
    const assignment = await membership.join();
    expect(decodeUtf8(assignment.userData ?? new Uint8Array())).toBe("data");
    for (let round = 0; round < 20; round++) {
      const isCommitted = round % 3 !== 1;
      writer.begin();
      for (let partition = 0; partition < 2; partition++)
        writer
          .partition(topic, partition)
          .append(
            platform.clock.wallMs(),
            null,
            encodeUtf8(`${isCommitted ? "yes" : "no"}-${round}`),
            noHeaders,
          );
      await writer.sendOffsets([{ topic, partition: 0, offset: round }], membership.groupMetadata);
      if (isCommitted) await writer.commit();
      else await writer.abort();
    }
    const values = await valuesOf(kafka.client, topic, 26);
    expect(values.filter((value) => value.startsWith("no"))).toEqual([]);
    expect(values).toHaveLength(26);
    expect(await membership.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 18 }]);
    const successor = kafka.other.openWriter({ transactionalId: "pays" });
    await successor.initialize();
    writer.begin();
    writer
      .partition(topic, 0)
      .append(platform.clock.wallMs(), null, encodeUtf8("zombie"), noHeaders);
    await expect(writer.commit()).rejects.toThrow();
    await expect(writer.abort()).rejects.toMatchObject({ code: "WRITER_FENCED" });
    await successor.close();
    await membership.close();
  }, 60_000);

  test("leaves records out that are refused, alone and within transactions", async () => {
    const topic = "picky";
    const configs = { "cleanup.policy": "compact" };
    await kafka.client.admin.createTopics([{ name: topic, partitionCount: 1, configs }]);
    const expected: string[] = [];
    const producer = kafka.client.producer({ batchBytesMax: 500 });
    const outcomes = await Promise.allSettled(
      numbers(200).map((value, index) => {
        const isBad = index % 17 === 3;
        if (!isBad) expected.push(value);
        return producer.send({ topic, key: isBad ? null : value, value });
      }),
    );
    for (const [index, outcome] of outcomes.entries())
      expect(outcome).toMatchObject(
        index % 17 === 3
          ? { reason: { code: "WRITE_REFUSED", cause: { code: "INVALID_RECORD" } } }
          : { value: { offset: expected.indexOf(numbers(200)[index]) } },
      );
    let refusedCount = 0;
    const writer = kafka.client.openWriter({
      transactionalId: "picky",
      batchBytesMax: 300,
      lingerMs: 0,
      onRefused: ({ records }) => {
        refusedCount += records.length;
        return "continue";
      },
    });
    await writer.initialize();
    const appender = writer.partition(topic, 0);
    for (let round = 0; round < 5; round++) {
      writer.begin();
      for (let index = 0; index < 100; index++) {
        const value = `${round}-${index}`;
        const isBad = index % 17 === round;
        if (!isBad) expected.push(value);
        const key = isBad ? null : encodeUtf8(value);
        appender.append(platform.clock.wallMs(), key, encodeUtf8(value), noHeaders);
      }
      await writer.commit();
    }
    await writer.close();
    expect(refusedCount).toBe(30);
    expect(await valuesOf(kafka.client, topic, expected.length)).toEqual(expected);
  }, 60_000);
});

describe.skipIf(missing !== undefined)(`our client on a cluster of three${note}`, () => {
  test("writes exactly once and in order while a node is killed and revived", async () => {
    const kafka = await start(3);
    try {
      const topic = "three";
      const [result] = await kafka.client.admin.createTopics([{ name: topic, partitionCount: 6 }]);
      expect(result.error).toBeUndefined();
      const writer = kafka.client.openWriter({ transactionalId: "three", batchBytesMax: 2048 });
      await writer.prepare([topic]);
      await writer.initialize();
      let committed = 0;
      for (let round = 0; round < 60; round++) {
        if (round === 15) await kafka.cluster.kill(1);
        if (round === 45) await kafka.cluster.revive(1);
        try {
          writer.begin();
          for (let index = 0; index < 300; index++) {
            const value = encodeUtf8(`${round}:${index}`.padStart(12));
            const isRoomLeft = writer
              .partition(topic, index % 6)
              .append(platform.clock.wallMs(), null, value, noHeaders);
            if (!isRoomLeft) await writer.drained();
          }
          await writer.commit();
          committed++;
        } catch (error) {
          expect(error).toMatchObject({ code: "TRANSACTION_ABORTED" });
          await writer.abort();
          round--;
        }
      }
      expect(committed).toBe(60);
      await writer.close();
      const values = await valuesOf(kafka.other, topic, 60 * 300);
      expect(values).toHaveLength(60 * 300);
      expect(new Set(values).size).toBe(60 * 300);
      for (let partition = 0; partition < 6; partition++) {
        const places = values
          .map((value) => value.trim().split(":").map(Number))
          .filter(([, index]) => index % 6 === partition)
          .map(([round, index]) => round * 300 + index);
        expect(places).toEqual(places.toSorted((left, right) => left - right));
      }
    } finally {
      await kafka.stop();
    }
  }, 240_000);
});
