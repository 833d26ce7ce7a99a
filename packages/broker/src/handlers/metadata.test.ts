import { errorCodeOf } from "@millrace/protocol";
import {
  apiVersionsApi,
  describeClusterApi,
  describeTopicPartitionsApi,
  findCoordinatorApi,
  metadataApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { withClient } from "../../test-support/with-client.ts";

const unknown = errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION");

test("Metadata: all topics, some, and what is not there", () =>
  withClient(
    async ({ client }) => {
      await client.createTopic("orders", 2);
      const all = await client.ask(metadataApi, 12, { topics: null });
      expect(all?.topics.map(({ name }) => name)).toContain("orders");
      const some = await client.ask(metadataApi, 12, {
        topics: [{ name: "orders" }, { name: "orders" }, { name: "nowhere" }, { name: "a/b" }],
      });
      expect(some?.topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
        ["orders", 0],
        ["nowhere", unknown],
        ["a/b", errorCodeOf("INVALID_TOPIC_EXCEPTION")],
      ]);
      expect(some?.topics[0].partitions).toHaveLength(2);
      const { topicId } = some?.topics[0] ?? {};
      const byId = await client.ask(metadataApi, 12, { topics: [{ topicId, name: null }] });
      expect(byId?.topics[0].name).toBe("orders");
    },
    { "auto.create.topics.enable": "false" },
  ));

test("Metadata: a topic that is made since it was named is unknown at first", () =>
  withClient(async ({ client }) => {
    const ask = async () =>
      (await client.ask(metadataApi, 12, { topics: [{ name: "new" }] }))?.topics[0].errorCode;
    expect(await ask()).toBe(unknown);
    await expect.poll(ask).toBe(0);
  }));

test("Metadata: topics are made as they are named, but not too many at once", () =>
  withClient(async ({ client }) => {
    const name = async (count: number) => {
      const topics = Array.from({ length: count }, (_, index) => ({ name: `t${index}` }));
      await client.ask(metadataApi, 12, { topics });
      const all = await client.ask(metadataApi, 12, { topics: null });
      return all?.topics.filter((topic) => topic.name?.startsWith("t")).length;
    };
    expect(await name(10_001)).toBe(0);
    await name(5);
    await expect.poll(() => name(0)).toBe(5);
  }));

test("DescribeTopicPartitions: page by page", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders", 5);
    const page = (cursor: { topicName: string; partitionIndex: number } | null) =>
      client.ask(describeTopicPartitionsApi, 0, {
        topics: [{ name: "orders" }],
        responsePartitionLimit: 3,
        cursor,
      });
    const first = await page(null);
    expect(first?.topics[0].partitions).toHaveLength(3);
    const second = await page(first?.nextCursor ?? null);
    expect(second?.topics[0].partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([
      3, 4,
    ]);
    expect(second?.nextCursor).toBeNull();
    const lost = await page({ topicName: "nowhere", partitionIndex: 0 });
    expect(lost?.topics[0].errorCode).toBe(errorCodeOf("INVALID_REQUEST"));
  }));

test("DescribeCluster: one broker, and who leads", () =>
  withClient(async ({ client }) => {
    const answer = await client.ask(describeClusterApi, 1, {
      includeClusterAuthorizedOperations: false,
    });
    expect(answer?.brokers).toMatchObject([{ brokerId: answer?.controllerId, port: 9092 }]);
  }));

test("ApiVersions: what is served; a version that is not gets an answer all the same", () =>
  withClient(async ({ client }) => {
    const answer = await client.ask(apiVersionsApi, 3, {
      clientSoftwareName: "test",
      clientSoftwareVersion: "1",
    });
    const produce = answer?.apiKeys.find(({ apiKey }) => apiKey === 0);
    expect(produce).toMatchObject({ minVersion: 0, maxVersion: 13 });
    // API 18, version 99, correlation id 7, no client id; the answer has version 0's form.
    const frame = Uint8Array.of(0, 0, 0, 11, 0, 18, 0, 99, 0, 0, 0, 7, 255, 255, 0);
    const bytes = await client.send([frame]);
    expect(bytes?.subarray(0, 6)).toEqual(Uint8Array.of(0, 0, 0, 7, 0, 35));
  }));

test("FindCoordinator: this broker, for every key of a kind that is there", () =>
  withClient(async ({ client }) => {
    const find = async (keyType: number) =>
      (await client.ask(findCoordinatorApi, 5, { keyType, coordinatorKeys: ["a", "b"] }))
        ?.coordinators;
    expect(await find(0)).toMatchObject([
      { key: "a", errorCode: 0, port: 9092 },
      { key: "b", errorCode: 0, port: 9092 },
    ]);
    expect((await find(9))?.[0].errorCode).toBe(errorCodeOf("INVALID_REQUEST"));
  }));
