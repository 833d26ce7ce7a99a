import kafkajs, {
  CompressionTypes,
  type Consumer,
  Kafka,
  type KafkaMessage,
  logLevel,
  type Producer,
} from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type BundledBroker, startBundledBroker } from "./bundled-broker.ts";
import { Seen } from "./seen.ts";

let broker: BundledBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startBundledBroker();
  kafka = new Kafka({
    brokers: [broker.address],
    clientId: "interop",
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20 },
  });
});

afterAll(() => broker[Symbol.asyncDispose]());

async function createTopic(topic: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    expect(await admin.createTopics({ topics: [{ topic, numPartitions }] })).toBe(true);
  } finally {
    await admin.disconnect();
  }
}

async function withProducer<Result>(
  producer: Producer,
  work: (producer: Producer) => Promise<Result>,
): Promise<Result> {
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}

/** All of a topic, until a record with the value `end` comes. */
async function readToEnd(
  topic: string,
  { readUncommitted = false }: { readonly readUncommitted?: boolean } = {},
): Promise<readonly KafkaMessage[]> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const messages: KafkaMessage[] = [];
  const consumer = kafka.consumer({
    groupId: groupOf(topic, readUncommitted),
    maxWaitTimeInMs: 100,
    readUncommitted,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      async eachMessage({ message }) {
        if (text(message.value) === "end") resolve();
        else messages.push(message);
      },
    });
    await ended;
  } finally {
    await consumer.disconnect();
  }
  return messages;
}

function groupOf(topic: string, readUncommitted = false): string {
  return `readers-of-${topic}${readUncommitted ? "-uncommitted" : ""}`;
}

function text(bytes: Buffer | null): string {
  return bytes?.toString() ?? "";
}

describe("records", () => {
  test.each([
    ["plain", CompressionTypes.None],
    ["gzip", CompressionTypes.GZIP],
  ])("%s batches come back with keys, headers, timestamps and nulls", async (name, compression) => {
    const topic = `records-${name}`;
    await createTopic(topic, 1);
    const sent = [
      { key: "a", value: "one", timestamp: "1700000000000", headers: { source: "till" } },
      { key: null, value: "ключ", timestamp: "1700000000001", headers: {} },
      { key: "a", value: null, timestamp: "1700000000002", headers: {} },
    ];
    const results = await withProducer(kafka.producer(), (producer) =>
      producer.send({ topic, compression, messages: [...sent, { value: "end" }] }),
    );
    expect(results).toMatchObject([{ partition: 0, errorCode: 0, baseOffset: "0" }]);
    const read = await readToEnd(topic);
    expect(
      read.map(({ key, value, timestamp, headers }) => ({
        key: key === null ? null : text(key),
        value: value === null ? null : text(value),
        timestamp,
        headers: Object.fromEntries(
          Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)]),
        ),
      })),
    ).toEqual(sent);
    expect(read.map(({ offset }) => offset)).toEqual(["0", "1", "2"]);
  });

  test("an idempotent producer keeps the order of each partition", async () => {
    await createTopic("ordered", 1);
    await withProducer(kafka.producer({ idempotent: true }), async (producer) => {
      for (let index = 0; index < 20; index++) {
        await producer.send({ topic: "ordered", messages: [{ value: String(index) }] });
      }
      await producer.send({ topic: "ordered", messages: [{ value: "end" }] });
    });
    const read = await readToEnd("ordered");
    expect(read.map(({ value }) => Number(text(value)))).toEqual([...read.keys()]);
    expect(read).toHaveLength(20);
  });
});

describe("a group of two", () => {
  const topic = "shared-work";
  const groupId = "workers";
  const partitionCount = 4;

  interface Member {
    readonly consumer: Consumer;
    ownedCount(): number;
  }

  async function join(name: string, seen: Seen): Promise<Member> {
    const consumer = kafka.consumer({ groupId, heartbeatInterval: 100, maxWaitTimeInMs: 50 });
    let ownedCount = 0;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      ownedCount = payload.memberAssignment[topic]?.length ?? 0;
      seen.changed();
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommitThreshold: 1,
      async eachMessage({ message }) {
        seen.add(name, text(message.value));
      },
    });
    return { consumer, ownedCount: () => ownedCount };
  }

  async function send(producer: Producer, from: number, to: number): Promise<void> {
    const messages = Seen.numbered(from, to).map((value) => ({ key: value, value }));
    await producer.send({ topic, messages });
  }

  test("one leaves, the other takes over: nothing is lost, nothing comes twice", async () => {
    await createTopic(topic, partitionCount);
    const seen = new Seen();
    await withProducer(kafka.producer(), async (producer) => {
      const first = await join("first", seen);
      const second = await join("second", seen);
      await seen.until(() => first.ownedCount() === 2 && second.ownedCount() === 2);
      await send(producer, 0, 200);
      await seen.until(() => seen.values.length === 200);
      expect(seen.countOf("first")).toBeGreaterThan(0);
      expect(seen.countOf("second")).toBeGreaterThan(0);

      const left = first.consumer.disconnect();
      await send(producer, 200, 400);
      await left;
      await seen.until(() => second.ownedCount() === partitionCount);
      await send(producer, 400, 600);
      await seen.until(() => new Set(seen.values).size === 600);
      await second.consumer.disconnect();
    });
    expect(seen.sorted).toEqual(Seen.numbered(0, 600));
  });
});

describe("transactions", () => {
  test("a read-committed reader sees what was committed, and nothing of what was aborted", async () => {
    await createTopic("payments", 1);
    const transactional = kafka.producer({
      transactionalId: "payments-writer",
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await withProducer(transactional, async (producer) => {
      for (const [value, end] of [
        ["kept-1", "commit"],
        ["dropped", "abort"],
        ["kept-2", "commit"],
        ["end", "commit"],
      ] as const) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: "payments", messages: [{ value }] });
        await transaction[end]();
      }
    });
    const committed = await readToEnd("payments");
    expect(committed.map(({ value }) => text(value))).toEqual(["kept-1", "kept-2"]);
    const all = await readToEnd("payments", { readUncommitted: true });
    expect(all.map(({ value }) => text(value))).toEqual(["kept-1", "dropped", "kept-2"]);
  });

  test("offsets are committed with their transaction, or not at all", async () => {
    await createTopic("inputs", 1);
    await createTopic("outputs", 1);
    const admin = kafka.admin();
    await admin.connect();
    const transactional = kafka.producer({
      transactionalId: "pipeline",
      idempotent: true,
      maxInFlightRequests: 1,
    });
    const committedOffset = async () =>
      (await admin.fetchOffsets({ groupId: "pipeline", topics: ["inputs"] }))[0].partitions[0]
        .offset;
    await withProducer(transactional, async (producer) => {
      for (const [offset, end, expected] of [
        ["5", "abort", "-1"],
        ["7", "commit", "7"],
        ["9", "abort", "7"],
      ] as const) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: "outputs", messages: [{ value: offset }] });
        await transaction.sendOffsets({
          consumerGroupId: "pipeline",
          topics: [{ topic: "inputs", partitions: [{ partition: 0, offset }] }],
        });
        await transaction[end]();
        expect(await committedOffset()).toBe(expected);
      }
    });
    await admin.disconnect();
  });
});

test("admin: topics, partitions, configs, offsets, groups", async () => {
  const admin = kafka.admin();
  await admin.connect();
  const topic = "administered";
  await admin.createTopics({
    topics: [
      { topic, numPartitions: 2, configEntries: [{ name: "retention.ms", value: "86400000" }] },
    ],
  });
  expect(await admin.listTopics()).toContain(topic);
  expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  expect(topics[0].partitions).toHaveLength(3);

  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ["retention.ms"] },
    ],
  });
  expect(resources[0].configEntries).toMatchObject([
    { configName: "retention.ms", configValue: "86400000" },
  ]);

  const messages = ["0", "1", "2", "end"].map((value) => ({ partition: 0, value }));
  await withProducer(kafka.producer(), (producer) => producer.send({ topic, messages }));
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "2" }] });
  expect(await admin.fetchTopicOffsets(topic)).toContainEqual({
    partition: 0,
    offset: "4",
    high: "4",
    low: "2",
  });

  expect((await readToEnd(topic)).map(({ value }) => text(value))).toEqual(["2"]);
  const groupId = groupOf(topic);
  expect((await admin.fetchOffsets({ groupId, topics: [topic] }))[0].partitions).toContainEqual({
    partition: 0,
    offset: "4",
    metadata: null,
  });
  expect((await admin.listGroups()).groups.map((group) => group.groupId)).toContain(groupId);
  expect((await admin.describeGroups([groupId])).groups).toMatchObject([{ state: "Empty" }]);
  await admin.deleteGroups([groupId]);
  expect((await admin.listGroups()).groups.map((group) => group.groupId)).not.toContain(groupId);

  const cluster = await admin.describeCluster();
  expect(cluster.brokers.map(({ host, port }) => `${host}:${port}`)).toEqual([broker.address]);
  await admin.deleteTopics({ topics: [topic] });
  expect(await admin.listTopics()).not.toContain(topic);
  await admin.disconnect();
});
