import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodePlatform } from "@millrace/platform/node";
import { fetchApi } from "@millrace/protocol/definitions";
import {
  isCrcValid,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
} from "@millrace/protocol/records";
import { expect, test } from "vitest";
import { TestClient } from "../../test-support/test-client.ts";
import { Broker } from "../broker.ts";

const batchCount = 45;
const batchBytes = 200_000;
const fetchBytes = 900_000;

/** Takes what comes in pieces, with rests, as a client does that has much else to do. */
function slowly(client: TestClient, restMs: number): () => void {
  const { connection } = client;
  let isOver = false;
  const step = () => {
    if (isOver) return;
    connection.resume();
    setImmediate(() => {
      if (isOver) return;
      connection.pause();
      setTimeout(step, restMs);
    });
  };
  step();
  return () => {
    isOver = true;
    connection.resume();
  };
}

/** Offset behind the last whole batch; each must be as it was written, and in its place. */
function checkedEnd(bytes: Uint8Array, from: number): number {
  let next = -1;
  for (let at = 0; at + 61 <= bytes.length;) {
    const size = readBatchSizeBytes(bytes, at);
    if (at + size > bytes.length) break;
    expect(isCrcValid(bytes, at)).toBe(true);
    const base = readBaseOffset(bytes, at);
    expect(base).toBe(next < 0 ? from : next);
    next = readLastOffset(bytes, at) + 1;
    at += size;
  }
  return next;
}

async function withColdLog(story: (connect: () => Promise<TestClient>) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), "millrace-slow-"));
  const platform = nodePlatform();
  const start = () =>
    Broker.start(platform, {
      dataDirectory: directory,
      port: 0,
      reserveBytes: 0,
      durability: "memory",
      properties: { "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1 },
    });
  let broker = await start();
  try {
    const writer = await TestClient.connect(platform, broker.address);
    await writer.createTopic("orders", 1, { "segment.bytes": "4000000" });
    for (let count = 0; count < batchCount; count++)
      await writer.produce("orders", [String.fromCharCode(97 + (count % 26)).repeat(batchBytes)]);
    // What was just written is in memory.
    await broker.close();
    broker = await start();
    await story(() => TestClient.connect(platform, broker.address));
  } finally {
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function fetch(client: TestClient, fetchOffset: number): Promise<Uint8Array> {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: fetchBytes }];
  const answer = await client.ask(fetchApi, 12, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: fetchBytes,
    topics: [{ topic: "orders", partitions }],
  });
  return answer?.responses[0].partitions[0].records ?? new Uint8Array(0);
}

const offsets = Array.from({ length: 10 }, (_, index) => index * 4);

test(
  "readers of a cold log who take their answers slowly get what was written, while others come, hurry and go away",
  () =>
    withColdLog(async (connect) => {
      const readAll = async (restMs: number) => {
        const client = await connect();
        if (restMs > 0) client.connection.pause();
        // More than the system's buffers take: the rest waits in the broker's memory.
        const asked = offsets.map((offset) => fetch(client, offset));
        await new Promise((resolve) => setTimeout(resolve, 50 * restMs));
        const stop = slowly(client, restMs);
        const ends = (await Promise.all(asked)).map((bytes, index) =>
          checkedEnd(bytes, offsets[index]),
        );
        stop();
        client.connection.destroy();
        return ends;
      };
      const leave = async (afterMs: number) => {
        const client = await connect();
        client.connection.pause();
        for (const offset of offsets.toReversed()) void fetch(client, offset);
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        client.connection.destroy();
      };
      const reading = [3, 2, 0].map(readAll);
      for (const afterMs of [5, 20]) await leave(afterMs);
      reading.push(readAll(0));
      // A read ends with its segment, at the latest.
      for (const ends of await Promise.all(reading))
        for (const [index, end] of ends.entries()) expect(end).toBeGreaterThan(offsets[index]);
    }),
  60_000,
);
