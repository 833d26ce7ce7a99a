import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { MemoryCoordinatorLogs } from "../../test-support/memory-coordinator-logs.ts";
import { answer } from "./coordinator-shard.ts";
import { ShardRuntime } from "./shard-runtime.ts";
import { transactionRecordCodec } from "./transaction/transaction-record.ts";

const shard = { replay: () => {}, replayMarker: () => {}, loaded: () => {} };

test("COORDINATOR-1: one write at a time in a shard", async () => {
  const platform = memoryPlatform();
  const runtime = new ShardRuntime({
    topic: "__transaction_state",
    logs: new MemoryCoordinatorLogs({ platform }),
    codec: transactionRecordCodec,
    createShard: () => shard,
    platform,
  });
  const nested: Promise<unknown>[] = [];
  const outer = runtime.write(0, () => {
    nested.push(runtime.write(0, () => answer("inner")));
    return answer("outer");
  });
  expect(await outer).toBe("outer");
  await expect(nested[0]).rejects.toMatchObject({ law: "COORDINATOR-1" });
  expect(await runtime.read(0, () => "later")).toBe("later");
});
