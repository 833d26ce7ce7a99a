import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import {
  createPartitionsApi,
  createTopicsApi,
  type CreateTopicsRequest,
  deleteTopicsApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import type { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

const standard = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };

async function create(
  client: TestClient,
  topics: readonly ({ name: string } & Partial<typeof standard>)[],
) {
  const answer = await client.ask(createTopicsApi, 7, {
    timeoutMs: 1000,
    topics: topics.map((topic) => ({ ...standard, ...topic })),
  });
  return Object.fromEntries(answer?.topics.map(({ name, errorCode }) => [name, errorCode]) ?? []);
}

test("CreateTopics: each topic has its own answer", () =>
  withClient(async ({ client }) => {
    expect(
      await create(client, [
        { name: "orders" },
        { name: "twice" },
        { name: "twice" },
        { name: "a/b" },
        { name: "copied", replicationFactor: 3 },
        { name: "none", numPartitions: 0 },
      ]),
    ).toEqual({
      orders: 0,
      twice: errorCodeOf("INVALID_REQUEST"),
      "a/b": errorCodeOf("INVALID_TOPIC_EXCEPTION"),
      copied: errorCodeOf("INVALID_REPLICATION_FACTOR"),
      none: errorCodeOf("INVALID_PARTITIONS"),
    });
    expect(await create(client, [{ name: "orders" }])).toEqual({
      orders: errorCodeOf("TOPIC_ALREADY_EXISTS"),
    });
  }));

test("CreateTopics: a request makes 10,000 partitions at most", () =>
  withClient(async ({ client }) => {
    const wide = { numPartitions: 6000 };
    const refused = errorCodeOf("POLICY_VIOLATION");
    expect(
      await create(client, [
        { name: "a", ...wide },
        { name: "b", ...wide },
      ]),
    ).toEqual({
      a: refused,
      b: refused,
    });
  }));

test("CreatePartitions: more of them, never fewer, never too many", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders", 2);
    const grow = async (...counts: readonly number[]) => {
      const answer = await client.ask(createPartitionsApi, 3, {
        timeoutMs: 1000,
        validateOnly: false,
        topics: counts.map((count) => ({ name: "orders", count, assignments: null })),
      });
      return answer?.results.map(({ errorCode }) => errorCode);
    };
    const code = (name: ErrorName) => [errorCodeOf(name)];
    expect(await grow(3)).toEqual([0]);
    expect(await grow(3)).toEqual(code("INVALID_PARTITIONS"));
    expect(await grow(1)).toEqual(code("INVALID_PARTITIONS"));
    expect(await grow(4, 5)).toEqual(code("INVALID_REQUEST"));
    expect(await grow(2 ** 31 - 1)).toEqual(code("UNKNOWN_SERVER_ERROR"));
  }));

test("DeleteTopics: by name or by id, each once", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    await client.createTopic("kept");
    const remove = async (...topicNames: readonly string[]) => {
      const answer = await client.ask(deleteTopicsApi, 5, { timeoutMs: 1000, topicNames });
      return answer?.responses.map(({ name, errorCode }) => [name, errorCode]);
    };
    expect(await remove("orders", "nowhere")).toEqual([
      ["orders", 0],
      ["nowhere", errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION")],
    ]);
    expect(await remove("kept", "kept")).toEqual([["kept", errorCodeOf("INVALID_REQUEST")]]);
    expect(await client.endOffset("kept")).toBe(0);
    expect(await client.endOffset("orders")).toBe(-1);
  }));

test("refusals are told in Kafka's words", () =>
  withClient(async ({ client }) => {
    await client.createTopic("a.b");
    const create = async (topic: Partial<CreateTopicsRequest["topics"][number]>) => {
      const topics = [{ name: "t", ...standard, ...topic }];
      const answer = await client.ask(createTopicsApi, 7, { topics, validateOnly: true });
      return answer?.topics[0].errorMessage;
    };
    const assigned = (...partitions: readonly (readonly [index: number, ids: number[]])[]) => ({
      numPartitions: -1,
      replicationFactor: -1,
      assignments: partitions.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
    });
    const rows = [
      [{ name: "" }, "Topic name is invalid: the empty string is not allowed"],
      [{ name: ".." }, "Topic name is invalid: '..' is not allowed"],
      [
        { name: "a b" },
        "'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
      ],
      [{ name: "a.b" }, "Topic 'a.b' already exists."],
      [{ name: "a_b" }, "Topic 'a_b' collides with existing topic: a.b"],
      [
        { name: "__cluster_metadata" },
        "Creation of internal topic __cluster_metadata is prohibited.",
      ],
      [{ numPartitions: 0 }, "Number of partitions was set to an invalid non-positive value."],
      [
        { replicationFactor: 0 },
        "Replication factor must be larger than 0, or -1 to use the default value.",
      ],
      [{ replicationFactor: 2 }, "cannot be reached because only 1 broker(s) are registered"],
      [
        { configs: [{ name: "retention.ms", value: null }] },
        "Null value not supported for topic configs: retention.ms",
      ],
      [{ configs: [{ name: "no.such", value: "1" }] }, "Unknown topic config name: no.such"],
      [{ ...assigned([0, [1]]), numPartitions: 1 }, "but numPartitions was not set to -1."],
      [assigned([0, [1]], [0, [1]]), "Found multiple manual partition assignments for partition 0"],
      [assigned([1, [1]]), "partitions should be a consecutive 0-based integer sequence"],
      [assigned([0, []]), "The manual partition assignment includes an empty replica list."],
      [assigned([0, [7]]), "includes broker 7, but no such broker is registered."],
      [assigned([0, [1, 1]]), "includes the broker 1 more than once."],
    ] as const;
    for (const [topic, text] of rows) expect(await create(topic)).toContain(text);
  }));
