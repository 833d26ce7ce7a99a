import { LogStorageError } from "@millrace/log";
import { FileSystemError, type Logger, silentLogger } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { zeroUuid } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { batchOf } from "../../test-support/test-client.ts";
import { AbsentLog } from "./absent-log.ts";
import { Durability } from "./durability.ts";
import type { LogOfPartition } from "./log-of-partition.ts";
import { type OpenLogRequest, type PartitionLogs, Partitions } from "./partitions.ts";

const durability = new Durability("memory", memoryPlatform().timers, () => {});
const topic = { name: "orders", topicId: zeroUuid, partitionCount: 2, properties: new Map() };

type PartitionRig = Pick<PartitionLogs, "isMade" | "open"> & Pick<Logger, "log">;

/** Partitions whose logs are made as a test says, and where each was asked for. */
function partitionsOf(
  create: (request: OpenLogRequest) => LogOfPartition,
  {
    isMade = () => false,
    open = () => Promise.resolve(undefined),
    log,
  }: Partial<PartitionRig> = {},
) {
  const asked: number[] = [];
  const partitions = new Partitions({
    logs: {
      open,
      create: (request) => {
        asked.push(request.partition);
        return create(request);
      },
      isMade,
      remove: () => Promise.resolve(),
      removed: () => Promise.resolve(),
    },
    durability,
    logger: log === undefined ? silentLogger : { isEnabled: () => true, log },
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

test("what the device keeps a start from opening is told of each partition: the start ends with one of these errors", async () => {
  const told: unknown[] = [];
  const { partitions } = partitionsOf(takingLog, {
    isMade: () => true,
    open: ({ partition }) =>
      Promise.reject(new FileSystemError("INPUT_OUTPUT", `/orders-${partition}`, "")),
    log: (_, event, fields) => void told.push([event, fields?.["partition"]]),
  });
  const opening = partitions.openAtStart([topic], () => Promise.resolve());
  await expect(opening).rejects.toThrow("/orders-0");
  expect(told).toEqual([
    ["broker.partition-not-opened", 0],
    ["broker.partition-not-opened", 1],
  ]);
});

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
