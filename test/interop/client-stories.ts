import {
  type Consumer,
  type ConsumerRecord,
  connect,
  type KafkaClient,
  type ProducerRecord,
} from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Seen } from "./seen.ts";

/** What every cluster must let our client do; `address` is asked once the cluster is there. */
export function clientStories(address: () => string): void {
  let client: KafkaClient;

  beforeAll(() => {
    client = connectTo(address());
  });

  afterAll(() => client.close());

  recordStories(() => client);
  groupStories(() => client, address);
  transactionStories(() => client);
  adminStories(() => client);
}

type ClientOf = () => KafkaClient;

function connectTo(bootstrapServers: string): KafkaClient {
  return connect(nodePlatform({ logLevel: "error" }), {
    bootstrapServers,
    codecs: nodeCompression,
  });
}

async function createTopic(client: KafkaClient, name: string, partitionCount = 1): Promise<void> {
  const results = await client.admin.createTopics([{ name, partitionCount }]);
  expect(results).toEqual([{ name, error: undefined }]);
}

/** All of a topic, until a record with the value `end` comes. */
async function readToEnd(
  client: KafkaClient,
  topic: string,
  isolation: "read_committed" | "read_uncommitted" = "read_committed",
): Promise<readonly ConsumerRecord[]> {
  await using consumer = client.consumer({
    topics: [topic],
    autoOffsetReset: "earliest",
    isolationLevel: isolation,
  });
  const records: ConsumerRecord[] = [];
  for await (const record of consumer) {
    if (textOf(record.value) === "end") break;
    records.push(record);
  }
  return records;
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function valuesOf(records: readonly ConsumerRecord[]): readonly (string | null)[] {
  return records.map(({ value }) => textOf(value));
}

function recordStories(clientOf: ClientOf): void {
  describe("records", () => {
    test.each(["none", "gzip", "zstd"] as const)(
      "%s batches come back with keys, headers, timestamps and nulls",
      async (compression) => {
        const client = clientOf();
        const topic = `records-${compression}`;
        await createTopic(client, topic);
        const timestamp = 1_700_000_000_000;
        const sent: readonly ProducerRecord[] = [
          { topic, timestamp, key: "a", value: "one", headers: { source: "till", none: null } },
          { topic, timestamp, key: null, value: "ключ", headers: {} },
          { topic, timestamp, key: "a", value: null, headers: {} },
        ];
        await using producer = client.producer({ compression });
        const results = await Promise.all(sent.map((record) => producer.send(record)));
        expect(results.map(({ offset }) => offset)).toEqual([0, 1, 2]);
        await producer.send({ topic, value: "end" });
        const read = await readToEnd(client, topic);
        expect(
          read.map(({ key, value, headers, ...rest }) => ({
            topic: rest.topic,
            timestamp: rest.timestamp,
            key: textOf(key),
            value: textOf(value),
            headers: Object.fromEntries(headers.map(([name, bytes]) => [name, textOf(bytes)])),
          })),
        ).toEqual(sent);
      },
    );

    test("a partition keeps the order of its records", async () => {
      const client = clientOf();
      await createTopic(client, "ordered", 1);
      const sent = Seen.numbered(0, 2000);
      await using producer = client.producer({ batchBytesMax: 1024 });
      for (const value of [...sent, "end"]) void producer.send({ topic: "ordered", value });
      await producer.flush();
      expect(valuesOf(await readToEnd(client, "ordered"))).toEqual(sent);
    });
  });
}

function groupStories(clientOf: ClientOf, address: () => string): void {
  describe("a group of two", () => {
    const topic = "shared-work";
    const partitionCount = 4;

    interface Member {
      readonly consumer: Consumer;
      /** Ends with the consumer. */
      readonly done: Promise<void>;
    }

    function join(client: KafkaClient, name: string, seen: Seen): Member {
      const consumer = client.consumer({
        groupId: "workers",
        topics: [topic],
        autoOffsetReset: "earliest",
        heartbeatInterval: 100,
      });
      const read = async (): Promise<void> => {
        for await (const { value } of consumer) seen.add(name, textOf(value) ?? "");
      };
      return { consumer, done: read() };
    }

    async function send(client: KafkaClient, from: number, to: number): Promise<void> {
      await using producer = client.producer();
      const values = Seen.numbered(from, to);
      await Promise.all(values.map((value) => producer.send({ topic, key: value, value })));
    }

    /** The group balances in the background: records are sent until both have had some. */
    async function sendUntil(
      client: KafkaClient,
      state: { sentCount: number; readonly seen: Seen },
      isReached: () => boolean,
    ): Promise<void> {
      while (!isReached()) {
        await send(client, state.sentCount, state.sentCount + 50);
        state.sentCount += 50;
        await state.seen.until(() => new Set(state.seen.values).size === state.sentCount);
      }
    }

    test("one leaves, the other takes over: nothing is lost, nothing comes twice", async () => {
      const client = clientOf();
      await createTopic(client, topic, partitionCount);
      const seen = new Seen();
      const state = { sentCount: 0, seen };
      // As two processes would: each with its own connections.
      await using firstClient = connectTo(address());
      const first = join(firstClient, "first", seen);
      const second = join(client, "second", seen);
      await sendUntil(client, state, () => seen.countOf("first") > 0 && seen.countOf("second") > 0);
      await sendUntil(client, state, () => second.consumer.assignment.length === 2);

      const left = first.consumer.close();
      await send(client, state.sentCount, state.sentCount + 200);
      state.sentCount += 200;
      await Promise.all([left, first.done]);
      await sendUntil(client, state, () => second.consumer.assignment.length === partitionCount);
      await seen.until(() => new Set(seen.values).size === state.sentCount);
      await second.consumer.close();
      await second.done;
      expect(seen.sorted).toEqual(Seen.numbered(0, state.sentCount));
    });
  });
}

function transactionStories(clientOf: ClientOf): void {
  const dropped = new Error("dropped");

  describe("transactions", () => {
    test("a read-committed reader sees what was committed, and nothing of what was aborted", async () => {
      const client = clientOf();
      const topic = "payments";
      await createTopic(client, topic);
      await using producer = client.producer({ transactionalId: "payments-writer" });
      for (const value of ["kept-1", "dropped", "kept-2", "end"]) {
        const sent = producer.transaction(async () => {
          await producer.send({ topic, value });
          if (value === "dropped") throw dropped;
        });
        if (value === "dropped") await expect(sent).rejects.toBe(dropped);
        else await sent;
      }
      expect(valuesOf(await readToEnd(client, topic))).toEqual(["kept-1", "kept-2"]);
      expect(valuesOf(await readToEnd(client, topic, "read_uncommitted"))).toEqual([
        "kept-1",
        "dropped",
        "kept-2",
      ]);
    });

    test("a producer that takes over aborts what the one before left open, and fences it", async () => {
      const client = clientOf();
      const topic = "taken-over";
      await createTopic(client, topic);
      await using older = client.producer({ transactionalId: "one-writer" });
      await using newer = client.producer({ transactionalId: "one-writer" });
      const fenced = older.transaction(async () => {
        await older.send({ topic, value: "of the older one" });
        await newer.transaction(async () => {
          await newer.send({ topic, value: "of the newer one" });
        });
        await older.send({ topic, value: "too late" });
      });
      await expect(fenced).rejects.toMatchObject({ code: "WRITER_FENCED" });
      await newer.transaction(async () => {
        await newer.send({ topic, value: "end" });
      });
      expect(valuesOf(await readToEnd(client, topic))).toEqual(["of the newer one"]);
    });

    test("offsets of a group are committed with their transaction, or not at all", async () => {
      const client = clientOf();
      const [topic, target] = ["inputs", "outputs"];
      await createTopic(client, topic);
      await createTopic(client, target);
      await using inputs = client.producer();
      for (const value of ["one", "two", "three"]) await inputs.send({ topic, value });

      /** Handles the records that are not handled yet, one by one, and fails at `failAt`. */
      const work = async (failAt: string): Promise<readonly (string | null)[]> => {
        await using producer = client.producer({ transactionalId: "pipeline" });
        await using consumer = client.consumer({
          groupId: "pipeline",
          topics: [topic],
          autoOffsetReset: "earliest",
          autoCommitInterval: 0,
        });
        const handled: (string | null)[] = [];
        for await (const { value, partition, offset } of consumer) {
          handled.push(textOf(value));
          const sent = producer.transaction(async () => {
            await producer.send({ topic: target, value });
            await producer.sendOffsets(
              [{ topic, partition, offset: offset + 1 }],
              consumer.groupMetadata,
            );
            if (textOf(value) === failAt) throw dropped;
          });
          const failure = await sent.then(
            () => undefined,
            (error: unknown) => error,
          );
          if (failure !== undefined) expect(failure).toBe(dropped);
          if (failure !== undefined || textOf(value) === "three") break;
        }
        return handled;
      };
      expect(await work("two")).toEqual(["one", "two"]);
      expect(await work("never")).toEqual(["two", "three"]);
      await inputs.send({ topic: target, value: "end" });
      expect(valuesOf(await readToEnd(client, target))).toEqual(["one", "two", "three"]);
    });
  });
}

function adminStories(clientOf: ClientOf): void {
  test("admin: topics, offsets, deletion of records, groups", async () => {
    const client = clientOf();
    const { admin } = client;
    const topic = "administered";
    await createTopic(client, topic, 2);
    const [again] = await admin.createTopics([{ name: topic, partitionCount: 2 }]);
    expect(again.error).toBeDefined();
    expect((await admin.describeTopics([topic, "nowhere"])).get(topic)?.partitionCount).toBe(2);
    expect((await admin.listTopics()).map(({ name }) => name)).toContain(topic);

    await using producer = client.producer();
    for (const value of ["0", "1", "2"]) await producer.send({ topic, partition: 0, value });
    await admin.deleteRecords([{ topic, partition: 0, offset: 2 }]);
    const at = (where: "earliest" | "latest") =>
      admin.listOffsets([{ topic, partition: 0, at: where }]);
    expect(await at("earliest")).toMatchObject([{ offset: 2 }]);
    expect(await at("latest")).toMatchObject([{ offset: 3 }]);

    const groupId = "administrated-group";
    const consumer = client.consumer({ groupId, topics: [topic], autoOffsetReset: "earliest" });
    for await (const { value } of consumer) {
      expect(textOf(value)).toBe("2");
      break;
    }
    expect((await admin.describeGroup(groupId)).members).toHaveLength(1);
    await consumer.close();
    expect((await admin.listGroups()).map((group) => group.groupId)).toContain(groupId);
    await admin.deleteGroup(groupId);
    await admin.deleteTopics([topic]);
    // A broker hears of it a little after the controller has answered.
    await expect.poll(async () => (await admin.describeTopics([topic])).has(topic)).toBe(false);
  });
}
