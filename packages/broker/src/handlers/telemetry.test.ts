import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import {
  apiVersionsApi,
  getTelemetrySubscriptionsApi,
  incrementalAlterConfigsApi,
  pushTelemetryApi,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import { TestClient } from "../../test-support/test-client.ts";

const coded = (name: ErrorName) => ({ errorCode: errorCodeOf(name) });

async function subscribeAll(
  client: TestClient,
  name: string,
  values: Readonly<Record<string, string>>,
) {
  const configs = Object.entries(values).map(([property, value]) => ({
    name: property,
    value,
    configOperation: 0,
  }));
  const resources = [{ resourceType: 16, resourceName: name, configs }];
  const answer = await client.ask(incrementalAlterConfigsApi, 1, {
    resources,
    validateOnly: false,
  });
  expect(answer?.responses[0].errorCode).toBe(0);
}

test("clients are asked for the metrics that are subscribed to, and keep to the interval; nobody is told of it", () => {
  const world = brokerWorld({ properties: { "telemetry.max.bytes": 100 } });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      const versions = await client.ask(apiVersionsApi, 3, {
        clientSoftwareName: "mine",
        clientSoftwareVersion: "1.2",
      });
      expect(versions?.apiKeys.map(({ apiKey }) => apiKey)).not.toContain(
        getTelemetrySubscriptionsApi.key,
      );
      const get = (clientInstanceId: string) =>
        client.ask(getTelemetrySubscriptionsApi, 0, { clientInstanceId });
      const nothing = await get(zeroUuid);
      expect(nothing).toMatchObject({
        errorCode: 0,
        pushIntervalMs: 300_000,
        requestedMetrics: [],
        telemetryMaxBytes: 100,
      });
      await subscribeAll(client, "one", {
        metrics: "b,a",
        "interval.ms": "1000",
        match: "client_software_name=mi.*,client_software_version=1\\.2",
      });
      await subscribeAll(client, "two", {
        metrics: "c",
        "interval.ms": "100",
        match: "client_id=other",
      });
      const id = nothing?.clientInstanceId ?? "";
      const asked = await get(id);
      expect(asked).toMatchObject({
        errorCode: 0,
        clientInstanceId: id,
        pushIntervalMs: 1000,
        requestedMetrics: ["a", "b"],
      });
      expect(await get(id)).toMatchObject(coded("THROTTLING_QUOTA_EXCEEDED"));
      const push = (
        changes: {
          subscriptionId?: number;
          terminating?: boolean;
          compressionType?: number;
          metrics?: Uint8Array;
        } = {},
      ) =>
        client.ask(pushTelemetryApi, 0, {
          clientInstanceId: id,
          subscriptionId: asked?.subscriptionId ?? 0,
          terminating: false,
          compressionType: 0,
          metrics: new Uint8Array(100),
          ...changes,
        });
      const wait = () => world.platform.timers.sleep(1001);
      expect(await push()).toMatchObject(coded("NONE"));
      expect(await push()).toMatchObject(coded("THROTTLING_QUOTA_EXCEEDED"));
      await wait();
      expect(await push({ metrics: new Uint8Array(101) })).toMatchObject(
        coded("TELEMETRY_TOO_LARGE"),
      );
      await wait();
      expect(await push({ compressionType: 5 })).toMatchObject(
        coded("UNSUPPORTED_COMPRESSION_TYPE"),
      );
      await wait();
      expect(await push({ subscriptionId: 1 })).toMatchObject(coded("UNKNOWN_SUBSCRIPTION_ID"));
      expect(await get(id)).toMatchObject(coded("NONE"));
      await subscribeAll(client, "one", { metrics: "*,a" });
      expect(await push()).toMatchObject(coded("UNKNOWN_SUBSCRIPTION_ID"));
      const again = await get(id);
      expect(again).toMatchObject({ errorCode: 0, requestedMetrics: ["*"] });
      expect(
        await push({ subscriptionId: again?.subscriptionId, terminating: true }),
      ).toMatchObject(coded("NONE"));
      expect(await push({ subscriptionId: again?.subscriptionId })).toMatchObject(
        coded("INVALID_REQUEST"),
      );
      const invalid = {
        clientInstanceId: zeroUuid,
        subscriptionId: 0,
        terminating: false,
        compressionType: 0,
        metrics: new Uint8Array(),
      };
      expect(await client.ask(pushTelemetryApi, 0, invalid)).toMatchObject(
        coded("INVALID_REQUEST"),
      );
      await broker.close();
    })(),
  );
});

test("a client whose connection is closed is forgotten", () => {
  const world = brokerWorld({ port: undefined });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      const get = (by: TestClient, clientInstanceId: string) =>
        by.ask(getTelemetrySubscriptionsApi, 0, { clientInstanceId });
      const id = (await get(client, zeroUuid))?.clientInstanceId ?? "";
      const other = await TestClient.connect(world.platform, broker.address);
      expect(await get(other, id)).toMatchObject(coded("THROTTLING_QUOTA_EXCEEDED"));
      client.connection.destroy();
      await world.platform.timers.sleep(10);
      expect(await get(other, id)).toMatchObject(coded("NONE"));
      await broker.close();
    })(),
  );
});

test("a pattern that other machines take exponential time for takes none", () => {
  const world = brokerWorld();
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      await client.ask(apiVersionsApi, 3, {
        clientSoftwareName: "a".repeat(30),
        clientSoftwareVersion: "1",
      });
      await subscribeAll(client, "s", { metrics: "m", match: "client_software_name=(a+)+b" });
      const startMs = performance.now();
      const answer = await client.ask(getTelemetrySubscriptionsApi, 0, {
        clientInstanceId: zeroUuid,
      });
      expect(performance.now() - startMs).toBeLessThan(3000);
      expect(answer).toMatchObject({ errorCode: 0, requestedMetrics: [] });
      await broker.close();
    })(),
  );
});
