import type { Consumer, KafkaClient } from "@millrace/client";
import { ClusterError } from "@millrace/cluster";
import { decodeUtf8 } from "@millrace/model";
import { describe, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

test("a loop that seeks back where a transaction fails copies each record once, in order", async () => {
  await using world = await TestWorld.start({ orders: 1, copies: 1 });
  const orders = ["a", "b", "c", "d"];
  await world.produce("orders", orders);
  const producer = world.client.producer({ transactionalId: "copier-1" });
  const consumer = world.client.consumer({
    groupId: "copier",
    topics: ["orders"],
    autoOffsetReset: "earliest",
    autoCommitInterval: 0,
  });
  let failures = 0;
  let copied = 0;
  for await (const { topic, partition, offset, value } of consumer) {
    try {
      await producer.transaction(async () => {
        await producer.send({ topic: "copies", value });
        await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
        if (offset % 2 === 1 && failures <= offset / 2) {
          failures += 1;
          throw new ClusterError("TRANSACTION_ABORTED", "lost", { retriable: true });
        }
      });
      copied += 1;
      if (copied === orders.length) break;
    } catch {
      consumer.seek({ topic, partition }, offset);
    }
  }
  expect(failures).toBe(2);
  expect(await world.readTexts("copies")).toEqual(orders);
  const [{ offset }] = await world.client.admin.groupOffsets("copier");
  expect(offset).toBe(orders.length);
});

describe("transactions of several records while the group is rebalanced", () => {
  test("what was read on both sides of a rebalance is refused once, and comes again", async () => {
    await using world = await TestWorld.start({ orders: 2, copies: 1 });
    await world.produce("orders", ["a", "b", "c", "d"]);
    const producer = world.client.producer({ transactionalId: "copier-1" });
    const consumer = openCopier(world);
    const other = openCopier(world, world.connect());
    const seen: string[] = [];
    let reading: Promise<void> | undefined;
    const work = async (): Promise<void> => {
      for await (const { value } of consumer) {
        await producer.send({ topic: "copies", value });
        seen.push(textOf(value));
        if (seen.length === 2) reading = readOn(other);
        if (seen.length === 2)
          await expect.poll(() => isRebalancing(world), { timeout: 10_000 }).toBe(true);
        if (seen.length === 4) break;
      }
      await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
    };
    await expect(producer.transaction(work)).rejects.toMatchObject({
      code: "COMMIT_FENCED",
      retriable: true,
    });
    expect(seen.slice(2).every((value) => seen.slice(0, 2).includes(value))).toBe(true);
    await other.close();
    await reading;
    const copyAll = (): Promise<void> =>
      producer.transaction(async () => {
        const left = new Set(["a", "b", "c", "d"]);
        for await (const { value } of consumer) {
          left.delete(textOf(value));
          await producer.send({ topic: "copies", value });
          if (left.size === 0) break;
        }
        await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
      });
    // The other's leaving is a rebalance as well, that may come in between.
    await copyAll().catch((error: unknown) => {
      expect(error).toMatchObject({ code: "COMMIT_FENCED" });
      return copyAll();
    });
    expect((await world.readTexts("copies")).toSorted()).toEqual(["a", "b", "c", "d"]);
  });

  test("commits by hand are not refused after a rebalance", async () => {
    await using world = await TestWorld.start({ orders: 2 });
    await world.produce("orders", ["a", "b", "c", "d"]);
    const consumer = openCopier(world);
    const other = openCopier(world, world.connect());
    let count = 0;
    for await (const _ of consumer) {
      count += 1;
      if (count === 2) void readOn(other);
      if (count === 2)
        await expect.poll(() => isRebalancing(world), { timeout: 10_000 }).toBe(true);
      if (count === 4) break;
    }
    await consumer.commit();
    const committed = await world.client.admin.groupOffsets("copier");
    expect(committed).toEqual([expect.objectContaining({ offset: 2 })]);
    await other.close();
  });

  test("two members, of which one comes and goes, copy each record once", async () => {
    await using world = await TestWorld.start({ orders: 3, copies: 1 });
    const orders = Array.from({ length: 60 }, (_, index) => String(index));
    const tally = { fenced: 0 };
    const stop = new AbortController();
    const first = copyOn(world, { id: "1", tally, stop: stop.signal });
    for (let at = 0; at < orders.length; at += 5) {
      await world.produce("orders", orders.slice(at, at + 5));
      const leave = new AbortController();
      const visitor = copyOn(world, { id: "2", tally, stop: leave.signal });
      await expect.poll(() => isShared(world), { timeout: 10_000 }).toBe(true);
      leave.abort();
      await visitor;
    }
    await expect
      .poll(async () => (await world.readTexts("copies")).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(orders.length);
    stop.abort();
    await first;
    expect((await world.readTexts("copies")).toSorted()).toEqual(orders.toSorted());
    expect(tally.fenced).toBeGreaterThan(0);
  }, 40_000);
});

function openCopier(world: TestWorld, client: KafkaClient = world.client): Consumer {
  return client.consumer({
    groupId: "copier",
    topics: ["orders"],
    autoOffsetReset: "earliest",
    autoCommitInterval: 0,
    heartbeatInterval: 30,
  });
}

async function readOn(consumer: Consumer): Promise<void> {
  for await (const _ of consumer);
}

async function isRebalancing(world: TestWorld): Promise<boolean> {
  const { state } = await world.client.admin.describeGroup("copier");
  return state === "PreparingRebalance";
}

async function isShared(world: TestWorld): Promise<boolean> {
  const { state, members } = await world.client.admin.describeGroup("copier");
  return state === "Stable" && members.length === 2;
}

interface Copying {
  readonly id: string;
  readonly tally: { fenced: number };
  readonly stop: AbortSignal;
}

/** Copies by threes, and goes back only where nothing was rebalanced. */
async function copyOn(world: TestWorld, { id, tally, stop }: Copying): Promise<void> {
  await using client = world.connect();
  const producer = client.producer({ transactionalId: `copier-${id}` });
  const consumer = openCopier(world, client);
  stop.addEventListener("abort", () => void consumer.close());
  while (!stop.aborted) {
    try {
      await producer.transaction(async () => {
        let count = 0;
        for await (const { value } of consumer) {
          await producer.send({ topic: "copies", value });
          count += 1;
          if (count === 3) break;
        }
        if (stop.aborted) throw new ClusterError("TRANSACTION_ABORTED", "it leaves");
        await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
      });
    } catch (error) {
      if (stop.aborted) return;
      expect(error).toMatchObject({ code: "COMMIT_FENCED" });
      tally.fenced += 1;
    }
  }
}

function textOf(value: Uint8Array | null): string {
  return decodeUtf8(value ?? new Uint8Array(0));
}
