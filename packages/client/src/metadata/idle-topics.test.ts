import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import type { Decoded } from "@millrace/protocol";
import {
  fetchApi,
  initProducerIdApi,
  listOffsetsApi,
  produceApi,
  type metadataRequest,
} from "@millrace/protocol/definitions";
import { encodeUtf8, noHeaders } from "@millrace/model";
import { expect, test } from "vitest";
import { answerOf } from "../../test-support/produce-scene.ts";
import { ProducerLog } from "../../test-support/producer-log.ts";
import { ScriptedBroker, scriptedCluster } from "../../test-support/scripted-broker.ts";
import { addressName } from "../connection/bootstrap-servers.ts";
import { connect, type KafkaClient } from "../kafka-client.ts";

interface Scene {
  readonly platform: VirtualMemoryPlatform;
  readonly client: KafkaClient;
  /** The cluster has the topic no more. */
  readonly deleteTopic: () => void;
  /** How often the topic is asked for within half an hour that begins in half an hour. */
  readonly askedLater: () => Promise<number>;
}

const minuteMs = 60_000;

async function play(story: (scene: Scene) => Promise<void>): Promise<void> {
  const platform = memoryPlatform();
  const cluster = scriptedCluster([{ name: "t", topicId: "AAAAAAAAAAAAAAAAAAAABA", leaders: [1] }]);
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  const log = new ProducerLog();
  const partition = { partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 0 };
  broker.on(listOffsetsApi, () => ({ topics: [{ name: "t", partitions: [partition] }] }));
  broker.on(fetchApi, async ({ maxWaitMs }) => {
    await platform.timers.sleep(maxWaitMs);
    return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses: [] };
  });
  broker.on(initProducerIdApi, () => ({
    throttleTimeMs: 0,
    errorCode: 0,
    producerId: 7,
    producerEpoch: 0,
  }));
  broker.on(produceApi, (body) => answerOf(body, (_, records) => log.append(records)));
  const client = connect(platform, { bootstrapServers: addressName(broker.address) });
  const askedLater = async (): Promise<number> => {
    await platform.timers.sleep(30 * minuteMs);
    const before = broker.of("Metadata").length;
    await platform.timers.sleep(30 * minuteMs);
    return broker
      .of("Metadata")
      .slice(before)
      .map(({ body }) => body as Decoded<typeof metadataRequest>)
      .filter(({ topics }) => topics?.some(({ name }) => name === "t") === true).length;
  };
  const deleteTopic = (): void => void cluster.topics.delete("t");
  await platform.until(
    (async () => {
      await story({ platform, client, deleteTopic, askedLater });
      await client.close();
    })(),
  );
}

test.each(["is there", "was deleted"])(
  "a topic that an admin asked about, and that %s, is not asked for any more",
  (fate) =>
    play(async ({ client, deleteTopic, askedLater }) => {
      await client.admin.listOffsets([{ topic: "t", partition: 0, at: "latest" }]);
      if (fate === "was deleted") deleteTopic();
      expect(await askedLater()).toBe(0);
    }),
);

test("nor is one whose consumer is closed, or that was never there", () =>
  play(async ({ platform, client, deleteTopic, askedLater }) => {
    const consumer = client.consumer({ topics: ["t"], autoOffsetReset: "earliest" });
    const reading = (async () => {
      for await (const _ of consumer);
    })();
    await platform.timers.sleep(1000);
    await consumer.close();
    await reading;
    deleteTopic();
    await client
      .producer()
      .send({ topic: "t2", value: "v" })
      .catch(() => {});
    expect(await askedLater()).toBe(0);
  }));

test("one that an open consumer waits for is asked for as long as it is open", () =>
  play(async ({ client, deleteTopic, askedLater }) => {
    deleteTopic();
    const consumer = client.consumer({ topics: ["t"], autoOffsetReset: "earliest" });
    const reading = (async () => {
      for await (const _ of consumer);
    })();
    expect(await askedLater()).toBeGreaterThan(100);
    await consumer.close();
    await reading;
  }));

test("one that a reader is assigned is asked for until it is unassigned", () =>
  play(async ({ client, askedLater }) => {
    const reader = client.openReader({ isolation: "read_committed" });
    reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
    expect(await askedLater()).toBeGreaterThan(4);
    reader.unassign([{ topic: "t", partition: 0 }]);
    expect(await askedLater()).toBe(0);
  }));

test("one that a writer was prepared for stays known until it is closed", () =>
  play(async ({ platform, client, askedLater }) => {
    const writer = client.openWriter({});
    await writer.prepare(["t"]);
    await platform.timers.sleep(60 * minuteMs);
    expect(writer.partitionCount("t")).toBe(1);
    writer.partition("t", 0).append(0, null, encodeUtf8("a"), noHeaders);
    expect(await writer.flush()).toMatchObject([{ endOffset: 1 }]);
    await writer.close();
    expect(await askedLater()).toBe(0);
  }));

test("an idle producer finds its topic again", () =>
  play(async ({ client, askedLater }) => {
    const producer = client.producer();
    await producer.send({ topic: "t", value: "a" });
    expect(await askedLater()).toBe(0);
    expect(await producer.send({ topic: "t", value: "b" })).toMatchObject({ offset: 1 });
  }));
