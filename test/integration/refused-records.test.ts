import { Broker } from "@millrace/broker";
import { connect, type KafkaClient } from "@millrace/client";
import { decodeUtf8, encodeUtf8, noHeaders, type Timestamp } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** What a broker refuses for good, and what becomes of its neighbours: the bundled broker and the client. */
let platform: Platform;
let broker: Broker;
let client: KafkaClient;

beforeAll(async () => {
  const { clock, timers } = nodePlatform();
  platform = memoryPlatform({ clock, timers });
  broker = await Broker.start(platform, { dataDirectory: "/data", port: 0, durability: "memory" });
  const { host, port } = broker.address;
  client = connect(platform, { bootstrapServers: `${host}:${port}` });
  await client.admin.createTopics([
    { name: "compacted", partitionCount: 1, configs: { "cleanup.policy": "compact" } },
    { name: "small", partitionCount: 1, configs: { "max.message.bytes": "500" } },
    { name: "timely", partitionCount: 1, configs: { "message.timestamp.after.max.ms": "1000" } },
  ]);
});

afterAll(async () => {
  await client.close();
  await broker.close();
});

async function readAll(topic: string, count: number): Promise<readonly string[]> {
  const reader = client.openReader({ isolation: "read_committed" });
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const values: string[] = [];
  for (let turn = 0; values.length < count && turn < 20; turn++)
    for (const batch of await reader.poll({ waitMsMax: 200 })) {
      while (batch.next()) values.push(decodeUtf8(batch.value ?? new Uint8Array()));
      batch.release();
    }
  await reader.close();
  return values;
}

describe("a broker that refuses records", () => {
  test.each([
    ["compacted", { value: "bad" }, "WRITE_REFUSED"],
    ["small", { key: "k", value: "bad".repeat(300) }, "RECORD_TOO_LARGE"],
    ["timely", { key: "k", value: "bad", timestamp: 4e12 }, "WRITE_REFUSED"],
  ])("of %s has refused those alone", async (topic, bad, code) => {
    const producer = client.producer();
    const sends = ["1", "2", "bad", "3"].map((value) =>
      producer.send(value === "bad" ? { topic, ...bad } : { topic, key: "k", value }),
    );
    const outcomes = await Promise.allSettled(sends);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(outcomes[2]).toMatchObject({ reason: { code, retriable: false } });
    await producer.close();
    expect(await readAll(topic, 3)).toEqual(["1", "2", "3"]);
  });

  test("leaves the rest of the transaction whole, batch after batch", async () => {
    const topic = "in-transaction";
    const configs = { "cleanup.policy": "compact" };
    await client.admin.createTopics([{ name: topic, partitionCount: 1, configs }]);
    const refused: number[] = [];
    const writer = client.openWriter({
      transactionalId: "leaves-out",
      batchBytesMax: 200,
      lingerMs: 0,
      onRefused: ({ records }) => {
        refused.push(...records.map(({ appendIndex }) => appendIndex));
        return "continue";
      },
    });
    await writer.prepare([topic]);
    await writer.initialize();
    const expected: string[] = [];
    const now: Timestamp = platform.clock.wallMs();
    const appender = writer.partition(topic, 0);
    for (let transaction = 0; transaction < 5; transaction++) {
      writer.begin();
      for (let index = 0; index < 100; index++) {
        const value = `${transaction}-${index}`;
        // In the first place of a transaction, too.
        const isBad = index % 17 === transaction;
        if (!isBad) expected.push(value);
        appender.append(now, isBad ? null : encodeUtf8(value), encodeUtf8(value), noHeaders);
      }
      await writer.commit();
    }
    await writer.close();
    expect(await readAll(topic, expected.length)).toEqual(expected);
    expect(refused.length).toBe(500 - expected.length);
  });
});
