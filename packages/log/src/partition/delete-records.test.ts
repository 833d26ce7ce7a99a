import { expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { testPath, testPlatform } from "../../test-support/open-test-log.ts";
import { PartitionLog } from "../partition-log.ts";

it("a log start is noted of no log whose folder a power loss could take: it would be missed", async () => {
  const wasNew: boolean[] = [];
  const log = PartitionLog.create({
    platform: testPlatform(),
    path: testPath,
    topic: "orders",
    partition: 0,
    leaderEpoch: 1,
    saveLogStartOffset: () => {
      wasNew.push(log.isNew);
      return Promise.resolve();
    },
  });
  log.append(batchOf(), { origin: "client" });
  // As where nobody waits for the device.
  log.advanceHighWatermark(1);
  expect(await log.deleteRecordsBefore(1)).toBe(1);
  expect(wasNew).toEqual([false]);
  await log.close();
});
