import { BaseError } from "@millrace/model";
import {
  apiVersionsApi,
  deleteTopicsApi,
  fetchApi,
  initProducerIdApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { brokerWorld, runWorld } from "../test-support/broker-world.ts";
import { TestClient } from "../test-support/test-client.ts";
import { Broker, type BrokerOptions } from "./index.ts";

describe("durability", () => {
  test("BROKER-4: an append is neither acknowledged nor shown before it is durable", () =>
    runWorld({}, async ({ platform, gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      gate.shut();
      let acknowledged: unknown;
      const produced = client.produce("orders", ["a"]).then((answer) => (acknowledged = answer));
      await platform.timers.sleep(10);
      expect(acknowledged).toBeUndefined();
      gate.open();
      await produced;
      expect(acknowledged).toMatchObject({ errorCode: 0, baseOffset: 0 });
      expect((await client.fetch("orders", 0))?.highWatermark).toBe(1);
      await broker.close();
    }));

  test("appends of one turn share a sync", () =>
    runWorld({}, async ({ gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      const before = gate.syncCount;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => client.produce("orders", [`v${index}`])),
      );
      expect(answers.map((answer) => answer?.baseOffset)).toEqual(
        Array.from({ length: 50 }, (_, index) => index),
      );
      expect(gate.syncCount - before).toBeLessThan(10);
      await broker.close();
    }));

  test.each(["memory", "os"] as const)("level %s acknowledges without a sync", (durability) =>
    runWorld({ durability }, async ({ platform, gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      gate.shut();
      expect(await client.produce("orders", ["a"])).toMatchObject({ errorCode: 0 });
      gate.open();
      // The folder is new, and comes to the device in the background.
      await platform.timers.sleep(10);
      const before = gate.syncCount;
      expect(await client.produce("orders", ["b"])).toMatchObject({ errorCode: 0 });
      expect(gate.syncCount).toBe(before);
      await broker.close();
    }),
  );

  test("a failed sync acknowledges nothing, stops the broker's logs, and is told once", () => {
    const failures: Error[] = [];
    return runWorld({ onFailed: (failure) => failures.push(failure) }, async ({ gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      gate.breakSyncs();
      expect(await client.produce("orders", ["a"])).toMatchObject({ errorCode: 56 });
      expect(await client.produce("orders", ["b"])).toMatchObject({ errorCode: 56 });
      expect(failures).toHaveLength(1);
      await broker.close();
    });
  });

  test("a partition has no files before it is written, and a full disk refuses that until there is room", () =>
    runWorld({}, async ({ platform, gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders", 2);
      const folders = () =>
        platform.fileSystem.list("/data").filter((name) => name.startsWith("orders"));
      expect(folders()).toEqual([]);
      gate.fullFor = /orders-0.*log/;
      expect(await client.produce("orders", ["a"])).toMatchObject({ errorCode: 56 });
      expect(folders()).toEqual([]);
      expect(await client.endOffset("orders")).toBe(0);
      gate.fullFor = undefined;
      expect(await client.produce("orders", ["a"])).toMatchObject({ errorCode: 0, baseOffset: 0 });
      expect(folders()).toEqual(["orders-0"]);
      await broker.close();
    }));

  test("a coordinator whose log could not be made answers once there is room", () =>
    runWorld({}, async ({ gate, start }) => {
      const { broker, client } = await start();
      const ask = () =>
        client.ask(initProducerIdApi, 4, {
          transactionalId: "t",
          transactionTimeoutMs: 1000,
          producerId: -1,
          producerEpoch: -1,
        });
      gate.fullFor = /__transaction_state/;
      expect(await ask()).not.toMatchObject({ errorCode: 0 });
      gate.fullFor = undefined;
      expect(await ask()).toMatchObject({ errorCode: 0 });
      await broker.close();
    }));

  test("a full disk refuses records, serves readers, and goes on once there is room", () =>
    runWorld({ reserveBytes: 1000 }, async ({ platform, gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      await client.produce("orders", ["a"]);
      gate.freeBytes = 10;
      await platform.timers.sleep(2000);
      expect(await client.produce("orders", ["b"])).toMatchObject({ errorCode: 56 });
      expect((await client.fetch("orders", 0))?.highWatermark).toBe(1);
      gate.freeBytes = 10_000;
      await platform.timers.sleep(2000);
      expect(await client.produce("orders", ["b"])).toMatchObject({ errorCode: 0, baseOffset: 1 });
      await broker.close();
    }));
});

describe("a second start", () => {
  test("BROKER-6, BROKER-10, C17: finds topics and records, and raises the leader epoch", () =>
    runWorld({}, async ({ start }) => {
      const first = await start();
      const created = await first.client.createTopic("orders", 3, { "retention.ms": "77" });
      await first.client.produce("orders", ["a", "b"]);
      await first.broker.close();
      const second = await start();
      const metadata = await second.client.ask(metadataApi, 12, { topics: [{ name: "orders" }] });
      expect(metadata?.clusterId).toBe(first.broker.clusterId);
      expect(metadata?.topics[0]).toMatchObject({ topicId: created?.topics[0].topicId });
      expect(metadata?.topics[0].partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([
        1, 1, 1,
      ]);
      expect(await second.client.endOffset("orders")).toBe(2);
      await second.broker.close();
    }));

  test("C17: removes the folders of topics that were deleted", () =>
    runWorld({}, async ({ platform, start }) => {
      const first = await start();
      await first.client.createTopic("orders");
      await first.client.ask(deleteTopicsApi, 6, {
        topics: [{ name: "orders", topicId: "AAAAAAAAAAAAAAAAAAAAAA" }],
        timeoutMs: 1000,
      });
      expect(platform.fileSystem.list("/data")).not.toContain("orders-0");
      await first.broker.close();
      platform.fileSystem.makeDirectory("/data/ghost-0");
      const second = await start();
      expect(platform.fileSystem.list("/data")).not.toContain("ghost-0");
      await second.broker.close();
    }));

  test("BROKER-7, BROKER-8: finds the offsets that a group has committed, in a log made by the first commit", () =>
    runWorld({}, async ({ platform, start }) => {
      const first = await start();
      await first.client.createTopic("orders");
      expect(platform.fileSystem.list("/data").filter((name) => name.startsWith("__c"))).toEqual([
        "__cluster_metadata-0",
      ]);
      const topics = [
        {
          name: "orders",
          partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: "" }],
        },
      ];
      const commits = await Promise.all(
        [1, 2, 3].map(() =>
          first.client.ask(offsetCommitApi, 7, {
            groupId: "g",
            generationIdOrMemberEpoch: -1,
            memberId: "",
            topics,
          }),
        ),
      );
      expect(commits.map((commit) => commit?.topics[0].partitions[0].errorCode)).toEqual([0, 0, 0]);
      await first.broker.close();
      const second = await start();
      const fetched = await second.client.ask(offsetFetchApi, 5, {
        groupId: "g",
        topics: [{ name: "orders", partitionIndexes: [0] }],
      });
      expect(fetched?.topics[0].partitions[0].committedOffset).toBe(7);
      await second.broker.close();
    }));

  test("a topic that is made anew at once is empty and has another id", () =>
    runWorld({}, async ({ start }) => {
      const { broker, client } = await start();
      const first = await client.createTopic("orders");
      await client.produce("orders", ["a"]);
      const deleted = client.ask(deleteTopicsApi, 4, { topicNames: ["orders"], timeoutMs: 1000 });
      const second = client.createTopic("orders");
      await deleted;
      expect((await second)?.topics[0].errorCode).toBe(0);
      expect((await second)?.topics[0].topicId).not.toBe(first?.topics[0].topicId);
      expect(await client.endOffset("orders")).toBe(0);
      await broker.close();
    }));

  test("a damaged log is served up to the damage, and not a word beyond", () =>
    runWorld({}, async ({ platform, start }) => {
      const first = await start();
      await first.client.createTopic("orders");
      for (const value of ["a", "b", "c"]) await first.client.produce("orders", [value]);
      await first.broker.close();
      platform.fileSystem.remove("/data/.kafka_cleanshutdown");
      const log = platform.fileSystem.open("/data/orders-0/00000000000000000000.log", "readWrite");
      const size = log.sizeBytes() / 3;
      log.write([new Uint8Array([0xff])], size + size - 1);
      log.close();
      const second = await start();
      const sound = await second.client.fetch("orders", 0);
      expect(sound).toMatchObject({ errorCode: 0, highWatermark: 3 });
      expect(sound?.records?.length).toBe(size);
      expect(await second.client.fetch("orders", 1)).toMatchObject({ errorCode: 2 });
      expect(await second.client.fetch("orders", 2)).toMatchObject({ errorCode: 2 });
      expect(await second.client.produce("orders", ["d"])).toMatchObject({ errorCode: 56 });
      await second.broker.close();
    }));

  test("never hands out a producer id twice", () =>
    runWorld({}, async ({ start }) => {
      const ids = new Set<number>();
      for (let round = 0; round < 3; round++) {
        const { broker, client } = await start();
        for (let index = 0; index < 2; index++) {
          const answer = await client.ask(initProducerIdApi, 4, {
            transactionalId: null,
            transactionTimeoutMs: 1000,
          });
          ids.add(answer?.producerId ?? -1);
        }
        await broker.close();
      }
      expect(ids.size).toBe(6);
      expect(ids.has(-1)).toBe(false);
    }));
});

describe("what is refused at the start", () => {
  async function codeOf(options: Partial<BrokerOptions>): Promise<string> {
    const { platform, start } = brokerWorld(options);
    try {
      const { broker } = await platform.until(start());
      await platform.until(broker.close());
    } catch (error) {
      if (error instanceof BaseError) return error.code;
      throw error;
    }
    return "STARTED";
  }

  test.each([
    ["a bind that others can reach", { host: "0.0.0.0" }, "INSECURE_BIND"],
    [
      "a property that Kafka does not know",
      { properties: { "num.partition": 3 } },
      "UNKNOWN_PROPERTY",
    ],
    ["a value out of bounds", { properties: { "num.partitions": "many" } }, "INVALID_PROPERTY"],
    [
      "a listener that does not parse",
      { port: undefined, properties: { listeners: "x" } },
      "INVALID_LISTENER",
    ],
    ["nothing wrong", { properties: { "share.coordinator.state.topic.min.isr": 1 } }, "STARTED"],
  ] as const)("%s", async (_what, options, code) => {
    expect(await codeOf(options)).toBe(code);
  });

  test("a data directory in use", () =>
    runWorld({}, async ({ platform, start }) => {
      const { broker } = await start();
      const second = Broker.start(platform, { dataDirectory: "/data", port: 0 });
      await expect(second).rejects.toMatchObject({ code: "IN_USE" });
      await broker.close();
    }));

  test("partitions without their metadata, and touches none of them", () =>
    runWorld({}, async ({ platform, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      await client.produce("orders", ["a"]);
      await broker.close();
      const { fileSystem } = platform;
      for (const name of fileSystem.list("/data/__cluster_metadata-0"))
        fileSystem.remove(`/data/__cluster_metadata-0/${name}`);
      fileSystem.removeDirectory("/data/__cluster_metadata-0");
      await expect(start()).rejects.toMatchObject({ code: "METADATA_MISSING" });
      expect(fileSystem.list("/data")).toContain("orders-0");
    }));

  test("a port in use, and gives the directory free again", () =>
    runWorld({}, async ({ platform, start }) => {
      const { broker } = await start();
      const second = Broker.start(platform, { dataDirectory: "/other", port: 9092 });
      await expect(second).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
      await broker.close();
      const third = await Broker.start(platform, { dataDirectory: "/other", port: 9092 });
      await third.close();
    }));
});

describe("close", () => {
  test("answers a waiting fetch or drops it, and may be called twice", () =>
    runWorld({}, async ({ platform, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      const waiting = client.fetch("orders", 0, 60_000);
      await platform.timers.sleep(10);
      await Promise.all([broker.close(), broker.close()]);
      expect(await waiting).toBeUndefined();
    }));

  test("ends within its timeout where the device hangs", () =>
    runWorld({ closeTimeoutMs: 2000 }, async ({ platform, gate, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      gate.shut();
      void client.produce("orders", ["a"]);
      await platform.timers.sleep(10);
      const before = platform.clock.monotonicMs();
      await broker.close();
      expect(platform.clock.monotonicMs() - before).toBeLessThanOrEqual(2000);
    }));
});

describe("fetch", () => {
  test("waits for records, and is woken by them", () =>
    runWorld({}, async ({ platform, start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      const reader = await TestClient.connect(platform, broker.address);
      const waiting = reader.fetch("orders", 0, 60_000);
      await platform.timers.sleep(10);
      const before = platform.clock.monotonicMs();
      await client.produce("orders", ["a"]);
      expect((await waiting)?.records?.length).toBeGreaterThan(0);
      expect(platform.clock.monotonicMs() - before).toBeLessThan(1000);
      await broker.close();
    }));

  test("a session tells news only, and its epochs are checked", () =>
    runWorld({}, async ({ start }) => {
      const { broker, client } = await start();
      await client.createTopic("orders");
      const ask = (sessionId: number, sessionEpoch: number, isNamed: boolean) =>
        client.ask(fetchApi, 12, {
          maxWaitMs: 0,
          minBytes: 0,
          sessionId,
          sessionEpoch,
          topics: isNamed
            ? [
                {
                  topic: "orders",
                  partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
                },
              ]
            : [],
        });
      const full = await ask(0, 0, true);
      const id = full?.sessionId ?? 0;
      expect(id).toBeGreaterThan(0);
      expect((await ask(id, 1, false))?.responses).toEqual([]);
      await client.produce("orders", ["a"]);
      expect((await ask(id, 2, false))?.responses).toHaveLength(1);
      expect((await ask(id, 2, false))?.errorCode).toBe(71);
      expect((await ask(id + 1, 3, false))?.errorCode).toBe(70);
      await broker.close();
    }));
});

test("ApiVersions tells exactly what is served, and answers an unknown version in the form of version 0", () =>
  runWorld({}, async ({ start }) => {
    const { broker, client } = await start();
    const known = await client.ask(apiVersionsApi, 4, {
      clientSoftwareName: "test",
      clientSoftwareVersion: "1",
    });
    expect(known?.apiKeys.find(({ apiKey }) => apiKey === 0)).toMatchObject({
      minVersion: 0,
      maxVersion: 13,
    });
    expect(known?.finalizedFeatures).toContainEqual({
      name: "transaction.version",
      maxVersionLevel: 2,
      minVersionLevel: 2,
    });
    await broker.close();
  }));
