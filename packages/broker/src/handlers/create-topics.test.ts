import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import {
  createPartitionsApi,
  createTopicsApi,
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
