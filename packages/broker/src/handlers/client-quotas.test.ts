import { alterClientQuotasApi, describeClientQuotasApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";

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
