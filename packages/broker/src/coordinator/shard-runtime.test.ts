import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { MemoryCoordinatorLogs } from "../../test-support/memory-coordinator-logs.ts";
import { answer, type CoordinatorRecordCodec, type ShardTimers } from "./coordinator-shard.ts";
import { ShardRuntime } from "./shard-runtime.ts";
import {
  transactionRecordCodec,
  type TransactionRecord,
} from "./transaction/transaction-record.ts";

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

test("what becomes durable after the close starts no timer, which would keep the process", async () => {
  const platform = memoryPlatform();
  let timers: ShardTimers<TransactionRecord> | undefined;
  const runtime = new ShardRuntime({
    topic: "__transaction_state",
    logs: new MemoryCoordinatorLogs({ platform, syncMs: 10 }),
    codec: transactionRecordCodec,
    createShard: (_partition, given) => {
      timers = given;
      return shard;
    },
    platform,
  });
  const isScheduled: unknown[] = [];
  const record = { transactionalId: "t", metadata: null };
  const writing = runtime.write(0, () => ({
    records: [record],
    response: undefined,
    settled: () => {
      timers?.schedule("session", 45_000, () => ({ records: [], response: undefined }));
      isScheduled.push(timers?.isScheduled("session"));
    },
  }));
  runtime.close();
  await platform.until(writing);
  expect(isScheduled).toEqual([false]);
});

test.each([
  [
    "all of them where a record adds to those before it",
    false,
    ["a1", "b1", "a2", "c1", "b-", "a3"],
  ],
  ["of each key the last one alone where that says all", true, ["c1", "b-", "a3"]],
])("a load folds in %s", (_what, isLastOfKeyAll, expected) => {
  const platform = memoryPlatform();
  const logs = new MemoryCoordinatorLogs({ platform });
  const decoded: string[] = [];
  const codec: CoordinatorRecordCodec<string> = {
    isLastOfKeyAll,
    encode: (text) => ({
      key: encodeUtf8(text[0]),
      value: text[1] === "-" ? null : encodeUtf8(text[1]),
    }),
    decode({ key, value }) {
      decoded.push(decodeUtf8(key));
      return `${decodeUtf8(key)}${value === null ? "-" : decodeUtf8(value)}`;
    },
  };
  const log = logs.open("__transaction_state", 0);
  for (const text of ["a1", "b1", "a2", "c1", "b-", "a3"]) log.append([codec.encode(text)]);
  const folded: string[] = [];
  const runtime = new ShardRuntime({
    topic: "__transaction_state",
    logs,
    codec,
    createShard: () => ({ ...shard, replay: (text: string) => folded.push(text) }),
    platform,
  });
  expect(runtime.loadExisting()).toBeUndefined();
  expect(folded).toEqual(expected);
  expect(decoded).toHaveLength(expected.length);
});
