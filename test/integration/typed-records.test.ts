import { Broker } from "@millrace/broker";
import {
  connect,
  RecordDeserializationError,
  type Consumer,
  type ConsumerOptions,
  type ConsumerRecord,
  type KafkaClient,
  type Producer,
} from "@millrace/client";
import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { int64AsNumber, json, optional, string } from "@millrace/serde";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";

interface Order {
  readonly total: number;
}

/** Producer and consumer with serdes, on the bundled broker. */
let platform: Platform;
let broker: Broker;
let client: KafkaClient;
let topicCount = 0;

beforeAll(async () => {
  const { clock, timers } = nodePlatform();
  platform = memoryPlatform({ clock, timers });
  broker = await Broker.start(platform, {
    dataDirectory: "/data",
    port: 0,
    durability: "memory",
    properties: { "group.initial.rebalance.delay.ms": "0" },
  });
  const { host, port } = broker.address;
  client = connect(platform, { bootstrapServers: `${host}:${port}` });
});

afterAll(async () => {
  await client.close();
  await broker.close();
});

async function newTopic(): Promise<string> {
  const name = `typed-${++topicCount}`;
  await client.admin.createTopics([{ name, partitionCount: 1 }]);
  return name;
}

/** Orders, and one value that is none, at offset 1. */
async function topicWithOneBad(): Promise<string> {
  const topic = await newTopic();
  const producer = client.producer();
  for (const value of ['{"total":1}', "{", '{"total":3}'])
    await producer.send({ topic, key: "ada", value });
  return topic;
}

function openConsumer(
  topic: string,
  more: Partial<ConsumerOptions<string, Order>> = {},
): Consumer<string, Order> {
  return client.consumer({
    topics: [topic],
    key: string(),
    value: json<Order>(),
    autoOffsetReset: "earliest",
    ...more,
  });
}

async function take<Key, Value>(
  consumer: Consumer<Key, Value>,
  count: number,
): Promise<readonly ConsumerRecord<Key, Value>[]> {
  const records: ConsumerRecord<Key, Value>[] = [];
  for await (const record of consumer) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

describe("records with serdes", () => {
  test("come as they were sent: keys, values, deletions, repeated headers", async () => {
    const topic = await newTopic();
    const producer = client.producer({ key: string(), value: json<Order>() });
    await producer.send({
      topic,
      key: "ada",
      value: { total: 12 },
      headers: [
        ["hop", "a"],
        ["hop", "b"],
        ["none", null],
      ],
    });
    await producer.send({ topic, value: null, headers: { trace: "t" } });
    const records = await take(openConsumer(topic), 2);
    expect(records).toMatchObject([
      { key: "ada", value: { total: 12 }, offset: 0 },
      { key: null, value: null, offset: 1 },
    ]);
    expect(records.map(({ headers }) => headers)).toEqual([
      [
        ["hop", encodeUtf8("a")],
        ["hop", encodeUtf8("b")],
        ["none", null],
      ],
      [["trace", encodeUtf8("t")]],
    ]);
    // What was consumed can be sent on as it is.
    await producer.send(records[0]);
    const [, , copy] = await take(openConsumer(topic), 3);
    expect(copy).toMatchObject({ key: "ada", value: { total: 12 }, headers: records[0].headers });
  });

  test("one side may have a serde, and the other none", async () => {
    const topic = await newTopic();
    await client.producer({ value: int64AsNumber() }).send({ topic, key: "plain", value: 7 });
    const consumer = client.consumer({
      topics: [topic],
      value: int64AsNumber(),
      autoOffsetReset: "earliest",
    });
    const [{ key, value }] = await take(consumer, 1);
    expect([decodeUtf8(key ?? new Uint8Array()), value]).toEqual(["plain", 7]);
  });

  test("types follow the serdes", () => {
    const typed = client.producer({ key: string(), value: json<Order>() });
    expectTypeOf(typed).toEqualTypeOf<Producer<string, Order>>();
    expectTypeOf(typed.send).parameter(0).toHaveProperty("value").toEqualTypeOf<Order | null>();
    // @ts-expect-error a key of another type
    expectTypeOf(typed.send).toBeCallableWith({ topic: "t", key: 5, value: { total: 1 } });
    // @ts-expect-error a value of another type
    expectTypeOf(typed.send).toBeCallableWith({ topic: "t", value: { total: "1" } });
    // @ts-expect-error a value that is missing
    expectTypeOf(typed.send).toBeCallableWith({ topic: "t", key: "k" });
    const plain = client.producer();
    // @ts-expect-error a number without a serde
    expectTypeOf(plain.send).toBeCallableWith({ topic: "t", value: 5 });
    const consumer = client.consumer({ topics: ["t"], value: optional(json<Order>()) });
    expectTypeOf(consumer).toEqualTypeOf<Consumer<Uint8Array, Order | null>>();
    expectTypeOf<ConsumerRecord<string, Order>["value"]>().toEqualTypeOf<Order | null>();
    expectTypeOf<ConsumerRecord["key"]>().toEqualTypeOf<Uint8Array | null>();
  });
});

describe("a record that a consumer's serde cannot read", () => {
  test("is an error with topic, partition, offset and the way on; it is met again until it is passed", async () => {
    const topic = await topicWithOneBad();
    await using consumer = openConsumer(topic);
    for (let round = 0; round < 2; round++) {
      const failure = await take(consumer, 3).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(RecordDeserializationError);
      expect(failure).toMatchObject({
        code: "DESERIALIZATION_FAILED",
        topic,
        partition: 0,
        offset: 1,
        part: "value",
        message: expect.stringContaining(`consumer.seek({ topic: "${topic}", partition: 0 }, 2)`),
      });
    }
    consumer.seek({ topic, partition: 0 }, 2);
    expect(await take(consumer, 1)).toMatchObject([{ offset: 2, value: { total: 3 } }]);
  });

  test("is not committed over", async () => {
    const topic = await topicWithOneBad();
    const groupId = `group-${topic}`;
    const consumer = openConsumer(topic, { groupId });
    await expect(take(consumer, 3)).rejects.toMatchObject({ offset: 1 });
    await consumer.close();
    await using again = openConsumer(topic, { groupId });
    await expect(take(again, 1)).rejects.toMatchObject({ offset: 1 });
  });

  test("is left out by option, and processed with that", async () => {
    const topic = await topicWithOneBad();
    await using consumer = openConsumer(topic, { onDeserializationError: "skip" });
    expect(await take(consumer, 2)).toMatchObject([{ offset: 0 }, { offset: 2 }]);
  });

  test("is decided about by a function that sees its bytes", async () => {
    const topic = await topicWithOneBad();
    const seen: ConsumerRecord[] = [];
    await using consumer = openConsumer(topic, {
      onDeserializationError: (error, record) => {
        seen.push(record);
        return "part" in error && error.part === "value" ? "skip" : "fail";
      },
    });
    await take(consumer, 2);
    expect(seen).toMatchObject([{ offset: 1, key: encodeUtf8("ada"), value: encodeUtf8("{") }]);
    await using other = openConsumer(topic, { onDeserializationError: () => "fail" });
    await expect(take(other, 2)).rejects.toMatchObject({ offset: 1 });
  });
});
