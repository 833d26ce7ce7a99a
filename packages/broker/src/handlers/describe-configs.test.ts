import { errorCodeOf } from "@millrace/protocol";
import { describeConfigsApi, incrementalAlterConfigsApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import type { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

const topicType = 2;
const brokerType = 4;

function describe(client: TestClient, resourceType: number, names: readonly string[]) {
  const configurationKeys = ["retention.ms"];
  const resources = names.map((resourceName) => ({
    resourceType,
    resourceName,
    configurationKeys,
  }));
  return client.ask(describeConfigsApi, 4, { resources });
}

test("DescribeConfigs: of a topic, of the broker, and of what is not there", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders", 1, { "retention.ms": "5000" });
    const answer = await describe(client, topicType, ["orders", "nowhere"]);
    expect(answer?.results).toMatchObject([
      { errorCode: 0, configs: [{ name: "retention.ms", value: "5000", configSource: 1 }] },
      { errorCode: errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"), configs: [] },
    ]);
    expect((await describe(client, brokerType, ["77"]))?.results[0].errorCode).toBe(
      errorCodeOf("INVALID_REQUEST"),
    );
  }));

test("DescribeConfigs: a name that is repeated very often is answered once", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    expect((await describe(client, topicType, ["orders", "orders"]))?.results).toHaveLength(2);
    const often = Array.from({ length: 10_000 }, () => "orders");
    expect((await describe(client, topicType, often))?.results).toHaveLength(1);
  }));

test("IncrementalAlterConfigs: all changes of a resource happen, or none", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    const alter = async (
      ...values: readonly [name: string, operation: number, value: string][]
    ) => {
      const configs = values.map(([name, configOperation, value]) => ({
        name,
        configOperation,
        value,
      }));
      const resources = [{ resourceType: topicType, resourceName: "orders", configs }];
      const answer = await client.ask(incrementalAlterConfigsApi, 1, {
        validateOnly: false,
        resources,
      });
      return answer?.responses.map(({ errorCode }) => errorCode);
    };
    const value = async () =>
      (await describe(client, topicType, ["orders"]))?.results[0].configs[0].value;
    expect(await alter(["retention.ms", 0, "7000"])).toEqual([0]);
    expect(await value()).toBe("7000");
    const invalid = [errorCodeOf("INVALID_CONFIG")];
    expect(await alter(["retention.ms", 0, "8000"], ["segment.bytes", 0, "x"])).toEqual(invalid);
    expect(await value()).toBe("7000");
    expect(await alter(["retention.ms", 1, ""])).toEqual([0]);
    expect(await value()).toBe("604800000");
  }));

test("DescribeConfigs: what each property of topics, groups and subscriptions is for, to who asks", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    const documented = async (
      resourceType: number,
      resourceName: string,
      includeDocumentation = true,
    ) => {
      const resources = [{ resourceType, resourceName, configurationKeys: null }];
      const answer = await client.ask(describeConfigsApi, 4, { resources, includeDocumentation });
      return answer?.results[0].configs ?? [];
    };
    for (const [type, name] of [
      [topicType, "orders"],
      [16, "m"],
      [32, "g"],
    ] as const) {
      const configs = await documented(type, name);
      expect(configs.length).toBeGreaterThan(2);
      expect(configs.filter(({ documentation }) => !documentation).map((one) => one.name)).toEqual(
        [],
      );
      const silent = await documented(type, name, false);
      expect(silent.every(({ documentation }) => documentation === null)).toBe(true);
    }
    const ofBroker = (await documented(brokerType, "1")).find(
      ({ name }) => name === "log.retention.ms",
    );
    expect(ofBroker?.documentation).toContain("Stands for retention.ms");
  }));
