import type { Platform } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { openTestLog, testPath, testPlatform } from "../../test-support/open-test-log.ts";
import type { LogConfig } from "../log-config.ts";
import type { PartitionLog } from "../partition-log.ts";

/** A world whose clocks stand where a test says. */
function worldAt(nowMs: number) {
  const now = { ms: nowMs };
  const platform = {
    ...testPlatform(),
    clock: { wallMs: () => now.ms, monotonicMs: () => now.ms },
  };
  return { platform, now };
}

/** Each record in a segment of its own. */
const oneBySegment = { segmentBytes: 90 };

async function logOf(
  platform: Platform,
  config: Partial<LogConfig>,
  timestamps: readonly number[],
): Promise<PartitionLog> {
  const log = await openTestLog(platform, { ...oneBySegment, ...config });
  for (const timestamp of timestamps) log.append(batchOf({ timestamp }), { origin: "client" });
  await log.sync();
  log.advanceHighWatermark(log.logEndOffset);
  return log;
}

const filesOf = ({ fileSystem }: Platform, suffix: string) =>
  fileSystem.list(testPath).filter((name) => name.endsWith(suffix));

describe("retention by time", () => {
  it("removes segments whose records are all older, from the front", async () => {
    const { platform } = worldAt(10_000);
    const log = await logOf(platform, { retentionMs: 5000 }, [4999, 4999, 9000, 1000]);
    expect(await log.upkeep.retain()).toMatchObject({
      segmentCount: 2,
      bytesBy: { time: expect.any(Number) },
      logStartOffset: 2,
    });
    expect(log.logStartOffset).toBe(2);
    // The old record behind a young one stays, as in Kafka.
    expect(log.segments().map(({ baseOffset }) => baseOffset)).toEqual([2, 3]);
    expect(await log.upkeep.retain()).toBeUndefined();
  });

  it("keeps a record that is exactly as old as may be, and one of the future", async () => {
    const { platform } = worldAt(10_000);
    const log = await logOf(platform, { retentionMs: 5000 }, [5000]);
    expect(await log.upkeep.retain()).toBeUndefined();
    const { platform: other } = worldAt(10_000);
    const future = await logOf(
      other,
      { retentionMs: 0, messageTimestampAfterMaxMs: 9e9 },
      [20_000],
    );
    expect(await future.upkeep.retain()).toBeUndefined();
  });

  it("closes the active segment where that is too old itself, and goes on at the same offset", async () => {
    const { platform } = worldAt(10_000);
    const log = await logOf(platform, { retentionMs: 5000, segmentBytes: 1000 }, [1, 2, 3]);
    await log.upkeep.retain();
    expect(log.segments()).toMatchObject([{ baseOffset: 3, sizeBytes: 0, isActive: true }]);
    expect([log.logStartOffset, log.logEndOffset]).toEqual([3, 3]);
    expect(log.append(batchOf({ timestamp: 9999 }), { origin: "client" }).baseOffset).toBe(3);
    expect(await log.upkeep.retain()).toBeUndefined();
  });

  it("keeps what consumers have yet to see", async () => {
    const { platform } = worldAt(10_000);
    const log = await openTestLog(platform, { ...oneBySegment, retentionMs: 5000 });
    for (let count = 0; count < 3; count++) log.append(batchOf(), { origin: "client" });
    await log.sync();
    log.advanceHighWatermark(1);
    await log.upkeep.retain();
    expect(log.logStartOffset).toBe(1);
  });

  it("takes the age of the segment for that of records without a time", async () => {
    const { platform, now } = worldAt(10_000);
    const log = await logOf(platform, { retentionMs: 5000 }, [-1, -1]);
    now.ms = 15_000;
    expect(await log.upkeep.retain()).toBeUndefined();
    now.ms = 15_001;
    expect(await log.upkeep.retain()).toMatchObject({ segmentCount: 2 });
  });
});

describe("retention by size", () => {
  it("removes the oldest segments as long as as much is left as may be", async () => {
    const { platform } = worldAt(1000);
    const log = await logOf(platform, {}, [1, 2, 3, 4]);
    const [{ sizeBytes }] = log.segments();
    log.updateConfig({ retentionBytes: 2 * sizeBytes + 1 });
    expect(await log.upkeep.retain()).toMatchObject({
      segmentCount: 1,
      bytesBy: { size: sizeBytes },
    });
    log.updateConfig({ retentionBytes: 2 * sizeBytes });
    expect(await log.upkeep.retain()).toMatchObject({ segmentCount: 1 });
    expect(log.segments()).toHaveLength(2);
  });

  it("is nothing to a topic that is only compacted", async () => {
    const { platform } = worldAt(1e12);
    const config = { retentionBytes: 0, retentionMs: 0, isDeleted: false, isCompacted: true };
    const log = await logOf(platform, config, [1, 2, 3]);
    expect(await log.upkeep.retain()).toBeUndefined();
  });
});

describe("what was taken away", () => {
  it("lies beside the log until its delay has passed, and is gone for readers at once", async () => {
    const { platform, now } = worldAt(10_000);
    const config = { retentionMs: 5000, fileDeleteDelayMs: 500 };
    const log = await logOf(platform, config, [1, 9000]);
    await log.upkeep.retain();
    expect(() => log.read(0, { maxBytes: 1000, upTo: 9 })).toThrow("outside of 1 to 2");
    expect(filesOf(platform, ".deleted")).toContain("00000000000000000000.log.deleted");
    now.ms = 10_499;
    log.upkeep.removeRetired();
    expect(filesOf(platform, ".deleted")).not.toEqual([]);
    now.ms = 10_500;
    log.upkeep.removeRetired();
    expect(filesOf(platform, ".deleted")).toEqual([]);
  });

  it.each([
    ["closed", (log: PartitionLog) => log.close()],
    ["killed", async () => {}],
  ])("is gone once the log was %s and opened again", async (_how, end) => {
    const { platform } = worldAt(10_000);
    let noted = 0;
    const options = {
      saveLogStartOffset: async (offset: number) => void (noted = offset),
    };
    const config = { ...oneBySegment, retentionMs: 5000 };
    const log = await openTestLog(platform, config, options);
    for (const timestamp of [1, 9000]) log.append(batchOf({ timestamp }), { origin: "client" });
    await log.sync();
    log.advanceHighWatermark(2);
    await log.upkeep.retain();
    await end(log);
    const again = await openTestLog(platform, config, { recoveryPoint: 2, logStartOffset: noted });
    expect(filesOf(platform, ".deleted")).toEqual([]);
    expect([again.logStartOffset, again.logEndOffset, again.damage]).toEqual([1, 2, undefined]);
  });

  it("was below the log start already, after a crash in between", async () => {
    const { platform } = worldAt(10_000);
    const config = { isDeleted: false, isCompacted: true };
    await (await logOf(platform, config, [1, 2, 3])).close();
    const log = await openTestLog(platform, { ...oneBySegment, ...config }, { logStartOffset: 2 });
    expect(await log.upkeep.retain()).toMatchObject({ segmentCount: 2, logStartOffset: 2 });
    expect(log.segments()).toHaveLength(1);
  });
});

describe("segment.jitter.ms", () => {
  it("closes a segment earlier by chance, and never later", async () => {
    const spans = new Set<number>();
    for (let seed = 0; seed < 5; seed++) {
      const { platform } = worldAt(10_000);
      const random = { ...platform.random, below: (bound: number) => (bound * seed) / 5 };
      const config = { segmentMs: 1000, segmentJitterMs: 400, messageTimestampAfterMaxMs: 9e9 };
      const log = await openTestLog({ ...platform, random }, config);
      let timestamp = 20_000;
      for (; log.segments().length === 1; timestamp += 10)
        log.append(batchOf({ timestamp }), { origin: "client" });
      spans.add(timestamp - 10 - 20_000);
    }
    expect([...spans]).toEqual([1010, 930, 850, 770, 690]);
  });
});
