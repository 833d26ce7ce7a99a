import { errorCodeOf } from "@millrace/protocol";
import { deleteTopicsApi, fetchApi, metadataApi } from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { LogStorageError, ReadMemory } from "@millrace/log";
import { silentLogger } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { describe, expect, test } from "vitest";
import { runWorld } from "../../test-support/broker-world.ts";
import { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";
import { Durability } from "../partition/durability.ts";
import { Partitions } from "../partition/partitions.ts";
import { Turns } from "../server/turns.ts";
import { UnreadAnswers } from "../server/unread-answers.ts";
import { seenOf, waitForRecords } from "./delayed-fetch.ts";
import { readPartitions } from "./read-partition.ts";

const longMs = 60_000;

const targetOf = (partition: number, fetchOffset = 0) => ({
  partition,
  fetchOffset,
  partitionMaxBytes: 1_000_000,
});

const deleteTopic = (client: TestClient, name: string) =>
  client.ask(deleteTopicsApi, 6, { topics: [{ name, topicId: zeroUuid }], timeoutMs: 1000 });

describe("a fetch that waits is told at once", () => {
  test("that the topic was deleted, by name", () =>
    withClient(async ({ client, platform }) => {
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      await client.createTopic("orders", 2);
      const startMs = platform.clock.monotonicMs();
      const asked = client.fetch("orders", 0, longMs);
      await platform.timers.sleep(10);
      await deleteTopic(other, "orders");
      expect((await asked)?.errorCode).toBe(errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"));
      expect(platform.clock.monotonicMs() - startMs).toBeLessThan(1000);
    }));

  test("that the topic was deleted, and made anew, by id", () =>
    withClient(async ({ client, platform }) => {
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      await client.createTopic("orders");
      const metadata = await client.ask(metadataApi, 12, { topics: [{ name: "orders" }] });
      const topicId = metadata?.topics[0].topicId ?? "";
      const startMs = platform.clock.monotonicMs();
      const asked = client.ask(fetchApi, 13, {
        maxWaitMs: longMs,
        minBytes: 1,
        topics: [{ topicId, partitions: [targetOf(0)] }],
      });
      await platform.timers.sleep(10);
      await Promise.all([deleteTopic(other, "orders"), other.createTopic("orders")]);
      const { errorCode } = (await asked)?.responses[0].partitions[0] ?? {};
      expect(errorCode).toBe(errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"));
      expect(platform.clock.monotonicMs() - startMs).toBeLessThan(1000);
    }));

  test("that the device failed", () =>
    withClient(async ({ client, platform, gate }) => {
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      await client.createTopic("orders");
      const startMs = platform.clock.monotonicMs();
      const asked = client.fetch("orders", 0, longMs);
      await platform.timers.sleep(10);
      gate.breakSyncs();
      await other.createTopic("lines");
      expect((await asked)?.errorCode).toBe(errorCodeOf("KAFKA_STORAGE_ERROR"));
      expect(platform.clock.monotonicMs() - startMs).toBeLessThan(1000);
    }));

  test("that another reader has found a damage", () =>
    runWorld({}, async ({ platform, start }) => {
      const first = await start();
      await first.client.createTopic("orders");
      for (const value of ["a", "b", "c"]) await first.client.produce("orders", [value]);
      await first.broker.close();
      const log = platform.fileSystem.open("/data/orders-0/00000000000000000000.log", "readWrite");
      const size = log.sizeBytes() / 3;
      log.write([new Uint8Array([0xff])], size + size - 1);
      log.close();
      const { broker, client } = await start();
      const other = await TestClient.connect(platform, broker.address);
      const startMs = platform.clock.monotonicMs();
      const asked = client.fetch("orders", 3, longMs);
      await platform.timers.sleep(10);
      await other.fetch("orders", 0);
      expect((await asked)?.errorCode).toBe(errorCodeOf("CORRUPT_MESSAGE"));
      expect(platform.clock.monotonicMs() - startMs).toBeLessThan(1000);
      await broker.close();
    }));
});

const topicOf = (topicId: string) => ({
  name: "orders",
  topicId,
  partitionCount: 2,
  properties: new Map(),
});
const first = topicOf("AAAAAAAAAAAAAAAAAAAAAQ");
const second = topicOf("AAAAAAAAAAAAAAAAAAAAAg");

/** What a fetch of two partitions is told that are changed between its first reading and its waiting. */
async function toldAfter(
  change: (partitions: Partitions) => void,
  topicId = first.topicId,
): Promise<{ readonly codes: readonly number[]; readonly waitedMs: number }> {
  const platform = memoryPlatform();
  const partitions = new Partitions({
    logs: {
      open: () => Promise.resolve(undefined),
      create: (request) => {
        throw new LogStorageError("WRITE_FAILED", `${request.topic} is not written here`);
      },
      isMade: () => false,
      remove: () => Promise.resolve(),
      removed: () => Promise.resolve(),
    },
    durability: new Durability("memory", platform.timers, () => {}),
    logger: silentLogger,
    leaderEpoch: 1,
    configOf: () => ({}),
    topicOf: () => first,
  });
  partitions.add(first);
  const turns = new Turns(platform);
  const limits = { isCommittedOnly: false, maxBytes: 1000, minBytes: 1 };
  const targets = [0, 1].map((partition) => ({
    topic: "orders",
    topicId,
    partition,
    fetchOffset: 0,
    maxBytes: 1000,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
  }));
  const unread = new UnreadAnswers(1_000_000, () => {});
  const world = { partitions, turns, readMemory: new ReadMemory(), unread };
  const found = await readPartitions(world, targets, limits);
  const seen = found.map((one) => seenOf(one, world));
  change(partitions);
  const { signal } = new AbortController();
  const options = {
    ...world,
    platform,
    targets,
    seen,
    limits,
    maxWaitMs: longMs,
    signal,
  };
  const fetched = await platform.until(waitForRecords(options));
  return {
    codes: (fetched ?? []).map(({ response }) => response.errorCode),
    waitedMs: platform.clock.monotonicMs(),
  };
}

describe("a fetch that read over several turns is told at once", () => {
  test("that a partition went offline meanwhile", async () => {
    const failure = new LogStorageError("LOG_UNUSABLE", "its folder is gone");
    const told = await toldAfter((partitions) => partitions.find("orders", 1)?.fail(failure));
    expect(told).toEqual({ codes: [0, errorCodeOf("KAFKA_STORAGE_ERROR")], waitedMs: 0 });
  });

  test("that the topic was deleted meanwhile", async () => {
    const unknown = errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION");
    const told = await toldAfter((partitions) => void partitions.removeTopics([first]));
    expect(told).toEqual({ codes: [unknown, unknown], waitedMs: 0 });
  });

  test("that the topic with its id was deleted, and one of its name made", async () => {
    const inconsistent = errorCodeOf("INCONSISTENT_TOPIC_ID");
    const told = await toldAfter((partitions) => {
      void partitions.removeTopics([first]);
      partitions.add(second);
    });
    expect(told).toEqual({ codes: [inconsistent, inconsistent], waitedMs: 0 });
  });

  test("nothing where the names were asked for", async () => {
    const told = await toldAfter((partitions) => {
      void partitions.removeTopics([first]);
      partitions.add(second);
    }, zeroUuid);
    expect(told).toEqual({ codes: [0, 0], waitedMs: longMs });
  });
});
