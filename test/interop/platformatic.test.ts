import {
  Admin,
  ConfigResourceTypes,
  Consumer,
  FetchIsolationLevels,
  type FetchIsolationLevelValue,
  type Message,
  Producer,
  type ProducerOptions,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type BundledBroker, startBundledBroker } from "./bundled-broker.ts";
import { Seen } from "./seen.ts";

type TextConsumer = Consumer<string, string, string, string>;
type TextMessage = Message<string, string, string, string>;
type TextProducer = Producer<string, string, string, string>;

let broker: BundledBroker;
let admin: Admin;

beforeAll(async () => {
  broker = await startBundledBroker();
  admin = new Admin(connection());
});

afterAll(async () => {
  await admin.close();
  await broker[Symbol.asyncDispose]();
});

function connection() {
  return { clientId: "interop", bootstrapBrokers: [broker.address] };
}

async function withProducer<Result>(
  options: Partial<ProducerOptions<string, string, string, string>>,
  work: (producer: TextProducer) => Promise<Result>,
): Promise<Result> {
  const producer = new Producer({ ...connection(), serializers: stringSerializers, ...options });
  try {
    return await work(producer);
  } finally {
    await producer.close();
  }
}

function transactional(transactionalId: string) {
  return { transactionalId, idempotent: true };
}

function newConsumer(
  groupId: string,
  isolationLevel: FetchIsolationLevelValue = FetchIsolationLevels.READ_COMMITTED,
): TextConsumer {
  return new Consumer({
    ...connection(),
    groupId,
    deserializers: stringDeserializers,
    maxWaitTime: 50,
    heartbeatInterval: 100,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    isolationLevel,
  });
}

/** All of a topic, until a record with the value `end` comes. */
async function readToEnd(
  topic: string,
  isolationLevel: FetchIsolationLevelValue = FetchIsolationLevels.READ_COMMITTED,
): Promise<readonly TextMessage[]> {
  const consumer = newConsumer(`readers-of-${topic}`, isolationLevel);
  const messages: TextMessage[] = [];
  try {
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false });
    for await (const message of stream) {
      if (message.value === "end") break;
      messages.push(message);
    }
    await stream.close();
  } finally {
    await consumer.close(true);
  }
  return messages;
}

describe("records", () => {
  interface Sent {
    readonly key: string;
    readonly value: string;
    readonly timestamp: bigint;
    readonly headers: Record<string, string>;
  }

  test.each(["none", "gzip", "zstd"] as const)(
    "%s batches come back with keys, headers and timestamps",
    async (compression) => {
      const topic = `records-${compression}`;
      await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
      const sent: readonly Sent[] = [
        { key: "a", value: "one", timestamp: 1_700_000_000_000n, headers: { source: "till" } },
        { key: "b", value: "ключ", timestamp: 1_700_000_000_001n, headers: {} },
      ];
      const messages = [...sent, { value: "end" }].map((message) => ({ topic, ...message }));
      const { offsets } = await withProducer({ compression }, (producer) =>
        producer.send({ messages }),
      );
      expect(offsets).toEqual([{ topic, partition: 0, offset: 0n }]);
      const read = await readToEnd(topic);
      expect(
        read.map(({ key, value, timestamp, headers }) => ({
          key,
          value,
          timestamp,
          headers: Object.fromEntries(headers),
        })),
      ).toEqual(sent);
      expect(read.map(({ offset }) => offset)).toEqual([0n, 1n]);
    },
  );

  test("an idempotent producer keeps the order of each partition", async () => {
    await admin.createTopics({ topics: ["ordered"], partitions: 1, replicas: 1 });
    await withProducer({ idempotent: true }, async (producer) => {
      for (const value of ["0", "1", "2", "3", "4", "end"]) {
        await producer.send({ messages: [{ topic: "ordered", value }] });
      }
    });
    const read = await readToEnd("ordered");
    expect(read.map(({ value }) => value)).toEqual(["0", "1", "2", "3", "4"]);
  });
});

describe("a group of two", () => {
  const topic = "shared-work";
  const partitionCount = 4;
  // After a join this client reads its positions again, and gives again what was not committed by then, so nothing
  // may be on its way. The first fetch that comes back may be older than the join; the second one is not.
  const settledFetchCount = 2;

  interface Member {
    owned(): readonly number[];
    leave(): Promise<void>;
  }

  function partitionsOf({ assignments }: TextConsumer): readonly number[] {
    return assignments?.find((assignment) => assignment.topic === topic)?.partitions ?? [];
  }

  async function join(name: string, seen: Seen): Promise<Member> {
    const consumer = newConsumer("workers");
    const stream = await consumer.consume({
      topics: [topic],
      mode: "committed",
      fallbackMode: "earliest",
      autocommit: false,
    });
    let owned: readonly number[] = [];
    let fetchCount = 0;
    consumer.on("consumer:group:join", () => (fetchCount = 0));
    stream.on("fetch", () => {
      fetchCount += 1;
      if (fetchCount !== settledFetchCount) return;
      owned = partitionsOf(consumer);
      seen.changed();
    });
    const ended = (async () => {
      for await (const message of stream) {
        seen.add(name, message.value);
        await message.commit();
      }
    })();
    return {
      owned: () => owned,
      async leave() {
        await stream.close();
        await ended;
        await consumer.close();
      },
    };
  }

  async function send(
    producer: TextProducer,
    [from, to]: readonly [number, number],
    partitions: readonly number[] = [0, 1, 2, 3],
  ): Promise<void> {
    const messages = Seen.numbered(from, to).map((value, index) => {
      return { topic, partition: partitions[index % partitions.length], value };
    });
    await producer.send({ messages });
  }

  test("one leaves, the other takes over: nothing is lost, nothing comes twice", async () => {
    await admin.createTopics({ topics: [topic], partitions: partitionCount, replicas: 1 });
    const seen = new Seen();
    await withProducer({}, async (producer) => {
      const first = await join("first", seen);
      const second = await join("second", seen);
      await seen.until(() => first.owned().length === 2 && second.owned().length === 2);
      await send(producer, [0, 100]);
      await seen.until(() => seen.values.length === 100);
      expect(seen.countOf("first")).toBeGreaterThan(0);
      expect(seen.countOf("second")).toBeGreaterThan(0);

      // To the partitions of the one that leaves, for the same reason.
      const handedOver = first.owned();
      const left = first.leave();
      await send(producer, [100, 200], handedOver);
      await left;
      await seen.until(() => second.owned().length === partitionCount);
      await send(producer, [200, 300]);
      await seen.until(() => new Set(seen.values).size === 300);
      await second.leave();
    });
    expect(seen.sorted).toEqual(Seen.numbered(0, 300));
  });
});

describe("transactions", () => {
  test("a read-committed reader sees what was committed, and nothing of what was aborted", async () => {
    const topic = "payments";
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await withProducer(transactional("payments-writer"), async (producer) => {
      for (const [value, end] of [
        ["kept-1", "commit"],
        ["dropped", "abort"],
        ["kept-2", "commit"],
        ["end", "commit"],
      ] as const) {
        const transaction = await producer.beginTransaction();
        await transaction.send({ messages: [{ topic, value }] });
        await transaction[end]();
      }
    });
    const committed = await readToEnd(topic);
    expect(committed.map(({ value }) => value)).toEqual(["kept-1", "kept-2"]);
    const all = await readToEnd(topic, FetchIsolationLevels.READ_UNCOMMITTED);
    expect(all.map(({ value }) => value)).toEqual(["kept-1", "dropped", "kept-2"]);
  });

  test("a read-committed reader waits for the end of an open transaction", async () => {
    const topic = "waiting";
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await withProducer(transactional("slow-writer"), async (producer) => {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic, value: "one" }] });
      const ends = (isolationLevel: 0 | 1) =>
        admin.listOffsets({
          isolationLevel,
          topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
        });
      expect((await ends(FetchIsolationLevels.READ_COMMITTED))[0].partitions[0].offset).toBe(0n);
      expect((await ends(FetchIsolationLevels.READ_UNCOMMITTED))[0].partitions[0].offset).toBe(1n);
      await transaction.send({ messages: [{ topic, value: "end" }] });
      await transaction.commit();
    });
    expect((await readToEnd(topic)).map(({ value }) => value)).toEqual(["one"]);
  });

  test("offsets are committed with their transaction, or not at all", async () => {
    await admin.createTopics({ topics: ["inputs", "outputs"], partitions: 1, replicas: 1 });
    await withProducer(transactional("pipeline"), async (producer) => {
      const inputs = ["one", "two", "three"].map((value) => ({ topic: "inputs", value }));
      await withProducer({}, (plain) => plain.send({ messages: inputs }));
      const consumer = newConsumer("pipeline");
      const stream = await consumer.consume({
        topics: ["inputs"],
        mode: "earliest",
        autocommit: false,
      });
      for await (const message of stream) {
        const transaction = await producer.beginTransaction();
        await transaction.addConsumer(consumer);
        await transaction.send({ messages: [{ topic: "outputs", value: message.value }] });
        await transaction.addOffset(message);
        await (message.value === "two" ? transaction.commit() : transaction.abort());
        const [offset] =
          (
            await consumer.listCommittedOffsets({ topics: [{ topic: "inputs", partitions: [0] }] })
          ).get("inputs") ?? [];
        expect(offset).toBe(message.value === "one" ? -1n : 2n);
        if (message.value === "three") break;
      }
      await stream.close();
      await consumer.close(true);
    });
  });
});

test("admin: topics, partitions, configs, offsets, groups", async () => {
  const topic = "administered";
  const configs = [{ name: "retention.ms", value: "86400000" }];
  const [created] = await admin.createTopics({
    topics: [topic],
    partitions: 2,
    replicas: 1,
    configs,
  });
  expect(created).toMatchObject({ name: topic, partitions: 2, replicas: 1 });
  expect(await admin.listTopics()).toContain(topic);
  await expect(admin.createTopics({ topics: [topic] })).rejects.toThrow();
  await admin.createPartitions({ topics: [{ name: topic, count: 3, assignments: null }] });
  const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
  expect(metadata.topics.get(topic)?.partitionsCount).toBe(3);

  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic };
  await admin.incrementalAlterConfigs({
    resources: [
      { ...resource, configs: [{ name: "retention.ms", configOperation: 0, value: "3600000" }] },
    ],
  });
  const [description] = await admin.describeConfigs({
    resources: [{ ...resource, configurationKeys: ["retention.ms"] }],
  });
  expect(description.configs).toMatchObject([{ name: "retention.ms", value: "3600000" }]);

  const messages = ["0", "1", "2", "end"].map((value) => ({ topic, partition: 0, value }));
  await withProducer({}, (producer) => producer.send({ messages }));
  const deleted = await admin.deleteRecords({
    topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }],
  });
  expect(deleted[0].partitions).toEqual([{ partition: 0, lowWatermark: 2n }]);
  expect((await readToEnd(topic)).map(({ value }) => value)).toEqual(["2"]);

  const groupId = `readers-of-${topic}`;
  await admin.alterConsumerGroupOffsets({
    groupId,
    topics: [{ name: topic, partitionOffsets: [{ partition: 0, offset: 3n }] }],
  });
  const [{ topics }] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
  expect(topics[0].partitions).toMatchObject([{ partitionIndex: 0, committedOffset: 3n }]);
  expect([...(await admin.listGroups()).keys()]).toContain(groupId);
  expect((await admin.describeGroups({ groups: [groupId] })).get(groupId)?.state).toBe("Empty");
  await admin.deleteGroups({ groups: [groupId] });
  expect([...(await admin.listGroups()).keys()]).not.toContain(groupId);

  await admin.deleteTopics({ topics: [topic] });
  expect(await admin.listTopics()).not.toContain(topic);
});
