import { memoryPlatform } from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
import { errorCodeOf } from "@millrace/protocol";
import {
  alterClientQuotasApi,
  apiVersionsApi,
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
  describeClientQuotasApi,
  fetchApi,
  listGroupsApi,
  metadataApi,
  produceApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import { produceRequest, TestClient } from "../../test-support/test-client.ts";
import { Broker } from "../broker.ts";

const entity = [{ entityType: "user", entityName: "ann" }];
const components = [{ entityType: "user", matchType: 0, match: "ann" }];
const set = (key: string, value: number) => ({ key, value, remove: false });

async function described(client: TestClient) {
  const answer = await client.ask(describeClientQuotasApi, 1, { components, strict: true });
  return answer?.entries?.flatMap(({ values }) => values);
}

async function alter(client: TestClient, ...ops: readonly ReturnType<typeof set>[]) {
  const entries = [{ entity, ops }];
  const answer = await client.ask(alterClientQuotasApi, 1, { entries, validateOnly: false });
  return answer?.entries[0].errorCode;
}

test("quotas are there after a restart, and those that were removed are not", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const first = await world.start();
      await alter(
        first.client,
        set("producer_byte_rate", 1000),
        set("controller_mutation_rate", 0.5),
      );
      await alter(first.client, { key: "producer_byte_rate", value: 0, remove: true });
      await first.broker.close();
      const second = await world.start();
      expect(await described(second.client)).toEqual([
        { key: "controller_mutation_rate", value: 0.5 },
      ]);
      await second.broker.close();
    })(),
  );
});

test("an entity's quotas are changed all or none", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      const code = await alter(client, set("producer_byte_rate", 1000), set("no_such_rate", 1));
      expect(code).toBe(42);
      expect(await described(client)).toEqual([]);
      await broker.close();
    })(),
  );
});

test("who produces beyond the rate is told, and is not served for that long, and others are", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      const other = await TestClient.connect(world.platform, broker.address);
      await client.createTopic("t");
      const entries = [
        {
          entity: [{ entityType: "user", entityName: "ANONYMOUS" }],
          ops: [set("producer_byte_rate", 1000)],
        },
      ];
      await client.ask(alterClientQuotasApi, 1, { entries, validateOnly: false });
      const produce = (bytes: number) =>
        client.ask(produceApi, 9, produceRequest("t", ["x".repeat(bytes)]));
      expect((await produce(100))?.throttleTimeMs).toBe(0);
      const startMs = world.platform.clock.monotonicMs();
      const throttleMs = (await produce(15_000))?.throttleTimeMs ?? 0;
      expect(throttleMs).toBeGreaterThan(5000);
      expect(throttleMs).toBeLessThan(5500);
      expect(world.platform.clock.monotonicMs() - startMs).toBeLessThan(1000);
      await other.ask(metadataApi, 9, { topics: [] });
      expect(world.platform.clock.monotonicMs() - startMs).toBeLessThan(1000);
      await client.ask(metadataApi, 9, { topics: [] });
      expect(world.platform.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(throttleMs);
      await broker.close();
    })(),
  );
});

async function limit(client: TestClient, key: string, value: number, type = "user") {
  const entityName = type === "user" ? "ANONYMOUS" : null;
  const entries = [{ entity: [{ entityType: type, entityName }], ops: [set(key, value)] }];
  const answer = await client.ask(alterClientQuotasApi, 1, { entries, validateOnly: false });
  expect(answer?.entries[0].errorCode).toBe(0);
}

test("who fetches beyond the rate is told, is given nothing, and gets it later", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      await client.createTopic("t");
      for (let batch = 0; batch < 4; batch++) await client.produce("t", ["x".repeat(6000)]);
      await limit(client, "consumer_byte_rate", 1000);
      const fetch = async (fetchOffset: number) => {
        const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 7000 }];
        const topics = [{ topic: "t", partitions }];
        const answer = await client.ask(fetchApi, 12, {
          maxWaitMs: 0,
          minBytes: 1,
          maxBytes: 20_000,
          topics,
        });
        return {
          throttleMs: answer?.throttleTimeMs ?? -1,
          bytes: answer?.responses[0]?.partitions[0].records?.length,
        };
      };
      expect(await fetch(0)).toMatchObject({ throttleMs: 0 });
      const startMs = world.platform.clock.monotonicMs();
      const told = await fetch(1);
      expect(told.bytes).toBeUndefined();
      expect(told.throttleMs).toBeGreaterThan(1000);
      expect(await fetch(1)).toMatchObject({ bytes: undefined });
      const waitedMs = world.platform.clock.monotonicMs() - startMs;
      expect(waitedMs).toBeGreaterThanOrEqual(told.throttleMs);
      await world.platform.timers.sleep(12_000);
      const later = await fetch(1);
      expect(later.throttleMs).toBe(0);
      expect(later.bytes).toBeGreaterThan(6000);
      await broker.close();
    })(),
  );
});

test("who makes and removes partitions beyond the rate is refused, in old versions held back", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      await client.createTopic("kept", 2);
      await limit(client, "controller_mutation_rate", 1);
      const topic = (name: string) => ({
        name,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      });
      expect((await client.createTopic("much", 30))?.topics[0].errorCode).toBe(0);
      const refused = { errorCode: errorCodeOf("THROTTLING_QUOTA_EXCEEDED") };
      const created = await client.ask(createTopicsApi, 7, {
        topics: [topic("new")],
        validateOnly: true,
      });
      expect(created?.topics[0]).toMatchObject(refused);
      expect(created?.throttleTimeMs).toBeGreaterThan(15_000);
      const other = await TestClient.connect(world.platform, broker.address);
      const grown = await other.ask(createPartitionsApi, 3, {
        topics: [{ name: "kept", count: 3, assignments: null }],
        timeoutMs: 100,
        validateOnly: false,
      });
      expect(grown?.results[0]).toMatchObject(refused);
      const third = await TestClient.connect(world.platform, broker.address);
      const removed = await third.ask(deleteTopicsApi, 5, { topicNames: ["kept"], timeoutMs: 100 });
      expect(removed?.responses[0]).toMatchObject(refused);
      const fourth = await TestClient.connect(world.platform, broker.address);
      const old = await fourth.ask(deleteTopicsApi, 4, { topicNames: ["kept"], timeoutMs: 100 });
      expect(old?.responses[0].errorCode).toBe(0);
      expect(old?.throttleTimeMs).toBeGreaterThan(15_000);
      await broker.close();
    })(),
  );
});

test("an address that connects too often is turned away, and may come again", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      await limit(client, "connection_creation_rate", 1, "ip");
      const connect = async () => {
        const one = await TestClient.connect(world.platform, broker.address);
        return one.ask(metadataApi, 9, { topics: [] });
      };
      for (let count = 0; count < 10; count++) expect(await connect()).toBeDefined();
      const startMs = world.platform.clock.monotonicMs();
      expect(await connect()).toBeUndefined();
      expect(world.platform.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(1000);
      await world.platform.timers.sleep(12_000);
      expect(await connect()).toBeDefined();
      const waiting = Array.from({ length: 15 }, connect);
      await world.platform.timers.sleep(1);
      await broker.close();
      expect(
        (await Promise.all(waiting)).filter((answer) => answer === undefined).length,
      ).toBeGreaterThan(3);
    })(),
  );
});

test("the time of a client's requests is told in whatever is answered, and waited for", async () => {
  const inner = memoryPlatform({ drain: drainTurn });
  let spentMs = 0;
  // Each look at the clock takes a while.
  const monotonicMs = () => inner.clock.monotonicMs() + (spentMs += 0.01);
  const clock = { wallMs: () => inner.clock.wallMs(), monotonicMs };
  const platform = { ...inner, clock };
  const run = async () => {
    const broker = await Broker.start(platform, {
      dataDirectory: "/data",
      port: 9092,
      reserveBytes: 0,
    });
    const client = await TestClient.connect(platform, broker.address);
    expect((await client.ask(listGroupsApi, 4, { statesFilter: [] }))?.throttleTimeMs).toBe(0);
    await limit(client, "request_percentage", 0.0001);
    await client.ask(metadataApi, 9, { topics: [] });
    const startMs = inner.clock.monotonicMs();
    const told = await client.ask(listGroupsApi, 4, { statesFilter: [] });
    expect(told?.throttleTimeMs).toBe(1000);
    const versions = await client.ask(apiVersionsApi, 3, {
      clientSoftwareName: "t",
      clientSoftwareVersion: "1",
    });
    expect(versions?.throttleTimeMs).toBe(1000);
    expect(inner.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(1000);
    await broker.close();
  };
  await inner.until(run());
});

test("a quota that is no number is refused, and shuts nobody out", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      for (const key of ["request_percentage", "consumer_byte_rate"]) {
        const answer = await client.ask(alterClientQuotasApi, 1, {
          entries: [
            { entity: [{ entityType: "user", entityName: null }], ops: [set(key, Number.NaN)] },
          ],
          validateOnly: false,
        });
        expect(answer?.entries[0]).toMatchObject({
          errorCode: errorCodeOf("INVALID_REQUEST"),
          errorMessage: `Quota ${key} must be greater than 0`,
        });
      }
      await broker.close();
    })(),
  );
});
