import type { Platform } from "@millrace/platform";
import { expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { openTestLog, testPath, testPlatform } from "../../test-support/open-test-log.ts";

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
