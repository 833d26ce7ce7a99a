import { PartitionLog } from "@millrace/log";
import { encodeUtf8, noHeaders } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import { describe, expect, it } from "vitest";
import { Durability, type DurabilityLevel } from "./durability.ts";
import { Partition } from "./partition.ts";

const batchesPerSegment = 2;

function batch(): Uint8Array {
  const builder = new RecordBatchBuilder();
  builder.append(1000, null, encodeUtf8("value"), noHeaders);
  return builder.build().slice();
}

async function open(level: DurabilityLevel) {
  const platform = memoryPlatform();
  platform.fileSystem.makeDirectory("data");
  const log = await PartitionLog.open({
    platform,
    path: "data/orders-0",
    topic: "orders",
    partition: 0,
    leaderEpoch: 1,
    config: { segmentBytes: batchesPerSegment * batch().length },
  });
  const fail = (failure: Error) => {
    throw failure;
  };
  const durability = new Durability(level, platform.timers, fail);
  return { log, partition: Partition.of(log, "AAAAAAAAAAAAAAAAAAAAAA", durability) };
}

/** Until what was begun has come to an end: a memory disk answers within a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}

describe("what an append waits for", () => {
  it.each(["memory", "os"] as const)("is nothing with %s", async (level) => {
    const { partition } = await open(level);
    partition.append(batch(), { origin: "client" });
    expect(partition.highWatermark).toBe(1);
  });

  it.each([
    ["os", 3],
    ["memory", 0],
  ] as const)("with %s, closed segments bring the durable offset to %i", async (level, durable) => {
    const { log, partition } = await open(level);
    for (let count = 0; count <= batchesPerSegment; count++) {
      expect(log.durableOffset).toBe(0);
      partition.append(batch(), { origin: "client" });
      await settle();
    }
    expect(log.durableOffset).toBe(durable);
  });
});
