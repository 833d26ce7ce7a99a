import type { Platform } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import { describe, expect, it } from "vitest";
import { Simulator } from "../../../simulator/src/index.ts";
import { batchesIn, batchOf } from "../../test-support/batches.ts";
import { CountingFileSystem } from "../../test-support/counting-file-system.ts";
import { FailingFileSystem } from "../../test-support/failing-file-system.ts";
import {
  changeFile,
  firstLog,
  flipByte,
  openTestLog,
  readFile,
  testFile,
  testPath,
  testPlatform,
} from "../../test-support/open-test-log.ts";
import type { PartitionLog } from "../partition-log.ts";
import { checkLogs } from "../repair/check-logs.ts";
import { LogCorruptedError } from "../log-error.ts";

const client = { origin: "client" } as const;
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };
const batch = (baseSequence: number) =>
  batchOf({ values: ["a"], producerId: 1, producerEpoch: 0, baseSequence });
const size = batch(0).length;
/** Recorded at each third batch. */
const config = { recordIntervalBytes: 3 * size, indexIntervalBytes: 1, tailCacheBytes: 0 };
const firstRecord = testFile("00000000000000000000.checksum");

async function appendAll(log: PartitionLog, from: number, to: number): Promise<void> {
  for (let sequence = from; sequence < to; sequence++) {
    log.append(batch(sequence), client);
    await log.sync();
  }
}

/** Eight batches, all synced, as a kill leaves them: six are recorded, and nothing else says what is on the device. */
async function killedLog(platform = testPlatform(), logConfig = config): Promise<PartitionLog> {
  const log = await openTestLog(platform, logConfig);
  await appendAll(log, 0, 8);
  return log;
}

describe("a segment that is recorded as it grows", () => {
  it("is read after a kill from there on, and at the next start not once more", async () => {
    const platform = testPlatform();
    await killedLog(platform);
    const log = await openTestLog(platform, config);
    expect(log.recovery).toMatchObject({ scannedBytes: 2 * size, recoveryPoint: 6 });
    expect(batchesIn(log.read(0, all))).toHaveLength(8);
    expect(log.producers()).toMatchObject([{ producerId: 1, lastSequence: 7 }]);
    expect(log.append(batch(7), client).isDuplicate).toBe(true);
    const again = await openTestLog(platform, config);
    expect(again.recovery).toMatchObject({ scannedBytes: 0, recoveryPoint: 8 });
    // What a run says of its epoch before its first append leaves that as it is.
    again.append(batch(8), client);
    const third = await openTestLog(platform, config);
    expect(third.recovery.scannedBytes).toBe(size);
    expect(batchesIn(third.read(0, all))).toHaveLength(9);
  });

  it("has no more snapshots of producers than it needs, which deleting records leaves", async () => {
    const platform = testPlatform();
    const log = await killedLog(platform);
    log.advanceHighWatermark(8);
    await log.deleteRecordsBefore(1);
    const names = platform.fileSystem.list(testPath).filter((name) => name.endsWith(".snapshot"));
    expect(names.map((name) => Number(name.split(".")[0]))).toEqual([6, 8]);
  });

  it.each(["at once", "by the next run", "by the next run, which has read it"])(
    "has its producers on the device before what it is closed from, %s, is deleted",
    async (when) => {
      // What a power loss takes of what was not synced differs by seed.
      for (let seed = 1; seed <= 12; seed++) {
        const simulator = new Simulator({ seed, drain: drainTurn });
        const broker = simulator.process("broker");
        const grown = async ({ fileSystem }: Platform): Promise<PartitionLog> => {
          fileSystem.makeDirectory("data");
          await fileSystem.syncDirectory("/");
          const log = await openTestLog(broker.platform, config);
          for (let sequence = 0; sequence < 3; sequence++) log.append(batch(sequence), client);
          await log.sync();
          return log;
        };
        let log = await simulator.until(grown(broker.platform));
        if (when !== "at once") {
          broker.kill();
          const platform = broker.restart();
          if (when.endsWith("read it")) platform.fileSystem.remove(firstRecord);
          log = await simulator.until(openTestLog(platform, config, { recoveryPoint: 3 }));
        }
        log.roll();
        log.advanceHighWatermark(3);
        await simulator.until(log.deleteRecordsBefore(3));
        simulator.powerLoss("broker");
        const places = { recoveryPoint: 3, logStartOffset: 3 };
        const last = await simulator.until(openTestLog(broker.restart(), config, places));
        expect(last.append(batch(2), client).isDuplicate, `seed ${seed}`).toBe(true);
      }
    },
  );

  it("is not read again where it was closed, and killed before anybody noted that", async () => {
    const platform = testPlatform();
    await (await killedLog(platform)).close();
    const log = await openTestLog(platform, config);
    expect(log.recovery).toMatchObject({ scannedBytes: 0, recoveryPoint: 8 });
    expect(batchesIn(log.read(0, all))).toHaveLength(8);
  });

  it("costs no sync of producers where it was closed, and nothing has come since", async () => {
    const platform = testPlatform();
    await (await killedLog(platform)).close();
    const files = new CountingFileSystem(platform.fileSystem);
    const synced: string[] = [];
    files.failsToSync = (path) => synced.push(path) < 0;
    const watched = { ...platform, fileSystem: files.fileSystem };
    const places = { recoveryPoint: 8, wasCleanlyClosed: true };
    await (await openTestLog(watched, config, places)).close();
    expect(synced.filter((path) => path.endsWith(".snapshot"))).toEqual([]);
  });

  it("does not fail, nor end, for snapshots that cannot be removed, and tells of them", async () => {
    const platform = testPlatform();
    const told = new Set<string>();
    const files = new CountingFileSystem(platform.fileSystem);
    files.keeps = (path) => path.endsWith(".snapshot");
    const logger = {
      log: (_level: string, event: string) => void told.add(event),
      isEnabled: () => true,
    };
    const watched = { ...platform, fileSystem: files.fileSystem, logger };
    const log = await killedLog(watched);
    log.roll();
    await appendAll(log, 8, 10);
    await log.close();
    expect((await openTestLog(watched, config)).producers()).toMatchObject([{ lastSequence: 9 }]);
    expect([...told]).toEqual(["log.snapshots-kept"]);
  });

  /**
   * The first loss takes batches whose producers a snapshot came to the device of; the second one the removal of that
   * snapshot, and the snapshot that the record vouches for.
   */
  it("believes no snapshot of batches that a loss of power took", async () => {
    const platform = testPlatform();
    const lost = await openTestLog(platform, config);
    await appendAll(lost, 0, 2);
    for (let sequence = 2; sequence < 4; sequence++) lost.append(batch(sequence), client);
    const syncing = lost.sync();
    const stale = readFile(platform, testFile("00000000000000000004.snapshot"));
    await syncing;
    changeFile(platform, firstLog, (bytes) => bytes.subarray(0, 2 * size));
    platform.fileSystem.remove(firstRecord);
    const log = await openTestLog(platform, config, { recoveryPoint: 2 });
    for (let sequence = 0; sequence < 6; sequence++) {
      log.append(
        batchOf({ values: ["a"], producerId: 2, producerEpoch: 0, baseSequence: sequence }),
        client,
      );
      await log.sync();
    }
    platform.fileSystem.remove(testFile("00000000000000000008.snapshot"));
    const handle = platform.fileSystem.open(testFile("00000000000000000004.snapshot"), "create");
    handle.write([stale], 0);
    handle.close();
    const again = await openTestLog(platform, config);
    expect(again.producers()).toMatchObject([
      { producerId: 1, lastSequence: 1 },
      { producerId: 2, lastSequence: 5 },
    ]);
    expect(again.append(batch(2), client)).toMatchObject({ isDuplicate: false, baseOffset: 8 });
  });

  it("does not take what lies behind its record for a part of it, where its snapshot is gone", async () => {
    const platform = testPlatform();
    await killedLog(platform);
    platform.fileSystem.remove(testFile("00000000000000000006.snapshot"));
    // Its offset never came to the device, and a part of its records.
    const producer = { producerId: 9, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    const torn = batchOf({ values: ["a".repeat(40)], ...producer });
    torn.fill(0, torn.length - 30);
    changeFile(platform, firstLog, (bytes) => Buffer.concat([bytes.subarray(0, 6 * size), torn]));
    const log = await openTestLog(platform, config);
    expect(log.recovery).toMatchObject({ scannedBytes: torn.length, cutTail: { firstOffset: 6 } });
    expect(log.producers()).toMatchObject([{ producerId: 1, lastSequence: 5 }]);
    expect(log.lastStableOffset).toBe(6);
  });

  it("is recorded the more seldom, the more producers are to be written each time", async () => {
    const platform = testPlatform();
    const log = await openTestLog(platform, { recordIntervalBytes: 65_536 });
    for (let producerId = 0; producerId < 4096; producerId++)
      log.append(batchOf({ values: ["a"], producerId, producerEpoch: 0, baseSequence: 0 }), client);
    await log.sync();
    const snapshots = new Set<string>();
    for (let count = 0; count < 32; count++) {
      log.append(batchOf({ values: ["a".repeat(10_240)] }), client);
      await log.sync();
      for (const name of platform.fileSystem.list(testPath))
        if (name.endsWith(".snapshot")) snapshots.add(name);
    }
    // In five intervals, which are as long as two each; the first one was there.
    expect(snapshots.size).toBe(1 + 2);
  });

  it("is said to be on the device only once it is", async () => {
    const platform = testPlatform();
    const disk = new FailingFileSystem(platform.fileSystem);
    const log = await openTestLog(testPlatform(disk.fileSystem), config);
    await appendAll(log, 0, 4);
    for (let sequence = 4; sequence < 8; sequence++) log.append(batch(sequence), client);
    disk.areSyncsFailing = true;
    await expect(log.sync()).rejects.toThrow("a sync failed");
    const again = await openTestLog(platform, config);
    expect(again.recovery).toMatchObject({ scannedBytes: 5 * size, recoveryPoint: 3 });
  });

  it("keeps its last record where it is closed while a sync runs", async () => {
    const platform = testPlatform();
    const log = await openTestLog(platform, config);
    for (let sequence = 0; sequence < 4; sequence++) log.append(batch(sequence), client);
    const syncing = log.sync();
    log.append(batch(4), client);
    log.roll();
    await syncing;
    await log.sync();
    const again = await openTestLog(platform, config, { recoveryPoint: 5 });
    expect(again.recovery).toMatchObject({ scannedBytes: 0, damage: undefined });
    expect(batchesIn(again.read(4, all))).toEqual([[4, 1]]);
  });

  it("is damaged where it is cut, flipped or exchanged below, and never cut further", async () => {
    for (const hurt of ["cut", "checksummed", "epoch"]) {
      const platform = testPlatform();
      await killedLog(platform);
      if (hurt === "cut")
        changeFile(platform, firstLog, (bytes) => bytes.subarray(0, 5 * size - 9));
      else flipByte(platform, firstLog, 2 * size + (hurt === "epoch" ? 15 : size - 2));
      const log = await openTestLog(platform, config);
      // One is seen at the start, the others once somebody reads there.
      if (hurt !== "cut") expect(() => log.read(2, all), hurt).toThrow(LogCorruptedError);
      expect(log.damage, hurt).toMatchObject({ firstOffset: hurt === "cut" ? 4 : 2 });
      expect(() => log.append(batch(8), client), hurt).toThrow(LogCorruptedError);
      expect(log.recovery.cutTail, hurt).toBeUndefined();
      const timers = { yield: () => Promise.resolve() };
      const { findings } = await checkLogs({ platform: { ...platform, timers }, path: testPath });
      expect(findings, hurt).toMatchObject([
        { kind: "damage", firstOffset: hurt === "cut" ? 4 : 2 },
      ]);
    }
  });

  it("is read as a whole where its record or an index is not as it was written", async () => {
    for (const name of ["index", "timeindex", "checksum"]) {
      const platform = testPlatform();
      await killedLog(platform);
      flipByte(platform, testFile(`00000000000000000000.${name}`), 9);
      const log = await openTestLog(platform, config);
      expect(log.recovery, name).toMatchObject({ scannedBytes: 8 * size, damage: undefined });
      expect(batchesIn(log.read(0, all)), name).toHaveLength(8);
    }
  });

  it("goes on where the record cannot be written, and tells of it", async () => {
    const platform = testPlatform();
    const told: string[] = [];
    const files = new CountingFileSystem(platform.fileSystem);
    const logger = {
      log: (_level: string, event: string) => told.push(event),
      isEnabled: () => true,
    };
    const log = await openTestLog({ ...platform, fileSystem: files.fileSystem, logger }, config);
    await appendAll(log, 0, 1);
    files.refuses = (path) => path === firstRecord;
    await appendAll(log, 1, 4);
    expect(told).toEqual(["log.record-failed"]);
    expect(log.durableOffset).toBe(4);
    expect((await openTestLog(platform, config)).logEndOffset).toBe(4);
  });
});
