import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import {
  BatchCursor,
  decodeControlBatch,
  hasDeleteHorizon,
  isControl,
  readAttributes,
  readBaseOffset,
  readBaseTimestamp,
  readLastOffset,
  readRecordCount,
  RecordBatchBuilder,
  RecordBatchReader,
} from "@millrace/protocol/records";
import { describe, expect, it } from "vitest";
import { markerOf } from "../../test-support/batches.ts";
import { openTestLog, testPath, testPlatform } from "../../test-support/open-test-log.ts";
import type { LogConfig } from "../log-config.ts";
import type { PartitionLogOptions } from "../log-types.ts";
import type { CompactionOptions } from "../partition/compact-log.ts";
import type { PartitionLog } from "../partition-log.ts";

const compacting: CompactionOptions = {
  offsetMapBytes: 1_000_000,
  offsetMapLoadFactor: 0.9,
  sliceBytes: 200,
  rest: async () => {},
};

function worldAt(nowMs: number) {
  const now = { ms: nowMs };
  const platform = {
    ...testPlatform(),
    clock: { wallMs: () => now.ms, monotonicMs: () => now.ms },
  };
  return { platform, now };
}

type Entry = readonly [key: string, value: string | null];

interface From {
  readonly producerId?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly timestamp?: number;
}

function put(log: PartitionLog, entries: readonly Entry[], from: From = {}): void {
  const { producerId = -1, baseSequence = -1, isTransactional = false, timestamp = 1000 } = from;
  const builder = new RecordBatchBuilder({ capacityBytes: 256 });
  for (const [key, value] of entries)
    builder.append(
      timestamp,
      encodeUtf8(key),
      value === null ? null : encodeUtf8(value),
      noHeaders,
    );
  const producerEpoch = producerId < 0 ? -1 : 0;
  const batch = builder.build({ producerId, producerEpoch, baseSequence, isTransactional });
  log.append(batch.slice(), { origin: "client" });
}

async function openLog(
  platform: Platform,
  config: Partial<LogConfig> = {},
  options: Partial<PartitionLogOptions> = {},
): Promise<PartitionLog> {
  const compacted = { isCompacted: true, isDeleted: false, segmentBytes: 400 };
  return openTestLog(
    platform,
    { ...compacted, transactionVerificationEnabled: false, ...config },
    options,
  );
}

/** Compacts all but what is written last. */
async function compact(log: PartitionLog, options: Partial<CompactionOptions> = {}) {
  log.roll();
  await log.sync();
  log.advanceHighWatermark(log.logEndOffset);
  return log.upkeep.compact({ ...compacting, ...options });
}

function* batchesOf(log: PartitionLog): Generator<Uint8Array> {
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const slice = log.read(offset, { maxBytes: 1000, upTo: log.logEndOffset, minOneBatch: true });
    for (const part of slice.parts) {
      const cursor = new BatchCursor(part);
      while (cursor.next())
        yield part.subarray(cursor.position, cursor.position + cursor.sizeBytes);
    }
    if (slice.nextOffset === offset) return;
    offset = slice.nextOffset;
  }
}

/** `offset key=value` of all records, tombstones without a value; markers by what they say. */
function recordsOf(log: PartitionLog): string[] {
  const found: string[] = [];
  for (const bytes of batchesOf(log)) {
    if (isControl(readAttributes(bytes, 0))) {
      found.push(`${readBaseOffset(bytes, 0)} ${decodeControlBatch(bytes, 0)?.type ?? "empty"}`);
      continue;
    }
    const records = new RecordBatchReader({ bytes });
    while (records.next()) {
      const { key, value, offset } = records;
      const said = value === null ? "" : `=${decodeUtf8(value)}`;
      found.push(`${offset} ${key === null ? "" : decodeUtf8(key)}${said}`);
    }
  }
  return found;
}

describe("compaction", () => {
  it("keeps the last record of each key at its offset, and all that is not closed", async () => {
    const { platform } = worldAt(2000);
    const log = await openLog(platform);
    for (let index = 0; index < 12; index++) put(log, [[`k${index % 3}`, `v${index}`]]);
    const result = await compact(log);
    put(log, [["k0", "open"]]);
    expect(recordsOf(log)).toEqual(["9 k0=v9", "10 k1=v10", "11 k2=v11", "12 k0=open"]);
    expect(result).toMatchObject({ firstDirtyOffset: 0, endOffset: 12 });
    // What has shrunk becomes one the next time.
    expect(log.segments().map(({ baseOffset }) => baseOffset)).toEqual([0, 5, 10, 12]);
    await compact(log);
    expect(log.segments().map(({ baseOffset }) => baseOffset)).toEqual([0, 13]);
    expect(recordsOf(log)).toEqual(["10 k1=v10", "11 k2=v11", "12 k0=open"]);
    expect(log.offsetForTimestamp(0)?.offset).toBe(10);
  });

  it("leaves other records of a batch where they are", async () => {
    const { platform } = worldAt(2000);
    const log = await openLog(platform);
    put(log, [
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ]);
    put(log, [["c", "4"]]);
    await compact(log);
    expect(recordsOf(log)).toEqual(["1 b=2", "2 a=3", "3 c=4"]);
    const [first] = batchesOf(log);
    expect([readBaseOffset(first, 0), readLastOffset(first, 0), readRecordCount(first, 0)]).toEqual(
      [0, 2, 2],
    );
  });

  it("keeps a tombstone for delete.retention.ms after it has come by", async () => {
    const { platform, now } = worldAt(2000);
    const log = await openLog(platform, { deleteRetentionMs: 500 });
    put(log, [["a", "1"]]);
    put(log, [["a", null]]);
    put(log, [["z", "1"]]);
    await compact(log);
    expect(recordsOf(log)).toEqual(["1 a", "2 z=1"]);
    const [tombstone] = batchesOf(log);
    expect(hasDeleteHorizon(readAttributes(tombstone, 0))).toBe(true);
    expect(readBaseTimestamp(tombstone, 0)).toBe(2500);
    put(log, [["z", "2"]]);
    now.ms = 2499;
    await compact(log);
    expect(recordsOf(log)).toEqual(["1 a", "3 z=2"]);
    expect(new RecordBatchReader({ bytes: [...batchesOf(log)][0] }).next()).toBe(true);
    put(log, [["z", "3"]]);
    now.ms = 2500;
    await compact(log);
    expect(recordsOf(log)).toEqual(["4 z=3"]);
  });

  it("drops what was aborted, and its marker once nothing of it is left and its time has come", async () => {
    const { platform, now } = worldAt(2000);
    const log = await openLog(platform, { deleteRetentionMs: 500, segmentBytes: 150 });
    put(log, [["a", "kept"]], { producerId: 7, baseSequence: 0, isTransactional: true });
    log.append(markerOf("commit", 7, 0), { origin: "coordinator" });
    put(log, [["a", "aborted"]], { producerId: 7, baseSequence: 1, isTransactional: true });
    log.append(markerOf("abort", 7, 0), { origin: "coordinator" });
    put(log, [["z", "1"]], { producerId: 7, baseSequence: 2 });
    log.append(markerOf("commit", 7, 0), { origin: "coordinator" });
    await compact(log);
    expect(recordsOf(log)).toEqual(["0 a=kept", "1 commit", "3 abort", "4 z=1", "5 commit"]);
    expect(log.abortedTransactions(0, 6)).toHaveLength(1);
    put(log, [["y", "1"]]);
    await compact(log);
    expect(log.abortedTransactions(0, 6)).toHaveLength(0);
    expect(recordsOf(log)).toContain("3 abort");
    now.ms = 2500;
    put(log, [["y", "2"]]);
    await compact(log);
    expect(recordsOf(log)).toEqual(["0 a=kept", "1 commit", "4 z=1", "7 y=2"]);
  });

  it("keeps the last sequence of a producer whose records are all gone", async () => {
    const { platform } = worldAt(2000);
    const log = await openLog(platform);
    put(log, [["a", "1"]], { producerId: 7, baseSequence: 0 });
    put(log, [["a", "2"]], { producerId: 7, baseSequence: 1 });
    put(log, [["a", "3"]]);
    await compact(log);
    await log.close();
    for (const name of platform.fileSystem.list(testPath))
      if (name.endsWith(".snapshot")) platform.fileSystem.remove(`${testPath}/${name}`);
    const again = await openLog(platform, {}, { recoveryPoint: 3, wasCleanlyClosed: true });
    expect(again.producers()).toMatchObject([{ producerId: 7, lastSequence: 1 }]);
    expect([...batchesOf(again)].map((bytes) => readRecordCount(bytes, 0))).toEqual([0, 1]);
    put(again, [["b", "4"]], { producerId: 7, baseSequence: 2 });
    expect(again.maxTimestamp()?.offset).toBe(2);
  });

  it("keeps the epoch of a producer whose last batch is a marker", async () => {
    const { platform, now } = worldAt(2000);
    const log = await openLog(platform, { deleteRetentionMs: 500 });
    put(log, [["a", "1"]], { producerId: 7, baseSequence: 0, isTransactional: true });
    log.append(markerOf("abort", 7, 1), { origin: "coordinator", transactionVersion: 2 });
    for (const value of ["1", "2", "3", "4"]) {
      put(log, [["z", value]]);
      await compact(log);
      now.ms += 500;
    }
    expect(recordsOf(log)).toEqual(["1 empty", "5 z=4"]);
  });

  it("goes as far as its map has room, and the next time further", async () => {
    const { platform } = worldAt(2000);
    const log = await openLog(platform);
    for (let index = 0; index < 60; index++) put(log, [[`k${index % 30}`, `v${index}`]]);
    const offsetMapBytes = 24 * 12;
    expect(await compact(log, { offsetMapBytes })).toMatchObject({ endOffset: 10 });
    expect(recordsOf(log)).toHaveLength(60);
    for (let count = 0; count < 6; count++)
      await log.upkeep.compact({ ...compacting, offsetMapBytes });
    expect(recordsOf(log)).toHaveLength(30);
    expect(log.upkeep.cleanable()).toBeUndefined();
  });

  it("leaves the log as it is where it is told to end, and where records below are deleted meanwhile", async () => {
    const { platform } = worldAt(2000);
    const log = await openLog(platform, { isDeleted: true });
    for (let index = 0; index < 30; index++) put(log, [["k", `v${index}`]]);
    const rest = async () => {
      throw new Error("enough");
    };
    await expect(compact(log, { rest })).rejects.toThrow("enough");
    expect(recordsOf(log)).toHaveLength(30);
    let isDeleted = false;
    const deleteMeanwhile = async () => {
      if (!isDeleted) await log.deleteRecordsBefore(12);
      isDeleted = true;
    };
    expect(await compact(log, { rest: deleteMeanwhile })).toBeUndefined();
    expect(recordsOf(log)).toHaveLength(18);
    expect(platform.fileSystem.list(testPath).join()).not.toContain(".cleaned");
    await compact(log);
    expect(recordsOf(log)).toEqual(["29 k=v29"]);
  });

  it("gives up where records are deleted while what was cleaned takes its place", async () => {
    let onStep = (_step: string) => {};
    const platform = { ...testPlatform(), probe: (step: string) => onStep(step) };
    const log = await openLog(platform, { segmentBytes: 120, isDeleted: true });
    for (const key of ["a", "b", "c", "d"]) put(log, [[key, "a value of some length"]]);
    let deleting: Promise<unknown> | undefined;
    onStep = (step) => {
      if (step === "C8") deleting ??= log.deleteRecordsBefore(3);
    };
    expect(await compact(log)).toBeUndefined();
    await deleting;
    expect(log.segments()[0].baseOffset).toBe(3);
  });

  it("serves what it has cleaned, not what was kept in memory for the tail", async () => {
    const { platform } = worldAt(2000);
    const log = await openLog(platform, { tailCacheBytes: 100_000 });
    for (let index = 0; index < 12; index++) {
      put(log, [["k", `v${index}`]]);
      recordsOf(log);
    }
    await compact(log);
    expect(recordsOf(log)).toEqual(["11 k=v11"]);
  });

  it("comes by again after a restart only for what is new", async () => {
    const { platform } = worldAt(2000);
    let saved: number | undefined;
    const saveCleanedOffset = async (offset: number) => void (saved = offset);
    const config = { isCompacted: true, segmentBytes: 400 };
    const log = await openTestLog(platform, config, { saveCleanedOffset });
    for (let index = 0; index < 12; index++) put(log, [["k", `v${index}`]]);
    await compact(log);
    await log.close();
    expect(saved).toBe(12);
    const again = await openTestLog(platform, config, {
      cleanedOffset: saved,
      wasCleanlyClosed: true,
      recoveryPoint: 12,
    });
    expect(again.upkeep.cleanable()).toBeUndefined();
    expect(again.damage).toBeUndefined();
    expect(recordsOf(again)).toEqual(["11 k=v11"]);
  });
});

describe("what is due", () => {
  it("is more dirty than min.cleanable.dirty.ratio, or older than max.compaction.lag.ms", async () => {
    const { platform, now } = worldAt(2000);
    const log = await openLog(platform, { cleanableDirtyRatioMin: 0.5 });
    for (let index = 0; index < 8; index++) put(log, [[`k${index}`, "v"]]);
    await compact(log);
    put(log, [["k1", "w"]], { timestamp: 1900 });
    log.roll();
    log.advanceHighWatermark(log.logEndOffset);
    expect(log.upkeep.cleanable()).toMatchObject({ isDue: false, firstDirtyOffset: 8 });
    log.updateConfig({ compactionLagMaxMs: 600 });
    expect(log.upkeep.cleanable()).toMatchObject({ isDue: false });
    now.ms = 2501;
    expect(log.upkeep.cleanable()).toMatchObject({ isDue: true });
    log.updateConfig({ compactionLagMaxMs: Infinity, cleanableDirtyRatioMin: 0.01 });
    expect(log.upkeep.cleanable()).toMatchObject({ isDue: true });
  });

  it("ends at the first record that is younger than min.compaction.lag.ms, and at an open transaction (LOG-9)", async () => {
    const { platform } = worldAt(2000);
    const log = await openLog(platform, { segmentBytes: 90, compactionLagMinMs: 100 });
    for (const timestamp of [1000, 1100, 1950, 1000]) put(log, [["k", "v"]], { timestamp });
    log.roll();
    log.advanceHighWatermark(log.logEndOffset);
    expect(log.upkeep.cleanable()).toMatchObject({ endOffset: 2 });
    log.updateConfig({ compactionLagMinMs: 0 });
    expect(log.upkeep.cleanable()).toMatchObject({ endOffset: 4 });
    put(log, [["k", "v"]], { producerId: 7, baseSequence: 0, isTransactional: true });
    for (let index = 0; index < 3; index++) put(log, [["k", "v"]]);
    log.advanceHighWatermark(log.logEndOffset);
    expect(log.upkeep.cleanable()).toMatchObject({ endOffset: 4 });
    log.updateConfig({ isCompacted: false });
    expect(log.upkeep.cleanable()).toBeUndefined();
  });
});
