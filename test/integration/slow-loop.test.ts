import type { Consumer, ConsumerOptions } from "@millrace/client";
import { describe, expect, test } from "vitest";

import { committedOf, inClientWorld, send, take, type ClientWorld } from "./client-world.ts";

const options = {
  groupId: "g",
  topics: ["t"],
  autoOffsetReset: "earliest",
  autoCommitInterval: 100,
  heartbeatInterval: 500,
  sessionTimeout: "6s",
  rebalanceTimeout: "20s",
} satisfies ConsumerOptions;

/** Reads until the consumer is closed; `work` is the loop's body. */
async function read(
  consumer: Consumer,
  work: (place: string) => Promise<unknown> | void,
): Promise<void> {
  for await (const { partition, offset } of consumer) await work(`${partition}:${offset}`);
}

/** A topic of two partitions, with a record in each. */
async function prepare({ client }: ClientWorld): Promise<void> {
  await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
  for (const partition of [0, 1]) await send(client, "t", ["0"], partition);
}

describe("a loop whose body takes longer than rebalanceTimeout", () => {
  test.each([{}, { groupInstanceId: "slow" }])(
    "loses its partitions to the other members, and takes part again once it is back (%o)",
    (membership) =>
      inClientWorld(async (world) => {
        const { connect, platform, lines } = world;
        await prepare(world);
        const slow = connect().consumer({ ...options, ...membership });
        const taken: string[] = [];
        const refusals: unknown[] = [];
        const reading = [
          read(slow, async (place) => {
            taken.push(`slow ${place}`);
            if (taken.length > 1) return;
            await platform.timers.sleep(60_000);
            await slow.commit().catch((error: unknown) => refusals.push(error));
          }),
        ];
        await platform.timers.sleep(18_000);
        expect(lines.filter(({ event }) => event === "client.member-gives-up")).toEqual([]);
        const other = connect().consumer(options);
        reading.push(read(other, (place) => void taken.push(`other ${place}`)));
        await platform.timers.sleep(22_000);
        expect(other.assignment).toHaveLength(2);
        expect(taken.toSorted()).toEqual(["other 0:0", "other 1:0", "slow 0:0"]);
        expect(lines.filter(({ event }) => event === "client.member-gives-up")).toEqual([
          expect.objectContaining({ level: "warn" }),
        ]);
        await platform.timers.sleep(30_000);
        expect(refusals).toEqual([expect.objectContaining({ code: "COMMIT_FENCED" })]);
        expect([slow, other].map(({ assignment }) => assignment.length)).toEqual([1, 1]);
        expect(taken).toHaveLength(3);
        await Promise.all([slow.close(), other.close()]);
        await Promise.all(reading);
      }),
  );

  test("cannot commit by a transaction what the others have by then", () =>
    inClientWorld(async (world) => {
      const { client, platform } = world;
      await prepare(world);
      const consumer = client.consumer({ ...options, autoCommitInterval: 0 });
      const producer = client.producer({ transactionalId: "id", transactionTimeout: "5m" });
      await take(consumer, 1);
      await platform.timers.sleep(60_000);
      await expect(
        producer.transaction(async () => {
          await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
        }),
      ).rejects.toMatchObject({ code: "COMMIT_FENCED" });
      await consumer.close();
    }));
});

test("a loop that was left gives its partitions up after rebalanceTimeout, too", () =>
  inClientWorld(async (world) => {
    const { client, connect, platform } = world;
    await prepare(world);
    const left = connect().consumer(options);
    await take(left, 1);
    await platform.timers.sleep(60_000);
    expect((await client.admin.describeGroup("g")).members).toEqual([]);
    expect(await take(left, 2)).toEqual(["0", "0"]);
    await left.close();
  }));

test("a loop that waits for records, or is paused, is not slow", () =>
  inClientWorld(async (world) => {
    const { client, platform, lines } = world;
    await prepare(world);
    const consumer = client.consumer(options);
    const seen: string[] = [];
    const reading = read(consumer, (place) => void seen.push(place));
    await platform.timers.sleep(60_000);
    for (const one of consumer.assignment) consumer.pause(one);
    await send(client, "t", ["1"]);
    await platform.timers.sleep(60_000);
    expect(seen).toHaveLength(2);
    for (const one of consumer.assignment) consumer.resume(one);
    await platform.timers.sleep(1000);
    expect(seen).toHaveLength(3);
    expect(lines.filter(({ level }) => level !== "info")).toEqual([]);
    await consumer.close();
    await reading;
    expect(await committedOf(client, "g", "t")).toBe(2);
  }));
