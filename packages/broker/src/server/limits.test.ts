import {
  alterShareGroupOffsetsApi,
  consumerGroupHeartbeatApi,
  createPartitionsApi,
  createTopicsApi,
  deleteGroupsApi,
  deleteTopicsApi,
  fetchApi,
  produceApi,
  shareGroupHeartbeatApi,
} from "@millrace/protocol/definitions";
import { encodeRequest, errorCodeOf } from "@millrace/protocol";
import { describe, expect, test } from "vitest";
import { type BrokerWorld, runWorld } from "../../test-support/broker-world.ts";
import { produceRequest, TestClient } from "../../test-support/test-client.ts";
import type { Broker } from "../broker.ts";
import type { MetricName } from "../metrics/metric-descriptions.ts";

async function valueOf(broker: Broker, name: MetricName): Promise<number | undefined> {
  return (await broker.metrics()).find((one) => one.name === name)?.value;
}

/** A connection, and whether the broker has closed it. */
async function connect({ platform }: BrokerWorld, broker: Broker) {
  const connection = await platform.network.connect(broker.address);
  const peer = { connection, isClosed: false };
  connection.handler = { data() {}, drained() {}, closed: () => (peer.isClosed = true) };
  return peer;
}

function largeRequest(bytes = 300_000): Uint8Array {
  const header = { version: 9, correlationId: 1, clientId: "large" };
  const request = produceRequest("orders", ["x".repeat(bytes)]);
  return Buffer.concat(encodeRequest(produceApi, header, request));
}

describe("connections", () => {
  test("silent ones give way to a client that comes later, which is served", () =>
    runWorld({ properties: { "max.connections": 3 } }, async (world) => {
      const { broker, client } = await world.start();
      await client.createTopic("orders");
      const silent = [await connect(world, broker), await connect(world, broker)];
      await world.platform.timers.sleep(1500);
      const late = await TestClient.connect(world.platform, broker.address);
      expect(await late.produce("orders", ["a"])).toMatchObject({ errorCode: 0 });
      expect(silent.map(({ isClosed }) => isClosed)).toEqual([true, false]);
      expect(await client.produce("orders", ["b"])).toMatchObject({ errorCode: 0 });
      expect(await valueOf(broker, "millrace_connections_refused_total")).toBe(1);
      await broker.close();
    }));

  test("an override counts for its address; a wrong one keeps the broker from starting", () =>
    runWorld(
      { properties: { "max.connections.per.ip.overrides": "127.0.0.1:2" } },
      async (world) => {
        const { broker } = await world.start();
        const peers = [await connect(world, broker), await connect(world, broker)];
        await world.platform.timers.sleep(1);
        expect(peers.map(({ isClosed }) => isClosed)).toEqual([false, true]);
        await broker.close();
      },
    ).then(() =>
      expect(
        runWorld({ properties: { "max.connections.per.ip.overrides": "here" } }, async (world) => {
          await world.start();
        }),
      ).rejects.toMatchObject({ code: "INVALID_PROPERTY" }),
    ));
});

describe("requests of all connections together", () => {
  const properties = { "queued.max.request.bytes": 400_000 };

  test("wait for room, one large one goes on, and all are answered", () =>
    runWorld({ properties }, async (world) => {
      const { broker, client } = await world.start();
      await client.createTopic("orders");
      const frame = largeRequest();
      const peers = [];
      for (let index = 0; index < 4; index++) peers.push(await connect(world, broker));
      for (const { connection } of peers) connection.write([frame.slice(0, 200_000)]);
      await world.platform.timers.sleep(10);
      expect(await valueOf(broker, "kafka_network_socketserver_memorypoolused")).toBe(800_000);
      expect(await client.produce("orders", ["small"])).toMatchObject({ errorCode: 0 });
      for (const { connection } of peers) connection.write([frame.slice(200_000)]);
      await world.platform.timers.sleep(100);
      expect(await client.endOffset("orders")).toBe(5);
      expect(await valueOf(broker, "kafka_network_socketserver_memorypoolused")).toBe(0);
      await broker.close();
    }));

  test("a large one that comes byte by byte is dropped once others wait for its room", () =>
    runWorld({ properties }, async (world) => {
      const { broker, client } = await world.start();
      await client.createTopic("orders");
      const frame = largeRequest(500_000);
      const [slow, waiting] = [await connect(world, broker), await connect(world, broker)];
      slow.connection.write([frame.slice(0, 410_000)]);
      waiting.connection.write([frame.slice(0, 100_000)]);
      await world.platform.timers.sleep(1);
      waiting.connection.write([frame.slice(100_000)]);
      for (let second = 0; second < 40; second++) {
        await world.platform.timers.sleep(1000);
        const at = 410_000 + second;
        if (!slow.isClosed) slow.connection.write([frame.slice(at, at + 1)]);
        if (second === 20) expect(await client.endOffset("orders")).toBe(20);
        expect(await client.produce("orders", ["beside"])).toMatchObject({ errorCode: 0 });
      }
      expect([slow.isClosed, waiting.isClosed]).toEqual([true, false]);
      expect(await client.endOffset("orders")).toBe(41);
      expect(await valueOf(broker, "millrace_slow_requests_closed_total")).toBe(1);
      const events = world.told.map(({ event }) => event);
      expect(events.filter((event) => event === "broker.request-too-slow")).toHaveLength(1);
      expect(events).toContain("broker.requests-held");
      await broker.close();
    }));
});

describe("partitions", () => {
  test("of all topics are bounded, which is told and logged; what is deleted makes room", () =>
    runWorld({ partitionsMax: 5 }, async (world) => {
      const { broker, client } = await world.start();
      const make = async (...topics: readonly (readonly [string, number])[]) => {
        const standard = { replicationFactor: 1, assignments: [], configs: [] };
        const wanted = topics.map(([name, numPartitions]) => ({
          ...standard,
          name,
          numPartitions,
        }));
        const answer = await client.ask(createTopicsApi, 7, { topics: wanted, timeoutMs: 1000 });
        return answer?.topics.map(({ name, errorCode, errorMessage }) => ({
          name,
          errorCode,
          errorMessage,
        }));
      };
      const refused = {
        errorCode: 44,
        errorMessage: expect.stringContaining("takes 5 partitions"),
      };
      expect(await make(["a", 3], ["b", 3], ["c", 2])).toEqual([
        expect.objectContaining({ name: "a", errorCode: 0 }),
        { name: "b", ...refused },
        expect.objectContaining({ name: "c", errorCode: 0 }),
      ]);
      const grown = await client.ask(createPartitionsApi, 3, {
        topics: [{ name: "a", count: 4, assignments: null }],
        timeoutMs: 1000,
        validateOnly: false,
      });
      expect(grown?.results).toMatchObject([refused]);
      expect(world.told.filter(({ event }) => event === "broker.partitions-refused")).toHaveLength(
        1,
      );
      await client.commitOffset("readers", "a", 0); // the cluster's own topics are let in
      await client.ask(deleteTopicsApi, 5, { topicNames: ["a"], timeoutMs: 1000 });
      expect(await make(["d", 1])).toMatchObject([{ name: "d", errorCode: 0 }]);
      await broker.close();
    }));
});

test("where all fetch sessions are taken it is logged, and fetches go on without one", () =>
  runWorld({ properties: { "max.incremental.fetch.session.cache.slots": 1 } }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("orders");
    const open = () =>
      client.ask(fetchApi, 12, {
        maxWaitMs: 0,
        minBytes: 0,
        sessionId: 0,
        sessionEpoch: 0,
        topics: [],
      });
    expect((await open())?.sessionId).not.toBe(0);
    expect((await open())?.sessionId).toBe(0);
    const name = "kafka_server_fetchsessioncache_numincrementalfetchsessions";
    expect(await valueOf(broker, name)).toBe(1);
    expect(world.told.map(({ event }) => event)).toContain("broker.fetch-sessions-full");
    await broker.close();
  }));

test("groups are bounded, whatever makes them; those that are there go on", () =>
  runWorld({ groupsMax: 2 }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("orders");
    const commit = (groupId: string) => client.commitOffset(groupId, "orders", 1);
    const full = errorCodeOf("GROUP_MAX_SIZE_REACHED");
    expect([await commit("a"), await commit("b"), await commit("c")]).toEqual([0, 0, full]);
    expect(await commit("b")).toBe(0);
    const heartbeat = { memberId: "m", memberEpoch: 0, rebalanceTimeoutMs: 1000 };
    const joined = await client.ask(consumerGroupHeartbeatApi, 1, {
      ...heartbeat,
      groupId: "d",
      subscribedTopicNames: ["orders"],
      topicPartitions: [],
    });
    const shared = await client.ask(shareGroupHeartbeatApi, 1, {
      ...heartbeat,
      groupId: "e",
      subscribedTopicNames: ["orders"],
    });
    const altered = await client.ask(alterShareGroupOffsetsApi, 0, {
      groupId: "f",
      topics: [{ topicName: "orders", partitions: [{ partitionIndex: 0, startOffset: 0 }] }],
    });
    for (const answer of [joined, shared, altered])
      expect(answer).toMatchObject({
        errorCode: full,
        errorMessage: expect.stringContaining("2 groups"),
      });
    expect(world.told.filter(({ event }) => event === "broker.groups-refused")).toHaveLength(1);
    await client.ask(deleteGroupsApi, 2, { groupsNames: ["a"] });
    expect(await commit("c")).toBe(0);
    await broker.close();
  }));
