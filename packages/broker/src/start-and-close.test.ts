import { FileSystemError } from "@millrace/platform";
import {
  deleteRecordsApi,
  describeProducersApi,
  describeTopicPartitionsApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetForLeaderEpochApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { brokerWorld, runWorld } from "../test-support/broker-world.ts";
import { TestClient } from "../test-support/test-client.ts";
import { withMembers } from "../test-support/with-members.ts";
import { Broker } from "./index.ts";

const offsetsTopic = "__consumer_offsets";

describe("a start that fails", () => {
  test("once the listener is open closes it, and gives the directory free", async () => {
    const { platform, start } = brokerWorld();
    await platform.until(
      (async () => {
        const fileSystem = withMembers(platform.fileSystem, {
          lock: async (path) => {
            const lock = await platform.fileSystem.lock(path);
            return withMembers(lock, {
              setNote: () => {
                throw new FileSystemError("DISK_FULL", path, "the disk is full");
              },
            });
          },
        });
        const failing = Broker.start(
          { ...platform, fileSystem },
          { dataDirectory: "/data", port: 9092 },
        );
        await expect(failing).rejects.toMatchObject({ code: "DISK_FULL" });
        await expect(
          platform.network.connect({ host: "127.0.0.1", port: 9092 }),
        ).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
        await (await start()).broker.close();
      })(),
    );
  });

  test("because the disk is full leaves no file open and nothing working", () =>
    runWorld({}, async ({ platform, gate, start }) => {
      gate.fullFor = /__cluster_metadata-0/;
      await expect(start()).rejects.toMatchObject({ code: "DISK_FULL" });
      await platform.timers.sleep(10_000);
      expect(gate.openCount).toBe(0);
      gate.fullFor = undefined;
      const { broker, client } = await start();
      await client.createTopic("orders");
      expect(await client.produce("orders", ["a"])).toMatchObject({ errorCode: 0 });
      await broker.close();
    }));
});

describe("a start that is given up", () => {
  test("while logs are opened opens no more, gives the directory free, and loses nothing", () =>
    runWorld({}, async ({ platform, gate, start, files }) => {
      const first = await start();
      const topics = Array.from({ length: 100 }, (_, number) => `topic-${number}`);
      for (const topic of topics) await first.client.createTopic(topic);
      for (const topic of topics) await first.client.produce(topic, [topic]);
      await first.broker.close();
      platform.fileSystem.remove("/data/.kafka_cleanshutdown"); // as if it had been killed
      for (const suffix of ["", ".copy"])
        platform.fileSystem.remove(`/data/recovery-point-offset-checkpoint${suffix}`);
      for (const topic of topics)
        platform.fileSystem.remove(`/data/${topic}-0/00000000000000000000.checksum`);
      const stop = new AbortController();
      const opened = new Set<string>();
      const fileSystem = withMembers(platform.fileSystem, {
        open: (path, mode) => {
          const [, topic] = /(topic-\d+)-0\/\d+\.log$/.exec(path) ?? [];
          if (topic !== undefined) opened.add(topic);
          if (opened.size === 2) stop.abort(new Error("no more"));
          return platform.fileSystem.open(path, mode);
        },
      });
      const starting = Broker.start(
        { ...platform, fileSystem },
        { dataDirectory: "/data", port: 9092, reserveBytes: 0, signal: stop.signal },
      );
      await expect(starting).rejects.toThrow("no more");
      expect(opened.size).toBeLessThan(topics.length / 2);
      expect(gate.openCount).toBe(0);
      expect(files.names("/data")).not.toContain(".kafka_cleanshutdown");
      const { broker, client } = await start();
      expect(await client.produce("topic-99", ["more"])).toMatchObject({ baseOffset: 1 });
      await broker.close();
    }));

  test("before it began makes nothing", async () => {
    const { platform } = brokerWorld();
    const options = { dataDirectory: "/data", port: 9092, signal: AbortSignal.abort() };
    await expect(platform.until(Broker.start(platform, options))).rejects.toThrow("aborted");
    expect(platform.fileSystem.stat("/data")).toBeUndefined();
  });
});

describe("a close", () => {
  test("waits for a topic that is being made without anybody's waiting, and begins nothing after", () =>
    runWorld({}, async ({ platform, gate, start }) => {
      const { broker, client } = await start();
      gate.shut();
      await client.ask(metadataApi, 12, {
        topics: [{ name: "late" }],
        allowAutoTopicCreation: true,
      });
      await platform.timers.sleep(10);
      let isClosed = false;
      const closing = broker.close().then(() => (isClosed = true));
      await platform.timers.sleep(100);
      expect(isClosed).toBe(false);
      gate.open();
      await closing;
      expect(gate.openCount).toBe(0);
      const names = platform.fileSystem.list("/data");
      await platform.timers.sleep(10_000);
      expect(platform.fileSystem.list("/data")).toEqual(names);
      expect(gate.openCount).toBe(0);
    }));

  test("waits for the checkpoint that is being written", () =>
    runWorld({}, async ({ platform, gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      await client.produce("orders", ["a"]);
      gate.shut();
      await platform.timers.sleep(1500);
      let isClosed = false;
      const closing = broker.close().then(() => (isClosed = true));
      await platform.timers.sleep(100);
      expect(isClosed).toBe(false);
      gate.open();
      await closing;
    }));
});

describe("a partition of the coordinators' topics that was never written", () => {
  const story = (ask: (client: TestClient) => Promise<unknown>) =>
    runWorld({}, async ({ files, start }) => {
      const { broker, client } = await start();
      await ask(client);
      expect(files.names("/data").filter((name) => name.startsWith(offsetsTopic))).toEqual([]);
      await broker.close();
    });

  test("has a leader in Metadata and DescribeTopicPartitions", () =>
    story(async (client) => {
      const metadata = await client.ask(metadataApi, 12, { topics: [{ name: offsetsTopic }] });
      for (const partition of metadata?.topics[0].partitions ?? [])
        expect(partition).toMatchObject({ errorCode: 0, leaderId: 1, offlineReplicas: [] });
      const described = await client.ask(describeTopicPartitionsApi, 0, {
        topics: [{ name: offsetsTopic }],
        responsePartitionLimit: 100,
        cursor: null,
      });
      expect(described?.topics[0].partitions[0]).toMatchObject({ errorCode: 0, leaderId: 1 });
    }));

  test.each([-1, -2, -3, 1000])("answers ListOffsets with timestamp %i", (timestamp) =>
    story(async (client) => {
      const answer = await client.ask(listOffsetsApi, 7, {
        replicaId: -1,
        topics: [{ name: offsetsTopic, partitions: [{ partitionIndex: 0, timestamp }] }],
      });
      const offset = timestamp === -1 || timestamp === -2 ? 0 : -1;
      expect(answer?.topics[0].partitions[0]).toMatchObject({ errorCode: 0, offset });
    }),
  );

  test("answers Fetch, OffsetForLeaderEpoch, DescribeProducers and DeleteRecords as empty", () =>
    story(async (client) => {
      const fetched = await client.ask(fetchApi, 12, {
        maxWaitMs: 0,
        minBytes: 1,
        topics: [
          {
            topic: offsetsTopic,
            partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }],
          },
        ],
      });
      expect(fetched?.responses[0].partitions[0]).toMatchObject({
        errorCode: 0,
        highWatermark: 0,
        logStartOffset: 0,
      });
      const epochs = await client.ask(offsetForLeaderEpochApi, 4, {
        replicaId: -2,
        topics: [
          {
            topic: offsetsTopic,
            partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }],
          },
        ],
      });
      expect(epochs?.topics[0].partitions[0]).toMatchObject({ errorCode: 0, endOffset: 0 });
      const producers = await client.ask(describeProducersApi, 0, {
        topics: [{ name: offsetsTopic, partitionIndexes: [0] }],
      });
      expect(producers?.topics[0].partitions[0]).toMatchObject({
        errorCode: 0,
        activeProducers: [],
      });
      const deleted = await client.ask(deleteRecordsApi, 2, {
        timeoutMs: 1000,
        topics: [{ name: offsetsTopic, partitions: [{ partitionIndex: 0, offset: 0 }] }],
      });
      expect(deleted?.topics[0].partitions[0].errorCode).not.toBe(6);
    }));

  test("BROKER-11: wakes a fetch that waits for it once it is written", () =>
    runWorld(
      {
        properties: {
          "offsets.topic.num.partitions": 1,
          "transaction.state.log.num.partitions": 1,
        },
      },
      async ({ platform, start }) => {
        const { broker, client } = await start();
        await client.createTopic("orders");
        const waiting = client.ask(fetchApi, 12, {
          maxWaitMs: 60_000,
          minBytes: 1,
          topics: [
            {
              topic: offsetsTopic,
              partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }],
            },
          ],
        });
        await platform.timers.sleep(10);
        const other = await TestClient.connect(platform, broker.address);
        const before = platform.clock.monotonicMs();
        expect(await other.commitOffset("group", "orders", 1)).toBe(0);
        expect((await waiting)?.responses[0].partitions[0].highWatermark).toBe(1);
        expect((await waiting)?.responses[0].partitions[0].highWatermark).toBe(1);
        expect(platform.clock.monotonicMs() - before).toBeLessThan(1000);
        await broker.close();
      },
    ));
});
