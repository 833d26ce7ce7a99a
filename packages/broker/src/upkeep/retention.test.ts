import { deleteRecordsApi, listOffsetsApi } from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { brokerWorld, runWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";

const folder = "/data/orders-0";

async function logStart(client: TestClient): Promise<number | undefined> {
  const response = await client.ask(listOffsetsApi, 7, {
    replicaId: -1,
    topics: [{ name: "orders", partitions: [{ partitionIndex: 0, timestamp: -2 }] }],
  });
  return response?.topics[0].partitions[0].offset;
}

/** A broker whose records are of 2023, and what a test does with it. */
async function run(
  story: (world: ReturnType<typeof brokerWorld>, client: TestClient) => Promise<void>,
): Promise<void> {
  const world = brokerWorld({ properties: { "offsets.topic.num.partitions": 1 } });
  const work = async () => {
    const { broker, client } = await world.start();
    await story(world, client);
    await broker.close();
  };
  await world.platform.until(work());
}

const ageOf = (world: ReturnType<typeof brokerWorld>) =>
  world.platform.clock.wallMs() - 1_700_000_000_000;

describe("retention", () => {
  test("comes by after log.initial.task.delay.ms and takes what is too old", () =>
    run(async (world, client) => {
      const retentionMs = ageOf(world) + 20_000;
      await client.createTopic("orders", 1, { "retention.ms": String(retentionMs) });
      await client.produce("orders", ["a", "b"]);
      await world.platform.timers.sleep(29_000);
      expect(await logStart(client)).toBe(0);
      await world.platform.timers.sleep(2000);
      expect(await logStart(client)).toBe(2);
      expect(world.told).toContainEqual(
        expect.objectContaining({
          event: "broker.segments-removed",
          topic: "orders",
          segmentCount: 1,
          logStartOffset: 2,
        }),
      );
      // The files stay for a minute, and are gone then.
      expect(world.files.names(folder).some((name) => name.endsWith(".deleted"))).toBe(true);
      await world.platform.timers.sleep(62_000);
      expect(world.files.names(folder).some((name) => name.endsWith(".deleted"))).toBe(false);
      await client.produce("orders", ["c"]);
      expect(await client.endOffset("orders")).toBe(3);
    }));

  test("comes again every log.retention.check.interval.ms", () =>
    run(async (world, client) => {
      const retentionMs = ageOf(world) + 100_000;
      await client.createTopic("orders", 1, { "retention.ms": String(retentionMs) });
      await client.produce("orders", ["a"]);
      await world.platform.timers.sleep(329_000);
      expect(await logStart(client)).toBe(0);
      await world.platform.timers.sleep(2000);
      expect(await logStart(client)).toBe(1);
    }));

  test("leaves topics alone that keep all, are compacted, or are not as old", () =>
    run(async (world, client) => {
      await client.createTopic("orders", 1, { "retention.ms": "-1" });
      await client.produce("orders", ["a"]);
      await world.platform.timers.sleep(400_000);
      expect(await logStart(client)).toBe(0);
    }));

  test("that fails on one partition is told, and goes on with the others", () =>
    run(async (world, client) => {
      await client.createTopic("broken", 1, { "retention.ms": "1" });
      await client.createTopic("orders", 1, { "retention.ms": "1" });
      await client.produce("broken", ["a"]);
      await client.produce("orders", ["a"]);
      world.gate.resisting = /\/broken-0\//;
      await world.platform.timers.sleep(31_000);
      world.gate.resisting = undefined;
      expect(await logStart(client)).toBe(1);
      expect(world.told).toContainEqual(
        expect.objectContaining({ event: "broker.retention-failed", topic: "broken" }),
      );
    }));

  test("and a consumer that asks for what is gone is told so", () =>
    run(async (world, client) => {
      await client.createTopic("orders", 1, { "retention.ms": "1" });
      await client.produce("orders", ["a"]);
      const waiting = client.fetch("orders", 1, 60_000);
      await world.platform.timers.sleep(31_000);
      const deleted = await client.ask(deleteRecordsApi, 2, {
        topics: [{ name: "orders", partitions: [{ partitionIndex: 0, offset: 0 }] }],
        timeoutMs: 1000,
      });
      expect(deleted?.topics[0].partitions[0].lowWatermark).toBe(1);
      expect((await waiting)?.errorCode).toBe(0);
      expect((await client.fetch("orders", 0))?.errorCode).toBe(1);
    }));
});

test("offsets that nobody commits any more, and their group, go after offsets.retention.minutes", () =>
  runWorld(
    {
      properties: {
        "offsets.topic.num.partitions": 1,
        "offsets.retention.minutes": 2,
        "offsets.retention.check.interval.ms": 10_000,
      },
    },
    async (world) => {
      const { broker, client } = await world.start();
      await client.createTopic("orders");
      await client.commitOffset("readers", "orders", 0);
      const lags = async () =>
        (await broker.metrics()).filter(({ name }) => name === "kafka_consumergroup_lag").length;
      await world.platform.timers.sleep(119_000);
      expect(await lags()).toBe(1);
      await world.platform.timers.sleep(12_000);
      expect(await lags()).toBe(0);
      await broker.close();
    },
  ));
