import type { Platform } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { changeFile, flipByte, testPlatform } from "../../test-support/open-test-log.ts";
import { LogDirectory } from "../log-directory.ts";

const open = (platform: Platform) =>
  LogDirectory.open({ platform, path: "data", clusterId: "cluster", nodeId: 1 });

const orders = { topic: "orders", partition: 0 };
const payments = { topic: "payments", partition: 0 };
const marker = "data/.kafka_cleanshutdown";
const recoveryPoints = "data/recovery-point-offset-checkpoint";
const logStarts = "data/log-start-offset-checkpoint";
const lastLog = "data/orders-0/00000000000000000003.log";

/** Four records, two of them deleted, the last one in a segment of its own. */
async function written(isKilled: boolean): Promise<Platform> {
  const platform = testPlatform();
  const directory = await open(platform);
  const log = await directory.openLog({ ...orders, leaderEpoch: 1 });
  for (let count = 0; count < 3; count++) log.append(batchOf(), { origin: "client" });
  log.roll();
  log.append(batchOf(), { origin: "client" });
  await log.sync();
  log.advanceHighWatermark(4);
  await log.deleteRecordsBefore(2);
  const other = await directory.openLog({ ...payments, leaderEpoch: 1 });
  other.append(batchOf(), { origin: "client" });
  await directory.close();
  if (isKilled) platform.fileSystem.remove(marker);
  return platform;
}

const hurts: readonly (readonly [string, (platform: Platform, path: string) => void])[] = [
  ["missing", (platform, path) => platform.fileSystem.remove(path)],
  ["flipped", (platform, path) => flipByte(platform, path, 13)],
  ["cut", (platform, path) => changeFile(platform, path, (bytes) => bytes.subarray(0, 5))],
];

describe.each([
  ["a stop", false],
  ["a kill", true],
])("after %s", (_when, isKilled) => {
  it.each(hurts)("a lost end is missed where the recovery points are %s", async (_how, hurt) => {
    const platform = await written(isKilled);
    hurt(platform, recoveryPoints);
    platform.fileSystem.remove(lastLog);
    const directory = await open(platform);
    const log = await directory.openLog({ ...orders, leaderEpoch: 2 });
    expect(log.damage).toMatchObject({ firstOffset: 3 });
    await directory.close();
  });

  it.each(hurts)("a lost folder is missed where the recovery points are %s", async (_how, hurt) => {
    const platform = await written(isKilled);
    hurt(platform, recoveryPoints);
    expect((await open(platform)).hasSeenRecords(payments)).toBe(true);
  });

  it.each(hurts)(
    "log starts that are %s, and whose copy is gone, are an error",
    async (_how, hurt) => {
      const platform = await written(isKilled);
      hurt(platform, logStarts);
      platform.fileSystem.remove(`${logStarts}.copy`);
      await expect(open(platform)).rejects.toMatchObject({ code: "CHECKPOINT_MALFORMED" });
    },
  );
});

it.each([recoveryPoints, logStarts])("%s is told to be missing, and written anew", async (path) => {
  const platform = await written(false);
  platform.fileSystem.remove(path);
  const told: unknown[] = [];
  const logger = {
    log: (_level: string, event: string) => told.push(event),
    isEnabled: () => true,
  };
  const directory = await open({ ...platform, logger });
  expect(told).toEqual(["log.checkpoint-rebuilt"]);
  await directory.checkpoint();
  expect(platform.fileSystem.stat(path)).toBeDefined();
});
