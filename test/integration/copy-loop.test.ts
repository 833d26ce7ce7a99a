import { ClusterError } from "@millrace/cluster";
import { decodeUtf8 } from "@millrace/model";
import { expect, test } from "vitest";

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
  const copies = await world.read("copies");
  expect(copies.map(({ value }) => decodeUtf8(value ?? new Uint8Array(0)))).toEqual(orders);
  const [{ offset }] = await world.client.admin.groupOffsets("copier");
  expect(offset).toBe(orders.length);
});
