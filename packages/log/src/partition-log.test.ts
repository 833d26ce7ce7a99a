import { readBaseOffset, readPartitionLeaderEpoch, updateCrc } from "@millrace/protocol/records";
import { writeInt64 } from "@millrace/protocol/wire";
import { describe, expect, it } from "vitest";
import { FailingFileSystem } from "../test-support/failing-file-system.ts";
import { batchesIn, batchOf, markerOf } from "../test-support/batches.ts";
import { firstLog, openTestLog, readFile, testPlatform } from "../test-support/open-test-log.ts";
import { ReadMemory } from "./read/read-memory.ts";

const client = { origin: "client" } as const;
const coordinator = { origin: "coordinator" } as const;
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };

describe("append", () => {
  it("gives offsets without gaps and patches them, and the leader epoch, in place (LOG-1)", async () => {
    const log = await openTestLog(testPlatform(), {}, { leaderEpoch: 7 });
    const batch = batchOf({ values: ["a", "b", "c"] });
    expect(log.append(batch, client)).toMatchObject({ baseOffset: 0, lastOffset: 2 });
    const second = batchOf();
    expect(log.append(second, client)).toMatchObject({ baseOffset: 3, lastOffset: 3 });
    expect(readBaseOffset(second, 0)).toBe(3);
    expect(readPartitionLeaderEpoch(second, 0)).toBe(7);
    expect(log.logEndOffset).toBe(4);
  });

  it("stores exactly the bytes that it hands out", async () => {
    const platform = testPlatform();
    const log = await openTestLog(platform);
    log.append(batchOf({ values: ["a", "b"] }), client);
    log.append(batchOf(), client);
    const { parts } = log.read(0, all);
    expect(Buffer.concat(parts)).toEqual(Buffer.from(readFile(platform, firstLog)));
  });

  it.each([
    ["CORRUPT_MESSAGE", (bytes: Uint8Array) => ((bytes[bytes.length - 1] ^= 1), bytes)],
    ["INVALID_RECORD", (bytes: Uint8Array) => ((bytes[16] = 1), bytes)],
    ["INVALID_RECORD", (bytes: Uint8Array) => ((bytes[7] = 5), bytes)],
    ["INVALID_RECORD", (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ["INVALID_RECORD", (bytes: Uint8Array) => Buffer.concat([bytes, batchOf()])],
    ["MESSAGE_TOO_LARGE", () => batchOf({ values: ["x".repeat(2000)] })],
    ["INVALID_RECORD", () => markerOf("commit", 1, 0)],
    ["INVALID_TIMESTAMP", () => batchOf({ timestamp: 2000 + 3_600_001 })],
    ["INVALID_RECORD", () => batchOf({ producerId: 1, producerEpoch: 0, baseSequence: -1 })],
  ])("refuses with %s and changes nothing", async (code, spoil) => {
    const platform = testPlatform();
    const log = await openTestLog(platform, { maxMessageBytes: 1000 });
    expect(() => log.append(spoil(batchOf()), client)).toThrow(expect.objectContaining({ code }));
    expect(log.logEndOffset).toBe(0);
    expect(readFile(platform, firstLog).length).toBe(0);
  });

  it("drops what follows a batch and is too short to be one", async () => {
    const log = await openTestLog(testPlatform());
    const { sizeBytes } = log.append(Buffer.concat([batchOf(), new Uint8Array(5)]), client);
    expect(sizeBytes).toBe(batchOf().length);
  });

  it("refuses records without a key on a compacted topic, naming each", async () => {
    const log = await openTestLog(testPlatform(), { isCompacted: true });
    const batch = batchOf({ values: ["a", "b"], key: null });
    expect(() => log.append(batch, client)).toThrow(
      expect.objectContaining({
        code: "INVALID_RECORD",
        recordErrors: [
          expect.objectContaining({ batchIndex: 0 }),
          expect.objectContaining({ batchIndex: 1 }),
        ],
      }),
    );
  });

  it.each([
    [2000 + 3_600_001, "more than 3600000 ms ahead of the broker's time", "after"],
    [2000 - 1001, "more than 1000 ms behind the broker's time", "before"],
  ])("says which config a record's time %d is beyond", async (timestamp, beyond, which) => {
    const log = await openTestLog(testPlatform(), { messageTimestampBeforeMaxMs: 1000 });
    expect(() => log.append(batchOf({ timestamp }), client)).toThrow(
      expect.objectContaining({
        recordErrors: [
          {
            batchIndex: 0,
            message: `timestamp ${timestamp} of a record is ${beyond}, which message.timestamp.${which}.max.ms does not allow`,
          },
        ],
      }),
    );
  });

  it("goes by the timestamps of the records where a header lies about the largest", async () => {
    const log = await openTestLog(testPlatform());
    const batch = batchOf({ values: ["a", "b"] });
    writeInt64(batch, 35, 1500);
    updateCrc(batch, 0);
    log.append(batch, client);
    expect(log.maxTimestamp()).toMatchObject({ offset: 1, timestamp: 1001 });
  });

  it("stamps batches with its own time where the topic says so", async () => {
    const log = await openTestLog(testPlatform(), { messageTimestampType: "LogAppendTime" });
    expect(log.append(batchOf({ values: ["a", "b"] }), client).logAppendTime).toBe(2000);
    expect(log.offsetForTimestamp(1500)).toMatchObject({ offset: 0, timestamp: 2000 });
  });

  it("takes a write back that the disk cut short, and goes on once there is room (C4)", async () => {
    const disk = new FailingFileSystem(testPlatform().fileSystem);
    const platform = testPlatform(disk.fileSystem);
    const log = await openTestLog(platform);
    log.append(batchOf(), client);
    disk.writableBytes = 10;
    expect(() => log.append(batchOf(), client)).toThrow(
      expect.objectContaining({
        code: "WRITE_FAILED",
        message: expect.stringContaining("no space left"),
      }),
    );
    disk.writableBytes = Number.POSITIVE_INFINITY;
    expect(readFile(platform, firstLog).length).toBe(batchOf().length);
    expect(log.append(batchOf(), client).baseOffset).toBe(1);
  });
});

describe("idempotence", () => {
  const from = (baseSequence: number, count = 1, producerEpoch = 0) =>
    batchOf({ producerId: 9, producerEpoch, baseSequence, values: Array(count).fill("v") });

  it("answers a repeated batch of the newest five with its first offset", async () => {
    const log = await openTestLog(testPlatform());
    for (let sequence = 0; sequence < 6; sequence++) log.append(from(sequence), client);
    expect(log.append(from(1), client)).toMatchObject({ isDuplicate: true, baseOffset: 1 });
    expect(() => log.append(from(0), client)).toThrow(
      expect.objectContaining({ code: "OUT_OF_ORDER_SEQUENCE_NUMBER" }),
    );
    expect(log.logEndOffset).toBe(6);
  });

  it("refuses gaps, old epochs, and new epochs that do not begin at 0", async () => {
    const log = await openTestLog(testPlatform());
    log.append(from(0, 3, 1), client);
    const code = (sequence: number, epoch: number) => {
      try {
        log.append(from(sequence, 1, epoch), client);
        return "accepted";
      } catch (error) {
        return error instanceof Error && "code" in error ? error.code : error;
      }
    };
    expect(code(4, 1)).toBe("OUT_OF_ORDER_SEQUENCE_NUMBER");
    expect(code(3, 0)).toBe("INVALID_PRODUCER_EPOCH");
    expect(code(3, 2)).toBe("OUT_OF_ORDER_SEQUENCE_NUMBER");
    expect(code(0, 2)).toBe("accepted");
  });

  it("lets sequences wrap from 2^31 - 1 to 0, also inside a batch", async () => {
    const log = await openTestLog(testPlatform());
    const max = 2 ** 31 - 1;
    log.append(from(max - 1, 2), client);
    expect(log.append(from(0, 2), client).isDuplicate).toBe(false);
    const other = await openTestLog(testPlatform());
    other.append(from(max - 1, 4), client);
    expect(other.append(from(max - 1, 4), client).isDuplicate).toBe(true);
    expect(other.append(from(2), client).baseOffset).toBe(4);
  });

  it("takes any sequence of a producer that it does not know", async () => {
    const log = await openTestLog(testPlatform());
    expect(log.append(from(77), client).baseOffset).toBe(0);
  });
});

describe("transactions", () => {
  const unverified = { transactionVerificationEnabled: false };
  const data = (producerId: number, baseSequence = 0, producerEpoch = 0) =>
    batchOf({ producerId, producerEpoch, baseSequence, isTransactional: true });

  it("holds the last stable offset at the oldest open transaction until its marker is visible", async () => {
    const log = await openTestLog(testPlatform(), unverified);
    log.append(batchOf(), client);
    log.append(data(1), client);
    log.append(data(2), client);
    log.advanceHighWatermark(3);
    expect(log.lastStableOffset).toBe(1);
    log.append(markerOf("abort", 1, 0), coordinator);
    expect(log.lastStableOffset).toBe(1);
    log.advanceHighWatermark(4);
    expect(log.lastStableOffset).toBe(2);
    log.append(markerOf("commit", 2, 0), coordinator);
    log.advanceHighWatermark(5);
    expect(log.lastStableOffset).toBe(5);
    expect(log.abortedTransactions(0, 5)).toEqual([{ producerId: 1, firstOffset: 1 }]);
    expect(log.abortedTransactions(4, 5)).toEqual([]);
  });

  it("refuses the first batch of a transaction without the coordinator's word", async () => {
    const log = await openTestLog(testPlatform());
    const invalid = expect.objectContaining({ code: "INVALID_TXN_STATE" });
    expect(() => log.append(data(1), client)).toThrow(invalid);
    const asked = { producerId: 1, producerEpoch: 0, baseSequence: 0, supportsEpochBump: true };
    const verificationGuard = log.startTransactionVerification(asked);
    expect(log.append(data(1), { ...client, verificationGuard }).baseOffset).toBe(0);
    expect(log.startTransactionVerification(asked)).toBeUndefined();
    log.append(data(1, 1), client);
    log.append(markerOf("abort", 1, 1), { ...coordinator, transactionVersion: 2 });
    expect(() => log.append(data(1, 0, 1), { ...client, verificationGuard })).toThrow(invalid);
  });

  it("demands a raised epoch of markers since version 2, but takes a repeated one", async () => {
    const log = await openTestLog(testPlatform(), unverified);
    log.append(data(1), client);
    const version2 = { ...coordinator, transactionVersion: 2 };
    expect(() => log.append(markerOf("commit", 1, 0), version2)).toThrow(
      expect.objectContaining({ code: "INVALID_PRODUCER_EPOCH" }),
    );
    log.append(markerOf("commit", 1, 1), version2);
    log.append(markerOf("commit", 1, 1), version2);
    expect(() => log.append(data(1, 1), client)).toThrow(
      expect.objectContaining({ code: "INVALID_PRODUCER_EPOCH" }),
    );
  });

  it("refuses a coordinator that was replaced, and writes outside of an open transaction", async () => {
    const log = await openTestLog(testPlatform(), unverified);
    log.append(data(1), client);
    log.append(markerOf("commit", 1, 0, 5), coordinator);
    expect(() => log.append(markerOf("commit", 1, 0, 4), coordinator)).toThrow(
      expect.objectContaining({ code: "TRANSACTION_COORDINATOR_FENCED" }),
    );
    log.append(data(1, 1), client);
    const plain = batchOf({ producerId: 1, producerEpoch: 0, baseSequence: 2 });
    expect(() => log.append(plain, client)).toThrow(
      expect.objectContaining({ code: "INVALID_TXN_STATE" }),
    );
  });
});

describe("read", () => {
  const fill = async (config = {}) => {
    const log = await openTestLog(testPlatform(), config);
    for (let index = 0; index < 10; index++)
      log.append(batchOf({ values: ["a", "b", "c"], timestamp: 1000 + index * 10 }), client);
    return log;
  };
  const size = batchOf({ values: ["a", "b", "c"] }).length;

  describe.each([
    ["the tail cache", {}],
    ["the files", { tailCacheBytes: 0 }],
    ["many segments", { tailCacheBytes: 0, segmentBytes: 2 * size, indexIntervalBytes: 1 }],
  ])("from %s", (_, config) => {
    it("gives the whole batch for an offset inside of it", async () => {
      const log = await fill(config);
      expect(batchesIn(log.read(4, { ...all, maxBytes: size }))).toEqual([[3, 3]]);
      expect(log.read(5, { ...all, maxBytes: size }).nextOffset).toBe(6);
    });

    it("gives a first batch above the limit only if asked to", async () => {
      const log = await fill(config);
      expect(log.read(3, { ...all, maxBytes: 1 }).parts).toEqual([]);
      expect(batchesIn(log.read(3, { ...all, maxBytes: 1, minOneBatch: true }))).toEqual([[3, 3]]);
    });

    it("stops below the bound, whatever the budget", async () => {
      const log = await fill(config);
      expect(batchesIn(log.read(0, { ...all, upTo: 3, minOneBatch: true }))).toEqual([[0, 3]]);
      expect(log.read(3, { ...all, upTo: 3, minOneBatch: true }).parts).toEqual([]);
    });

    it("tells what lies behind the budget, as far as the bound", async () => {
      const log = await fill(config);
      const whole = log.read(3, { ...all, maxBytes: size }).parts[0];
      const { rest } = log.read(0, { ...all, maxBytes: size + 10 });
      expect(rest).toEqual(whole);
      expect(log.read(0, { ...all, maxBytes: size + 10, upTo: 3 }).rest).toHaveLength(0);
      expect(log.read(27, { ...all, maxBytes: size + 10 }).rest).toHaveLength(0);
    });

    it("comes past every record in order", async () => {
      const log = await fill(config);
      const seen: [number, number][] = [];
      for (let offset = 0; offset < log.logEndOffset;) {
        const slice = log.read(offset, { ...all, maxBytes: 3 * size });
        seen.push(...batchesIn(slice));
        offset = slice.nextOffset;
      }
      expect(seen).toEqual(Array.from({ length: 10 }, (_unused, index) => [index * 3, 3]));
    });

    it("finds records by time, exact to the record", async () => {
      const log = await fill(config);
      expect(log.offsetForTimestamp(1031)).toMatchObject({ offset: 10, timestamp: 1031 });
      expect(log.offsetForTimestamp(1033)).toMatchObject({ offset: 12, timestamp: 1040 });
      expect(log.offsetForTimestamp(0)).toMatchObject({ offset: 0, leaderEpoch: 1 });
      expect(log.offsetForTimestamp(1093)).toBeUndefined();
      expect(log.maxTimestamp()).toMatchObject({ offset: 29, timestamp: 1092 });
    });
  });

  it("of little in front of the bound holds no more than that", async () => {
    const log = await openTestLog(testPlatform(), { tailCacheBytes: 0 });
    for (const value of ["little", "x".repeat(500_000), "x".repeat(500_000)])
      log.append(batchOf({ values: [value] }), client);
    const memory = new ReadMemory();
    const whole = { ...all, maxBytes: 2_000_000, memory };
    const first = log.read(0, { ...whole, upTo: 1 });
    expect(batchesIn(first)).toEqual([[0, 1]]);
    expect(first.parts[0].buffer.byteLength).toBe(first.sizeBytes);
    expect(memory.freeBytes).toBeGreaterThan(1_000_000);
    expect(batchesIn(log.read(0, whole))).toHaveLength(3);
    expect(memory.freeBytes).toBe(0);
    expect(batchesIn(first)).toEqual([[0, 1]]);
  });

  it.each([0, 1_000_000])("ends with the segment, a cache of %i bytes", async (tailCacheBytes) => {
    const log = await fill({ tailCacheBytes, segmentBytes: 2 * size });
    expect(log.read(0, all)).toMatchObject({ nextOffset: 6, upTo: 6 });
    expect(log.read(9, all)).toMatchObject({ nextOffset: 12, upTo: 12 });
    expect(log.read(24, { ...all, upTo: 27 })).toMatchObject({ nextOffset: 27, upTo: 27 });
  });

  it("refuses offsets outside of the log and gives nothing at its end", async () => {
    const log = await fill();
    const outside = expect.objectContaining({ code: "OFFSET_OUT_OF_RANGE" });
    expect(() => log.read(31, all)).toThrow(outside);
    expect(() => log.read(-1, all)).toThrow(outside);
    expect(log.read(30, all).parts).toEqual([]);
  });

  it("deletes records only after the new start is durable, and segments below it (C11)", async () => {
    const platform = testPlatform();
    const saved: number[] = [];
    const saveLogStartOffset = async (offset: number) => {
      expect(platform.fileSystem.stat(firstLog)).toBeDefined();
      saved.push(offset);
    };
    const config = { segmentBytes: 2 * size };
    const log = await openTestLog(platform, config, { saveLogStartOffset });
    for (let index = 0; index < 10; index++)
      log.append(batchOf({ values: ["a", "b", "c"] }), client);
    await expect(log.deleteRecordsBefore(7)).rejects.toMatchObject({ code: "OFFSET_OUT_OF_RANGE" });
    log.advanceHighWatermark(30);
    expect(await log.deleteRecordsBefore(7)).toBe(7);
    expect(saved).toEqual([7]);
    expect(log.segments()[0]).toMatchObject({ baseOffset: 6, endOffset: 12 });
    expect(platform.fileSystem.stat(firstLog)).toBeUndefined();
    expect(() => log.read(6, all)).toThrow();
    expect(batchesIn(log.read(7, { ...all, maxBytes: size }))).toEqual([[6, 3]]);
    await log.sync();
    await log.close();
  });
});

describe("sync", () => {
  it("covers everything appended before the call, also while another one runs (LOG-3)", async () => {
    const log = await openTestLog(testPlatform());
    log.append(batchOf(), client);
    const first = log.sync();
    log.append(batchOf(), client);
    const second = log.sync();
    await first;
    expect(log.durableOffset).toBe(1);
    await second;
    expect(log.durableOffset).toBe(2);
  });

  it("fails the log for good when the device fails", async () => {
    const disk = new FailingFileSystem(testPlatform().fileSystem);
    const log = await openTestLog(testPlatform(disk.fileSystem));
    log.append(batchOf(), client);
    disk.areSyncsFailing = true;
    await expect(log.sync()).rejects.toMatchObject({ code: "LOG_FAILED" });
    disk.areSyncsFailing = false;
    await expect(log.sync()).rejects.toMatchObject({ code: "LOG_FAILED" });
    expect(() => log.append(batchOf(), client)).toThrow(
      expect.objectContaining({ code: "LOG_FAILED" }),
    );
    expect(log.durableOffset).toBe(0);
    await log.close();
    await log.close();
  });
});

describe("the leader epoch", () => {
  it("is noted where it begins and tells where older ones end", async () => {
    const platform = testPlatform();
    const first = await openTestLog(platform, {}, { leaderEpoch: 3 });
    first.append(batchOf({ values: ["a", "b"] }), client);
    await first.close();
    const second = await openTestLog(platform, {}, { leaderEpoch: 5 });
    second.append(batchOf(), client);
    await second.sync();
    expect(second.endOffsetForEpoch(3)).toEqual({ leaderEpoch: 3, endOffset: 2 });
    expect(second.endOffsetForEpoch(4)).toEqual({ leaderEpoch: 3, endOffset: 2 });
    expect(second.endOffsetForEpoch(5)).toEqual({ leaderEpoch: 5, endOffset: 3 });
    expect(second.endOffsetForEpoch(6)).toBeUndefined();
    const third = await openTestLog(platform, {}, { leaderEpoch: 6 });
    expect(third.endOffsetForEpoch(3)).toEqual({ leaderEpoch: 3, endOffset: 2 });
    expect(third.epochForOffset(2)).toBe(5);
  });
});
