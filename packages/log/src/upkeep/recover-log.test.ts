import type { Platform } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import { LogCorruptedError } from "../log-error.ts";
import { batchesIn, batchOf, markerOf } from "../../test-support/batches.ts";
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

const client = { origin: "client" } as const;
const coordinator = { origin: "coordinator" } as const;
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };
const size = batchOf({ values: ["a", "b"] }).length;

/** Five batches of two records, left as a kill leaves them: written, not closed. */
async function killedLog(config = {}) {
  const platform = testPlatform();
  const log = await openTestLog(platform, config);
  for (let index = 0; index < 5; index++) log.append(batchOf({ values: ["a", "b"] }), client);
  return platform;
}

describe("after a kill", () => {
  it("finds every batch that was written", async () => {
    const platform = await killedLog();
    const log = await openTestLog(platform);
    expect(log.logEndOffset).toBe(10);
    expect(log.durableOffset).toBe(10);
    expect(log.recovery).toMatchObject({ wasClean: false, scannedBytes: 5 * size });
    expect(batchesIn(log.read(0, all)).length).toBe(5);
  });

  it("writes what lies above the recovery point once more, and syncs it, before it is read", async () => {
    const platform = await killedLog();
    const disk = new FailingFileSystem(platform.fileSystem);
    const watched = testPlatform(disk.fileSystem);
    disk.writableBytes = 2 * size - 1;
    await expect(openTestLog(watched, {}, { recoveryPoint: 6 })).rejects.toThrow("no space");
    disk.writableBytes = Number.POSITIVE_INFINITY;
    disk.areSyncsFailing = true;
    await expect(openTestLog(watched, {}, { recoveryPoint: 6 })).rejects.toThrow("input/output");
    disk.areSyncsFailing = false;
    const log = await openTestLog(watched, {}, { recoveryPoint: 6 });
    expect(batchesIn(log.read(0, all)).length).toBe(5);
  });

  it("writes and syncs nothing where all is known to be on the device", async () => {
    const platform = testPlatform();
    const killed = await openTestLog(platform);
    killed.append(batchOf({ values: ["a", "b"] }), client);
    await killed.sync();
    const disk = new FailingFileSystem(platform.fileSystem);
    disk.writableBytes = 0;
    disk.areSyncsFailing = true;
    const log = await openTestLog(testPlatform(disk.fileSystem), {}, { recoveryPoint: 2 });
    expect(log.durableOffset).toBe(2);
  });

  it.each([1, 11, 60, size - 1])("cuts a batch of which only %i bytes arrived", async (bytes) => {
    const platform = await killedLog();
    changeFile(platform, firstLog, (content) => content.subarray(0, 4 * size + bytes));
    const log = await openTestLog(platform);
    expect(log.logEndOffset).toBe(8);
    expect(log.recovery.cutTail).toMatchObject({
      position: 4 * size,
      sizeBytes: bytes,
      firstOffset: 8,
    });
    const { setAsidePath } = log.recovery.cutTail ?? { setAsidePath: "" };
    expect(readFile(platform, setAsidePath).length).toBe(bytes);
    expect(log.append(batchOf(), client).baseOffset).toBe(8);
  });

  it("is the same after it ran again from any point (LOG-5)", async () => {
    const platform = await killedLog({ segmentBytes: 2 * size });
    changeFile(platform, testFile("00000000000000000008.log"), (content) =>
      content.subarray(0, 70),
    );
    const first = await openTestLog(platform, { segmentBytes: 2 * size });
    const second = await openTestLog(platform, { segmentBytes: 2 * size });
    expect(second.logEndOffset).toBe(first.logEndOffset);
    expect(second.recovery.cutTail).toBeUndefined();
    expect(batchesIn(second.read(6, all))).toEqual(batchesIn(first.read(6, all)));
  });

  it("cuts sectors that were written but never reached the disk, though later ones did", async () => {
    const platform = testPlatform();
    const killed = await openTestLog(platform);
    const big = () => batchOf({ values: ["x".repeat(1500)] });
    for (let index = 0; index < 4; index++) killed.append(big(), client);
    changeFile(platform, firstLog, (content) => content.fill(0, 2048, 2560));
    const log = await openTestLog(platform);
    expect(log.damage).toBeUndefined();
    expect(log.logEndOffset).toBe(1);
    expect(log.recovery.cutTail).toMatchObject({ firstOffset: 1 });
  });

  it("cuts a lost sector in which nothing but the zeros of the next batch's offset would lie", async () => {
    const platform = testPlatform();
    const killed = await openTestLog(platform);
    const ofLength = (length: number) => batchOf({ values: ["x".repeat(length)] });
    const lengths = Array.from({ length: 512 }, (_, length) => length);
    const fitting = lengths.find((length) => ofLength(length).length === 507) ?? -1;
    killed.append(ofLength(fitting), client);
    killed.append(batchOf(), client);
    changeFile(platform, firstLog, (content) => content.fill(0, 0, 512));
    const log = await openTestLog(platform);
    expect(log.damage).toBeUndefined();
    expect(log.recovery.cutTail).toMatchObject({ firstOffset: 0 });
  });

  it("drops segments behind a tail that was never written", async () => {
    const platform = await killedLog({ segmentBytes: 2 * size });
    changeFile(platform, firstLog, (content) => content.subarray(0, size + 30));
    const log = await openTestLog(platform, { segmentBytes: 2 * size });
    expect(log.logEndOffset).toBe(2);
    expect(platform.fileSystem.list(testPath)).not.toContain("00000000000000000004.log");
    expect(platform.fileSystem.list(testPath)).toContain("00000000000000000004.torn");
  });

  it("sets a second torn tail aside beside the first", async () => {
    const config = { segmentBytes: 2 * size };
    const platform = await killedLog(config);
    const tearFirst = (bytes: number) =>
      changeFile(platform, firstLog, (content) => content.subarray(0, size + bytes));
    tearFirst(30);
    const log = await openTestLog(platform, config);
    for (let index = 0; index < 2; index++) log.append(batchOf({ values: ["a", "b"] }), client);
    tearFirst(31);
    await openTestLog(platform, config);
    const torn = (name: string) => readFile(platform, testFile(name)).length;
    expect(torn("00000000000000000002.torn")).toBe(30);
    expect(torn("00000000000000000002.2.torn")).toBe(31);
    expect(torn("00000000000000000004.torn")).toBe(2 * size);
    expect(torn("00000000000000000004.2.torn")).toBe(size);
  });

  it("begins anew at the log start where all that is left lies below it", async () => {
    const platform = await killedLog();
    const log = await openTestLog(platform, {}, { logStartOffset: 50 });
    expect([log.logStartOffset, log.logEndOffset]).toEqual([50, 50]);
  });

  it("knows producers and open transactions again, with and without their snapshot", async () => {
    for (const loseSnapshots of [false, true]) {
      const platform = testPlatform();
      const config = { segmentBytes: 400, transactionVerificationEnabled: false };
      const killed = await openTestLog(platform, config);
      const from = (producerId: number, baseSequence: number) =>
        batchOf({ producerId, producerEpoch: 0, baseSequence, isTransactional: true });
      for (let sequence = 0; sequence < 6; sequence++) killed.append(from(1, sequence), client);
      killed.append(from(2, 0), client);
      killed.append(markerOf("abort", 1, 0), coordinator);
      const { fileSystem } = platform;
      if (loseSnapshots)
        for (const name of fileSystem.list(testPath))
          if (name.endsWith(".snapshot")) fileSystem.remove(`${testPath}/${name}`);
      const log = await openTestLog(platform, config);
      expect(log.producers()).toEqual(killed.producers());
      expect(log.lastStableOffset).toBe(6);
      expect(log.abortedTransactions(0, 100)).toEqual([{ producerId: 1, firstOffset: 0 }]);
      expect(log.append(from(1, 5), client).isDuplicate).toBe(true);
    }
  });

  it("builds missing and torn indexes anew, to the same bytes", async () => {
    const platform = testPlatform();
    const config = { segmentBytes: 3 * size, indexIntervalBytes: 1 };
    const killed = await openTestLog(platform, config);
    for (let index = 0; index < 7; index++) killed.append(batchOf({ values: ["a", "b"] }), client);
    await killed.close();
    const names = platform.fileSystem.list(testPath).filter((name) => /\.(time)?index$/.test(name));
    const before = names.map((name) => readFile(platform, testFile(name)));
    platform.fileSystem.remove(testFile(names[0]));
    changeFile(platform, testFile(names[1]), (content) => content.subarray(0, content.length - 3));
    changeFile(platform, testFile(names[2]), (content) => content.fill(0xee));
    // It says that all is on the device: then these are looked at once they are needed.
    platform.fileSystem.remove(testFile("00000000000000000012.checksum"));
    const log = await openTestLog(platform, config);
    await log.close();
    expect(names.map((name) => readFile(platform, testFile(name)))).toEqual(before);
  });
});

describe("damage", () => {
  it("is told from a torn tail by the valid batches behind it", async () => {
    const platform = await killedLog();
    const before = readFile(platform, firstLog);
    flipByte(platform, firstLog, 2 * size + 70);
    const log = await openTestLog(platform);
    expect(log.damage).toMatchObject({ position: 2 * size, firstOffset: 4, lastOffset: 9 });
    expect(batchesIn(log.read(0, all))).toEqual([
      [0, 2],
      [2, 2],
    ]);
    expect(() => log.read(4, all)).toThrow(LogCorruptedError);
    expect(() => log.append(batchOf(), client)).toThrow(LogCorruptedError);
    await log.close();
    expect(readFile(platform, firstLog).length).toBe(before.length);
    expect((await openTestLog(platform)).damage).toEqual(log.damage);
  });

  it.each([
    ["base offset", 6],
    ["length", 9],
    ["magic", 16],
    ["last offset delta", 26],
  ])("is seen in the %s, which the checksum may not cover", async (_, byte) => {
    const platform = await killedLog();
    flipByte(platform, firstLog, 2 * size + byte);
    const log = await openTestLog(platform);
    expect(log.damage).toMatchObject({ position: 2 * size, firstOffset: 4, lastOffset: 9 });
  });

  it("is what a bad last batch is, if it was durable once", async () => {
    const platform = await killedLog();
    flipByte(platform, firstLog, 4 * size + 70);
    const log = await openTestLog(platform, {}, { recoveryPoint: 10 });
    expect(log.damage).toMatchObject({ firstOffset: 8, lastOffset: -1 });
  });

  it("is what a file is that ends below what was durable", async () => {
    const platform = await killedLog();
    changeFile(platform, firstLog, (content) => content.subarray(0, 3 * size));
    const log = await openTestLog(platform, {}, { recoveryPoint: 10, wasCleanlyClosed: true });
    expect(log.damage).toMatchObject({ firstOffset: 6 });
    expect(() => log.append(batchOf(), client)).toThrow(LogCorruptedError);
  });

  it("in an older segment leaves the segments before it readable and touches no file", async () => {
    const config = { segmentBytes: 2 * size };
    const platform = await killedLog(config);
    flipByte(platform, testFile("00000000000000000004.log"), 70);
    const names = platform.fileSystem.list(testPath).filter((name) => name.endsWith(".log"));
    const log = await openTestLog(platform, config);
    expect(log.damage).toMatchObject({ firstOffset: 4, position: 0 });
    expect(batchesIn(log.read(2, all))).toEqual([[2, 2]]);
    await log.close();
    expect(platform.fileSystem.list(testPath)).toEqual(expect.arrayContaining(names));
  });
});

describe("what a record vouches for", () => {
  const config = { segmentBytes: 2 * size, indexIntervalBytes: 1 };
  const closedLog = async (killed = false) => {
    const platform = testPlatform();
    const log = await openTestLog(platform, config);
    for (let index = 0; index < 5; index++) log.append(batchOf({ values: ["a", "b"] }), client);
    await log.sync();
    if (!killed) await log.close();
    return platform;
  };
  const third = testFile("00000000000000000004.log");

  it("is not read after a kill", async () => {
    const log = await openTestLog(await closedLog(true), config, { recoveryPoint: 10 });
    expect(log.recovery).toMatchObject({ wasClean: false, scannedBytes: size });
    expect(batchesIn(log.read(0, all))).toEqual([
      [0, 2],
      [2, 2],
    ]);
  });

  it.each([
    ["a value", 70],
    ["a leader epoch", 15],
    ["a base offset", 7],
  ])("is checked when it is read: %s", async (_, byte) => {
    const platform = await closedLog();
    flipByte(platform, third, byte);
    const log = await openTestLog(platform, config, { wasCleanlyClosed: true, recoveryPoint: 10 });
    expect(log.recovery.wasClean).toBe(true);
    expect(batchesIn(log.read(2, all))).toEqual([[2, 2]]);
    expect(() => log.read(4, all)).toThrow(LogCorruptedError);
    expect(log.damage).toMatchObject({ path: third, position: 0, firstOffset: 4 });
    expect(() => log.append(batchOf(), client)).toThrow(LogCorruptedError);
    expect(batchesIn(log.read(0, all)).length).toBe(2);
  });

  it("is served up to a damage in the midst of what is read", async () => {
    const platform = await closedLog();
    flipByte(platform, third, size + 70);
    const log = await openTestLog(platform, config, { wasCleanlyClosed: true, recoveryPoint: 10 });
    expect(batchesIn(log.read(4, all))).toEqual([[4, 2]]);
    expect(() => log.read(6, all)).toThrow(LogCorruptedError);
    expect(() => log.offsetForTimestamp(5000)).toThrow(LogCorruptedError);
  });

  it.each([
    ["is missing", (platform: Platform) => platform.fileSystem.remove(third), "is missing"],
    [
      "ends early, with a whole batch",
      (platform: Platform) => changeFile(platform, third, (bytes) => bytes.subarray(0, size)),
      "bytes were there",
    ],
  ])("is missed at once where a file %s", async (_, hurt, reason) => {
    const platform = await closedLog();
    hurt(platform);
    const log = await openTestLog(platform, config, { wasCleanlyClosed: true, recoveryPoint: 10 });
    expect(log.damage?.reason).toContain(reason);
    expect(batchesIn(log.read(2, all))).toEqual([[2, 2]]);
  });

  it("holds back transactions whose end is damaged", async () => {
    const platform = testPlatform();
    const options = { ...config, transactionVerificationEnabled: false };
    const closed = await openTestLog(platform, options);
    const data = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    closed.append(batchOf(data), client);
    closed.roll();
    closed.append(markerOf("abort", 1, 0), coordinator);
    closed.roll();
    closed.append(batchOf(), client);
    await closed.close();
    platform.fileSystem.remove(testFile("00000000000000000001.log"));
    const log = await openTestLog(platform, options, { wasCleanlyClosed: true, recoveryPoint: 3 });
    expect(log.damage).toMatchObject({ firstOffset: 1 });
    expect(log.lastStableOffset).toBe(0);
  });

  it("is served up to the first of two damages, whichever is found first", async () => {
    const platform = await closedLog();
    flipByte(platform, firstLog, size + 70);
    changeFile(platform, third, (bytes) => bytes.subarray(0, 9));
    for (const name of platform.fileSystem.list(testPath))
      if (name.endsWith(".snapshot")) platform.fileSystem.remove(testFile(name));
    const log = await openTestLog(platform, config, { wasCleanlyClosed: true, recoveryPoint: 10 });
    expect(batchesIn(log.read(0, all))).toEqual([[0, 2]]);
    expect(() => log.read(2, all)).toThrow(LogCorruptedError);
    expect(log.damage).toMatchObject({ path: firstLog, firstOffset: 2 });
  });

  it("is told where its record is lost after an orderly stop", async () => {
    const platform = await closedLog();
    platform.fileSystem.remove(third.replace(".log", ".checksum"));
    const told: unknown[] = [];
    const logger = {
      log: (_level: string, event: string, fields?: object) => told.push({ event, ...fields }),
      isEnabled: () => true,
    };
    const options = { wasCleanlyClosed: true, recoveryPoint: 10 };
    const log = await openTestLog({ ...platform, logger }, config, options);
    expect(told).toEqual([{ event: "log.record-missing", path: third }]);
    expect(log.damage).toBeUndefined();
  });

  it("begins where it began, though what is damaged lies before and behind", async () => {
    const platform = await closedLog();
    changeFile(platform, firstLog, (bytes) => bytes.subarray(0, 9));
    const options = { wasCleanlyClosed: true, recoveryPoint: 10, logStartOffset: 3 };
    const log = await openTestLog(platform, config, options);
    expect([log.logStartOffset, log.logEndOffset]).toEqual([3, 3]);
    expect(() => log.read(3, all)).toThrow(LogCorruptedError);
  });

  it("is missed where the first file is gone, and nothing was deleted", async () => {
    const platform = await closedLog();
    platform.fileSystem.remove(firstLog);
    const options = { wasCleanlyClosed: true, recoveryPoint: 10, logStartOffset: 0 };
    const log = await openTestLog(platform, config, options);
    expect(log.damage).toMatchObject({
      path: firstLog,
      firstOffset: 0,
      reason: "the file is missing",
    });
    expect(() => log.read(0, all)).toThrow(LogCorruptedError);
  });
});

describe("after an orderly close", () => {
  it("is taken as it is, with producers, indexes and the age of its segment", async () => {
    const platform = testPlatform();
    const config = { indexIntervalBytes: 1, transactionVerificationEnabled: false };
    const closed = await openTestLog(platform, config);
    closed.append(batchOf({ producerId: 4, producerEpoch: 2, baseSequence: 0 }), client);
    for (let index = 0; index < 4; index++)
      closed.append(batchOf({ timestamp: 1500 + index }), client);
    await closed.close();
    const log = await openTestLog(platform, config, { wasCleanlyClosed: true, recoveryPoint: 5 });
    expect(log.recovery).toMatchObject({ wasClean: true, scannedBytes: 0 });
    expect(log.producers()).toEqual(closed.producers());
    expect(log.maxTimestamp()).toMatchObject({ offset: 4, timestamp: 1503 });
    expect(log.append(batchOf(), client).baseOffset).toBe(5);
    expect(batchesIn(log.read(0, all)).length).toBe(6);
  });
});
