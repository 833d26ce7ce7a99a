import type { KafkaClient } from "@millrace/client";
import { describe, expect, test } from "vitest";

import { committedOf, inClientWorld, send, take, type ClientWorld } from "./client-world.ts";

const notAssigned = expect.objectContaining({ code: "PARTITION_NOT_ASSIGNED" });

/** A consumer of topic `t` in a group that notes what it reads. */
function openMember(client: KafkaClient) {
  const consumer = client.consumer({
    groupId: "g",
    topics: ["t"],
    autoOffsetReset: "earliest",
    autoCommitInterval: 100,
    heartbeatInterval: 500,
  });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { partition, offset } of consumer) seen.push(`${partition}:${offset}`);
  })();
  return { consumer, seen, reading };
}

/** Two members that have a partition of `t` each. */
async function openTwo({ client, connect, platform }: ClientWorld) {
  await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
  const members = [connect(), connect()].map((own) => ({ own, ...openMember(own) }));
  await platform.timers.sleep(5000);
  const [first, second] = members;
  expect(members.map(({ consumer }) => consumer.assignment.length)).toEqual([1, 1]);
  return { first, second };
}

describe.each([{ groupId: "g" }, {}])("of a partition that is not there (%o)", (options) => {
  test("seek, pause and resume are refused by name once partitions are assigned", () =>
    inClientWorld(async ({ client }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1"]);
      const consumer = client.consumer({ ...options, topics: ["t"], autoOffsetReset: "earliest" });
      expect(await take(consumer, 1)).toEqual(["0"]);
      const absent = { topic: "t", partition: 7 };
      for (const call of ["seek", "pause", "resume"] as const)
        expect(() => consumer[call](absent, 0), call).toThrow(
          expect.objectContaining({ code: "PARTITION_NOT_ASSIGNED", ...absent }),
        );
      expect(await take(consumer, 1)).toEqual(["1"]);
      await consumer.close();
    }));

  test("they are refused at any time where its topic is not one of the consumer's", () =>
    inClientWorld(async ({ client }) => {
      const consumer = client.consumer({ ...options, topics: ["t"] });
      for (const call of ["seek", "pause", "resume"] as const)
        expect(() => consumer[call]({ topic: "other", partition: 0 }, 0), call).toThrow(
          notAssigned,
        );
      await consumer.close();
    }));
});

describe("of a partition that another member has", () => {
  test("seek, pause and resume are refused, and neither member notices", () =>
    inClientWorld(async (world) => {
      const { first, second } = await openTwo(world);
      const [theirs] = second.consumer.assignment;
      for (const call of ["seek", "pause", "resume"] as const)
        expect(() => first.consumer[call](theirs, 0), call).toThrow(notAssigned);
      for (const partition of [0, 1]) await send(world.client, "t", ["0", "1"], partition);
      await world.platform.timers.sleep(2000);
      expect([first, second].map(({ seen }) => seen.length)).toEqual([2, 2]);
      await second.own.close();
      await world.platform.timers.sleep(5000);
      expect(first.consumer.assignment).toHaveLength(2);
      expect(first.seen).toHaveLength(2);
      await first.own.close();
      await Promise.all([first.reading, second.reading]);
    }));

  test("an offset is committed, as in Kafka: any member may", () =>
    inClientWorld(async (world) => {
      const { first, second } = await openTwo(world);
      const [{ topic, partition }] = second.consumer.assignment;
      await first.consumer.commit([{ topic, partition, offset: 5 }]);
      expect(await committedOf(world.client, "g", topic, partition)).toBe(5);
      await Promise.all([first.own.close(), second.own.close()]);
      await Promise.all([first.reading, second.reading]);
    }));
});

test("a pause ends where the group gives the partition to another member, and the log says so", () =>
  inClientWorld(async ({ client, connect, platform, lines }) => {
    await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
    const own = connect();
    const first = openMember(own);
    await platform.timers.sleep(2000);
    for (const partition of [0, 1]) first.consumer.pause({ topic: "t", partition });
    const other = connect();
    const second = openMember(other);
    await platform.timers.sleep(5000);
    const [kept] = first.consumer.assignment;
    await other.close();
    await platform.timers.sleep(5000);
    expect(first.consumer.assignment).toHaveLength(2);
    for (const partition of [0, 1]) await send(client, "t", ["0"], partition);
    await platform.timers.sleep(2000);
    expect(first.seen).toEqual([`${1 - kept.partition}:0`]);
    expect(lines.filter(({ event }) => event === "client.pause-forgotten")).toEqual([
      expect.objectContaining({ level: "warn" }),
    ]);
    first.consumer.resume(kept);
    await platform.timers.sleep(2000);
    expect(first.seen).toContain(`${kept.partition}:0`);
    await own.close();
    await Promise.all([first.reading, second.reading]);
  }));

test("a consumer that is no member commits nothing in its group's name", () =>
  inClientWorld(async ({ client }) => {
    await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
    const consumer = client.consumer({ groupId: "g", topics: ["t"] });
    await expect(consumer.commit([{ topic: "t", partition: 0, offset: 5 }])).rejects.toMatchObject({
      code: "COMMIT_FENCED",
    });
    expect(await committedOf(client, "g", "t")).toBeUndefined();
    await consumer.close();
  }));
