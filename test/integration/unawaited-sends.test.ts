import { afterEach, beforeEach, expect, test } from "vitest";

import { inClientWorld, take } from "./client-world.ts";

let unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  unhandled = [];
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve)); // Node tells of them once its queues are empty
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

test("what becomes of a record that nobody awaits within a transaction is told by the transaction", () =>
  inClientWorld(async ({ client, platform }) => {
    const configs = { "max.message.bytes": "1000" };
    await client.admin.createTopics([{ name: "t", partitionCount: 1, configs }]);
    const producer = client.producer({ transactionalId: "id" });
    const write = (...values: readonly string[]): Promise<void> =>
      producer.transaction(async () => {
        for (const value of values) void producer.send({ topic: "t", value });
      });
    // At first nothing is known of the topic, and records wait; later they are appended at once.
    for (const values of [["a", "x".repeat(2000), "b"], ["x".repeat(2000)]]) {
      await expect(write(...values)).rejects.toMatchObject({ code: "RECORD_TOO_LARGE" });
      await platform.timers.sleep(1000);
    }
    await write("c", "d");
    const consumer = client.consumer({ topics: ["t"], autoOffsetReset: "earliest" });
    expect(await take(consumer, 2)).toEqual(["c", "d"]);
  }));

test("what the transaction does not tell stays with the record's own promise", () =>
  inClientWorld(async ({ client }) => {
    await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
    const producer = client.producer({ transactionalId: "id" });
    await producer.transaction(async () => {
      await expect(producer.send({ topic: "t", value: "\ud800" })).rejects.toMatchObject({
        code: "RECORD_INVALID",
      });
    });
  }));
