import { encodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { describe, expect, it, vi } from "vitest";
import { batchesIn, batchOf } from "../../test-support/batches.ts";
import { CountingFileSystem } from "../../test-support/counting-file-system.ts";
import { copyOf } from "../../test-support/damaged-world.ts";
import { changeFile, flipByte, readFile, testPlatform } from "../../test-support/open-test-log.ts";
import { LogDirectory } from "../log-directory.ts";
import { LogCorruptedError } from "../log-error.ts";
import type { PartitionLog } from "../partition-log.ts";
import { checkLogs } from "../repair/check-logs.ts";
import { repairLogs } from "../repair/repair-logs.ts";
import { decodeSegmentRecord, encodeSegmentRecord, type SegmentRecord } from "./segment-record.ts";

const client = { origin: "client" } as const;
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };
const marker = "data/.kafka_cleanshutdown";
const ours = "data/orders-0/00000000000000000000.log";
const theirs = "data/orders-1/00000000000000000000.log";
const size = batchOf().length;

const open = (platform: Platform) =>
  LogDirectory.open({ platform, path: "data", clusterId: "cluster", nodeId: 1 });
const openLog = (directory: LogDirectory, partition = 0, leaderEpoch = 1) =>
  directory.openLog({
    topic: "orders",
    partition,
    leaderEpoch,
    config: { indexIntervalBytes: 1, recordIntervalBytes: 2 * size },
  });
const appendTo = async (log: PartitionLog, count: number) => {
  for (let index = 0; index < count; index++) {
    log.append(batchOf(), client);
    await log.sync();
  }
};
const offsetsIn = (log: PartitionLog) => batchesIn(log.read(0, all)).map(([offset]) => offset);
const changeRecord = (platform: Platform, change: (record: SegmentRecord) => SegmentRecord) =>
  changeFile(platform, ours.replace(".log", ".checksum"), (bytes) => {
    const name = "orders-0/00000000000000000000.checksum";
    const record = decodeSegmentRecord(bytes, name);
    if (record === undefined) throw new Error("there is no record");
    return encodeSegmentRecord(change(record), name);
  });
const checkOf = (platform: Platform) =>
  checkLogs({
    platform: { ...platform, timers: { yield: () => Promise.resolve() } },
    path: "data",
  });

/** Three batches, and another partition's log that begins with the same three and has two more. */
async function stopped(isClosed: boolean): Promise<Platform> {
  const platform = testPlatform();
  const directory = await open(platform);
  const logs = [await openLog(directory, 0), await openLog(directory, 1)];
  for (const [index, log] of logs.entries()) {
    await appendTo(log, index === 0 ? 3 : 5);
    if (isClosed) log.roll();
  }
  await directory.close();
  return platform;
}

/** One start finds another's batches behind the record; then the file is as it was. */
async function findAndPutBack(platform: Platform): Promise<void> {
  const whole = readFile(platform, ours);
  changeFile(platform, ours, () => readFile(platform, theirs));
  const directory = await open(platform);
  expect((await openLog(directory)).damage).toBeDefined();
  await directory.close();
  changeFile(platform, ours, () => whole);
}

describe.each([
  ["active", false],
  ["closed", true],
])("a log that is longer than an orderly stop left it, %s", (_name, isClosed) => {
  it.each([
    ["with another's batches", (bytes: Uint8Array) => bytes],
    ["with a part of a batch", (bytes: Uint8Array) => bytes.subarray(0, 3 * size + 20)],
    [
      "with zeros",
      (bytes: Uint8Array) => Buffer.concat([bytes.subarray(0, 3 * size), Buffer.alloc(600)]),
    ],
  ])("is damaged from there on, at each start (%s)", async (_how, change) => {
    const platform = await stopped(isClosed);
    changeFile(platform, ours, () => change(readFile(platform, theirs)));
    const damage = { path: ours, position: 3 * size, firstOffset: 3 };
    expect((await checkOf(platform)).findings).toMatchObject([{ kind: "damage", ...damage }]);
    for (let start = 1; start <= 3; start++) {
      const directory = await open(platform);
      const log = await openLog(directory, 0, 1 + start);
      expect(log.damage, `start ${start}`).toMatchObject(damage);
      expect(offsetsIn(log)).toEqual([0, 1, 2]);
      expect(() => log.append(batchOf(), client)).toThrow(LogCorruptedError);
      await directory.close();
      expect((await checkOf(platform)).findings).toMatchObject([{ kind: "damage", ...damage }]);
    }
    const timers = { yield: () => Promise.resolve() };
    await repairLogs({ platform: { ...platform, timers }, path: "data" });
    const log = await openLog(await open(platform), 0, 5);
    expect(log.damage).toBeUndefined();
    expect(offsetsIn(log)).toEqual([0, 1, 2]);
    expect(log.append(batchOf(), client).baseOffset).toBe(3);
  });
});

describe("a log that is longer than its record", () => {
  it("is damaged where its indexes are, too", async () => {
    const platform = await stopped(false);
    changeFile(platform, ours, () => readFile(platform, theirs));
    flipByte(platform, ours.replace(".log", ".index"), 3);
    const log = await openLog(await open(platform));
    expect(log.damage).toMatchObject({ position: 3 * size, firstOffset: 3 });
    expect(offsetsIn(log)).toEqual([0, 1, 2]);
  });

  it.each([
    ["at the stop", false],
    ["when it was closed", true],
  ])("is whole where the record could not be written %s", async (_when, isClosed) => {
    const files = new CountingFileSystem(testPlatform().fileSystem);
    const platform = testPlatform(files.fileSystem);
    const directory = await open(platform);
    const log = await openLog(directory);
    await appendTo(log, 3); // recorded after the second
    files.refuses = (path) => path.endsWith(".checksum") || path.endsWith("index");
    if (isClosed) log.roll();
    await directory.close();
    files.refuses = () => false;
    expect((await checkOf(platform)).findings.filter(({ kind }) => kind === "damage")).toEqual([]);
    const again = await openLog(await open(platform));
    expect(again.damage).toBeUndefined();
    expect(offsetsIn(again)).toEqual([0, 1, 2]);
  });

  it("is whole where the record of what came was lost with the power, and at the next stop could not be written", async () => {
    const platform = await stopped(false);
    const record = ours.replace(".log", ".checksum");
    const ofStop = readFile(platform, record);
    await appendTo(await openLog(await open(platform)), 2);
    const lost = testPlatform(copyOf(platform.fileSystem, "data"));
    changeFile(lost, record, () => ofStop);
    const files = new CountingFileSystem(lost.fileSystem);
    const after = testPlatform(files.fileSystem);
    const directory = await open(after);
    // It is too small to be recorded as it is recovered.
    const log = await directory.openLog({ topic: "orders", partition: 0, leaderEpoch: 1 });
    await openLog(directory, 1);
    expect(offsetsIn(log)).toEqual([0, 1, 2, 3, 4]);
    files.refuses = (path) => path.endsWith("index") || path.endsWith(".checksum");
    await directory.close();
    files.refuses = () => false;
    const last = await open(after);
    expect(last.wasCleanlyClosed).toBe(true);
    const again = await openLog(last);
    expect(again.damage).toBeUndefined();
    expect(offsetsIn(again)).toEqual([0, 1, 2, 3, 4]);
  });

  it("is whole where the record of its end was written, and the segment behind it could not be made", async () => {
    const files = new CountingFileSystem(testPlatform().fileSystem);
    const platform = testPlatform(files.fileSystem);
    const directory = await open(platform);
    const log = await openLog(directory);
    await appendTo(log, 4);
    files.refuses = (path) => path.endsWith("4.log");
    expect(() => log.roll()).toThrow("nothing was appended");
    await appendTo(log, 1);
    files.refuses = (path) => path.endsWith("index") || path.endsWith(".checksum");
    await directory.close();
    files.refuses = () => false;
    const again = await openLog(await open(platform));
    expect(again.damage).toBeUndefined();
    expect(offsetsIn(again)).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    ["an older version", '{"version":0,"brokerEpoch":-1}', true],
    ["Apache Kafka", '{"version":0,"brokerEpoch":7}', false],
  ])("is whole where %s stopped in order", async (_who, text, isOurs) => {
    const platform = await stopped(false);
    const longer = readFile(platform, theirs);
    changeFile(platform, ours, () => longer);
    changeFile(platform, marker, () => encodeUtf8(text));
    if (isOurs) changeRecord(platform, (record) => ({ ...record, isStopped: false }));
    const other = await open(platform);
    await openLog(other, 1);
    await other.close();
    expect((await checkOf(platform)).findings).toEqual([]);
    const directory = await open(platform);
    const log = await openLog(directory);
    expect(directory.wasCleanlyClosed).toBe(isOurs);
    expect(log.damage).toBeUndefined();
    expect(offsetsIn(log)).toEqual([0, 1, 2, 3, 4]);
    await directory.close();
  });

  it("is whole after a kill of the run that wrote more", async () => {
    const platform = await stopped(false);
    const directory = await open(platform);
    await appendTo(await openLog(directory), 1);
    const killed = await openLog(await open(testPlatform(copyOf(platform.fileSystem, "data"))));
    expect(offsetsIn(killed)).toEqual([0, 1, 2, 3]);
    await directory.close();
  });

  it("is whole once its file is as it was, and a power loss took the record of what came then", async () => {
    const platform = await stopped(false);
    const record = ours.replace(".log", ".checksum");
    await findAndPutBack(platform);
    const directory = await open(platform);
    const log = await openLog(directory);
    const onDevice = readFile(platform, record);
    await appendTo(log, 1);
    await directory.close();
    platform.fileSystem.remove(marker);
    changeFile(platform, record, () => onDevice);
    expect(offsetsIn(await openLog(await open(platform)))).toEqual([0, 1, 2, 3]);
  });

  it("has its record taken from the device where that cannot be made one of a log that goes on", async () => {
    const { fileSystem } = await stopped(false);
    const files = new CountingFileSystem(fileSystem);
    const platform = testPlatform(files.fileSystem);
    await findAndPutBack(platform);
    const directory = await open(platform);
    let opened = 0; // to be read at first
    files.refuses = (path) => path === ours.replace(".log", ".checksum") && opened++ > 0;
    const synced = vi.spyOn(fileSystem, "syncDirectory");
    expect((await openLog(directory)).damage).toBeUndefined();
    expect(synced.mock.calls).toContainEqual(["data/orders-0"]);
  });
});
