import { LogStorageError } from "@millrace/log";
import { type TopicPartition } from "@millrace/model";
import { FileSystemError, silentLogger } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { zeroUuid } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { batchOf } from "../../test-support/test-client.ts";
import { AbsentLog } from "./absent-log.ts";
import { Durability } from "./durability.ts";
import type { LogOfPartition } from "./log-of-partition.ts";
import { type OpenLogRequest, Partitions } from "./partitions.ts";

const durability = new Durability("memory", memoryPlatform().timers, () => {});
const topic = { name: "orders", topicId: zeroUuid, partitionCount: 2, properties: new Map() };

/** Partitions whose logs are made as a test says, and where each was asked for. */
function partitionsOf(create: (request: OpenLogRequest) => LogOfPartition) {
  const asked: number[] = [];
  const partitions = new Partitions({
    logs: {
      open: () => Promise.resolve(undefined),
      create: (request) => {
        asked.push(request.partition);
        return create(request);
      },
      isMade: (_place: TopicPartition) => false,
      remove: () => Promise.resolve(),
      removed: () => Promise.resolve(),
    },
    durability,
    logger: silentLogger,
    leaderEpoch: 1,
    configOf: () => ({}),
    topicOf: () => topic,
  });
  partitions.add(topic);
  return { partitions, asked };
}

/** A log that takes everything and keeps nothing. */
function takingLog({ topic: name, partition, leaderEpoch }: OpenLogRequest): LogOfPartition {
  const place = { topic: name, partition, leaderEpoch, config: {} as LogOfPartition["config"] };
  return Object.assign(new AbsentLog(place), {
    append: () => ({
      isDuplicate: true,
      baseOffset: 0,
      lastOffset: 0,
      logAppendTime: -1,
      logStartOffset: 0,
      sizeBytes: 0,
    }),
    startTransactionVerification: () => undefined,
    roll: () => {},
    upkeep: {
      retain: () => Promise.resolve(undefined),
      removeRetired: () => {},
      cleanable: () => undefined,
      compact: () => Promise.resolve(undefined),
    },
  });
}

const append = (partitions: Partitions, index: number) =>
  partitions.find("orders", index)?.append(batchOf(["a"]), { origin: "client" });

test("BROKER-5: a partition is there only if the metadata has it", () => {
  const { partitions } = partitionsOf(takingLog);
  expect(partitions.find("orders", 1)?.isMade).toBe(false);
  expect(partitions.find("orders", 2)).toBeUndefined();
});

test("BROKER-11: a partition gets its log once, with its first write", () => {
  const { partitions, asked } = partitionsOf(takingLog);
  expect(asked).toEqual([]);
  append(partitions, 1);
  append(partitions, 1);
  expect(asked).toEqual([1]);
  expect(partitions.find("orders", 1)?.isMade).toBe(true);
  expect(partitions.find("orders", 0)?.isMade).toBe(false);
});

test("a full disk refuses the first write, and the next one tries again", () => {
  let isFull = true;
  const { partitions } = partitionsOf((request) => {
    if (isFull) throw new FileSystemError("DISK_FULL", "/data/orders-1", "the disk is full");
    return takingLog(request);
  });
  expect(() => append(partitions, 1)).toThrow(
    expect.objectContaining({ code: "WRITE_FAILED", retriable: true }),
  );
  isFull = false;
  append(partitions, 1);
  expect(partitions.find("orders", 1)?.isMade).toBe(true);
});

test("a folder that cannot be used takes its partition offline, and no other", () => {
  const { partitions, asked } = partitionsOf((request) => {
    if (request.partition === 1)
      throw new FileSystemError("PERMISSION_DENIED", "/data/orders-1", "permission denied");
    return takingLog(request);
  });
  for (let count = 0; count < 2; count++)
    expect(() => append(partitions, 1)).toThrow(expect.objectContaining({ code: "LOG_UNUSABLE" }));
  expect(asked).toEqual([1]);
  expect(partitions.find("orders", 1)?.hasLeader).toBe(false);
  append(partitions, 0);
  expect(partitions.find("orders", 0)?.hasLeader).toBe(true);
});

test("a device that failed makes nothing any more", () => {
  const { partitions, asked } = partitionsOf(takingLog);
  partitions.failAll(new LogStorageError("LOG_FAILED", "a sync failed"));
  expect(() => append(partitions, 0)).toThrow(expect.objectContaining({ code: "LOG_FAILED" }));
  expect(asked).toEqual([]);
});
