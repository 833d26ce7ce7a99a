import { expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { copyOf } from "../../test-support/damaged-world.ts";
import { readFile, testPlatform } from "../../test-support/open-test-log.ts";
import { LogDirectory } from "../log-directory.ts";
import { checkLogs } from "./check-logs.ts";
import { repairLogs } from "./repair-logs.ts";

const folder = "data/orders-0";
const timers = { yield: () => Promise.resolve() };

/** A compacted log, and what a kill between two steps of its compaction leaves. */
async function compactedFiles() {
  const platform = testPlatform();
  const directory = await LogDirectory.open({
    platform,
    path: "data",
    clusterId: "cluster",
    nodeId: 1,
  });
  const log = await directory.openLog({
    topic: "orders",
    partition: 0,
    leaderEpoch: 1,
    config: { isCompacted: true, isDeleted: false, segmentBytes: 300 },
  });
  for (let offset = 0; offset < 20; offset++)
    log.append(batchOf({ key: `k${offset % 3}`, values: [`v${offset}`] }), { origin: "client" });
  log.roll();
  await log.sync();
  log.advanceHighWatermark(20);
  await log.upkeep.compact({
    offsetMapBytes: 1000,
    offsetMapLoadFactor: 0.9,
    sliceBytes: 1000,
    rest: async () => {},
  });
  expect(log.segments()[0].sizeBytes).toBe(0);
  await directory.checkpoint();
  return copyOf(platform.fileSystem, "data");
}

it("a compacted log is sound, gaps and all", async () => {
  const platform = { ...testPlatform(await compactedFiles()), timers };
  expect((await checkLogs({ platform, path: "data" })).findings).toEqual([]);
});

it("a compaction that a start is to complete is told, and nothing is repaired before", async () => {
  const files = await compactedFiles();
  const name = files.list(folder).findLast((each) => each.endsWith(".log")) ?? "";
  files.rename(`${folder}/${name}`, `${folder}/${name}.swap`);
  const platform = { ...testPlatform(files), timers };
  const { findings } = await checkLogs({ platform, path: "data" });
  expect(findings).toMatchObject([{ kind: "cache", path: `${folder}/${name}.swap` }]);
  const before = files
    .list(folder)
    .map((each) => `${readFile(testPlatform(files), `${folder}/${each}`)}`);
  const { done, lost } = await repairLogs({ platform, path: "data" });
  expect([done, lost]).toEqual([[], []]);
  const after = files
    .list(folder)
    .map((each) => `${readFile(testPlatform(files), `${folder}/${each}`)}`);
  expect(after).toEqual(before);
});
