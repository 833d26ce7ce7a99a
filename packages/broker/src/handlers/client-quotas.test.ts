import {
  alterClientQuotasApi,
  describeClientQuotasApi,
  metadataApi,
  produceApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import { produceRequest, TestClient } from "../../test-support/test-client.ts";

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

test("a quota that is kept, and holds nobody back yet, is warned of", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      const warnings = () => world.told.filter(({ event }) => event.startsWith("broker.quotas"));
      await alter(client, set("producer_byte_rate", 1000));
      expect(warnings()).toEqual([]);
      await alter(client, set("consumer_byte_rate", 1000));
      await alter(client, { key: "consumer_byte_rate", value: 0, remove: true });
      expect(warnings()).toEqual([
        { level: "warn", event: "broker.quotas-not-enforced", keys: ["consumer_byte_rate"] },
      ]);
      await broker.close();
    })(),
  );
});
