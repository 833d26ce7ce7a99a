import type { Platform } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { CountingFileSystem } from "../../test-support/counting-file-system.ts";
import {
  changeFile,
  openTestLog,
  readFile,
  testFile,
  testPath,
  testPlatform,
} from "../../test-support/open-test-log.ts";

const client = { origin: "client" } as const;

function batch(baseSequence: number): Uint8Array {
  return batchOf({ producerId: 1, producerEpoch: 0, baseSequence });
}

function snapshotsIn({ fileSystem }: Platform): readonly number[] {
  const names = fileSystem.list(testPath).filter((name) => name.endsWith(".snapshot"));
  return names.map((name) => Number(name.split(".")[0]));
}

it("starts and stops leave one snapshot of producers behind each segment, and no others", async () => {
  const platform = testPlatform();
  for (let sequence = 0; sequence < 6; sequence++) {
    const log = await openTestLog(platform);
    expect(log.append(batch(sequence), client).isDuplicate).toBe(false);
    if (sequence === 2) log.roll();
    await log.close();
  }
  expect(snapshotsIn(platform)).toEqual([3, 6]);
  const log = await openTestLog(platform);
  expect(log.append(batch(5), client).isDuplicate).toBe(true);
});

it.each(["closed", "rolled and cut off"])(
  "what a producer sends again is known again after the log was %s, also what is not its newest",
  async (end) => {
    const platform = testPlatform();
    const log = await openTestLog(platform);
    for (let sequence = 0; sequence < 7; sequence++) log.append(batch(sequence), client);
    if (end === "closed") await log.close();
    else log.roll();
    const again = await openTestLog(platform);
    for (const sequence of [2, 3, 4, 5, 6])
      expect(again.append(batch(sequence), client)).toMatchObject({
        isDuplicate: true,
        baseOffset: sequence,
      });
    expect(() => again.append(batch(1), client)).toThrow("sent sequence 1");
    expect(again.append(batch(7), client)).toMatchObject({ isDuplicate: false, baseOffset: 7 });
  },
);

it("records that are deleted again and again leave no snapshots behind", async () => {
  const platform = testPlatform();
  const log = await openTestLog(platform);
  for (let sequence = 0; sequence < 6; sequence++) {
    log.append(batch(sequence), client);
    await log.sync();
    log.advanceHighWatermark(log.logEndOffset);
    await log.deleteRecordsBefore(sequence + 1);
  }
  expect(snapshotsIn(platform)).toEqual([6]);
  await log.close();
});

it("snapshots that are gone are made anew, before records go that know what they said", async () => {
  const platform = testPlatform();
  const config = { segmentBytes: 100 };
  const log = await openTestLog(platform, config);
  const other = () => batchOf({ producerId: 2, producerEpoch: 0, baseSequence: 0 });
  log.append(other(), client);
  for (let sequence = 0; sequence < 3; sequence++) log.append(batch(sequence), client);
  await log.close();
  const places = { wasCleanlyClosed: true, recoveryPoint: 4 };
  for (const offset of snapshotsIn(platform)) platform.fileSystem.remove(snapshotAt(offset));
  const without = await openTestLog(platform, config, places);
  await without.deleteRecordsBefore(3);
  await without.close();
  const again = await openTestLog(platform, config, { ...places, logStartOffset: 3 });
  expect(again.append(other(), client).isDuplicate).toBe(true);
});

it.each([0, 40])(
  "a later one is gone by where that at the begin is lost, and %i bytes are torn",
  async (tornBytes) => {
    const platform = testPlatform();
    const config = { segmentBytes: 250 };
    const log = await openTestLog(platform, config);
    log.append(batchOf({ producerId: 2, producerEpoch: 0, baseSequence: 0 }), client);
    for (let sequence = 0; sequence < 6; sequence++) log.append(batch(sequence), client);
    await log.sync();
    log.advanceHighWatermark(7);
    const [first] = log.segments();
    await log.deleteRecordsBefore(first.endOffset);
    platform.fileSystem.remove(snapshotAt(first.endOffset));
    const names = platform.fileSystem.list(testPath);
    for (const name of names.filter((one) => one.endsWith(".checksum")))
      platform.fileSystem.remove(testFile(name));
    const active = names.findLast((name) => name.endsWith(".log")) ?? "";
    changeFile(platform, testFile(active), (bytes) =>
      Buffer.concat([bytes, batch(6).subarray(0, tornBytes)]),
    );
    const places = { recoveryPoint: 7, logStartOffset: first.endOffset };
    const again = await openTestLog(platform, config, places);
    expect(again.recovery.cutTail?.sizeBytes ?? 0).toBe(tornBytes);
    expect(again.producers()).toEqual(log.producers());
  },
);

it("that it cannot be written does not keep records from being deleted, and is told", async () => {
  const platform = testPlatform();
  const told: string[] = [];
  const files = new CountingFileSystem(platform.fileSystem);
  const log = await openTestLog({
    ...platform,
    fileSystem: files.fileSystem,
    logger: { log: (_level, event) => told.push(event), isEnabled: () => true },
  });
  log.append(batch(0), client);
  await log.sync();
  log.advanceHighWatermark(1);
  files.refuses = (path) => path.endsWith(".snapshot");
  expect(await log.deleteRecordsBefore(1)).toBe(1);
  expect(told).toEqual(["log.witnesses-failed"]);
});

describe("a sound snapshot of another log in the place of ours", () => {
  const config = { segmentBytes: 250 };
  /** Six batches of producer 1 in three segments, all durable. */
  async function written(isKilled: boolean): Promise<Platform> {
    const platform = testPlatform();
    const log = await openTestLog(platform, config);
    for (let sequence = 0; sequence < 6; sequence++) log.append(batch(sequence), client);
    await log.sync();
    if (!isKilled) await log.close();
    return platform;
  }
  const foreign = async () => {
    const platform = testPlatform();
    const log = await openTestLog(platform);
    log.append(batchOf({ producerId: 2, producerEpoch: 0, baseSequence: 0 }), client);
    await log.close();
    return readFile(platform, testFile("00000000000000000001.snapshot"));
  };
  const reopen = (platform: Platform, isKilled: boolean) =>
    openTestLog(platform, config, { wasCleanlyClosed: !isKilled, recoveryPoint: 6 });

  it.each([
    ["a stop", false],
    ["a kill", true],
  ])("is not believed after %s", async (_when, isKilled) => {
    const platform = await written(isKilled);
    const bytes = await foreign();
    for (const offset of snapshotsIn(platform))
      changeFile(platform, snapshotAt(offset), () => bytes);
    for (let start = 1; start <= 2; start++) {
      const log = await reopen(platform, isKilled);
      expect(log.producers().map(({ producerId }) => producerId)).toEqual([1]);
      expect(log.append(batch(5), client).isDuplicate).toBe(true);
      await log.close();
    }
  });

  it("is not believed once the log has come to its offset", async () => {
    const platform = await written(false);
    const handle = platform.fileSystem.open(snapshotAt(7), "create");
    handle.write([await foreign()], 0);
    handle.close();
    const log = await reopen(platform, false);
    log.append(batch(6), client);
    await log.close();
    const again = await openTestLog(platform, config, { wasCleanlyClosed: true, recoveryPoint: 7 });
    expect(again.append(batch(6), client).isDuplicate).toBe(true);
  });
});

const snapshotAt = (offset: number) => testFile(`${String(offset).padStart(20, "0")}.snapshot`);

it("producers that neither a snapshot nor the log knows any more are told", async () => {
  const platform = testPlatform();
  const log = await openTestLog(platform, { segmentBytes: 100 });
  for (let sequence = 0; sequence < 3; sequence++) log.append(batch(sequence), client);
  await log.sync();
  log.advanceHighWatermark(3);
  await log.deleteRecordsBefore(2);
  await log.close();
  const told: string[] = [];
  const logger = {
    log: (_level: string, event: string) => told.push(event),
    isEnabled: () => true,
  };
  const reopen = () =>
    openTestLog({ ...platform, logger }, {}, { recoveryPoint: 3, logStartOffset: 2 });
  await (await reopen()).close();
  expect(told).toEqual([]);
  for (const offset of snapshotsIn(platform)) platform.fileSystem.remove(snapshotAt(offset));
  await reopen();
  expect(told).toEqual(["log.producers-unknown"]);
});
