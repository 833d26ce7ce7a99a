import { FileSystemError, type LogFields } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { describe, expect, it } from "vitest";
import { batchOf } from "../test-support/batches.ts";
import { CountingFileSystem } from "../test-support/counting-file-system.ts";
import { openTestLog, testPath, testPlatform } from "../test-support/open-test-log.ts";
import { FailedWrites } from "./failed-writes.ts";
import { LogDirectory } from "./log-directory.ts";

/** A clock that is set, and what is logged. */
function told() {
  const lines: { event: string; fields: LogFields | undefined }[] = [];
  const clock = { nowMs: 0, wallMs: () => 2000, monotonicMs: () => clock.nowMs };
  const logger = {
    isEnabled: () => true,
    log: (_level: string, event: string, fields?: LogFields) => void lines.push({ event, fields }),
  };
  return { lines, clock, logger };
}

const full = new FileSystemError("DISK_FULL", "a/x.log", "no space left");

describe("appends that the device refuses", () => {
  it("are told of with the log's path and the cause, and counted", async () => {
    const { lines, logger } = told();
    const files = new CountingFileSystem(testPlatform().fileSystem);
    const platform = { ...testPlatform(files.fileSystem), logger };
    const failedWrites = new FailedWrites(platform);
    const size = batchOf().length;
    const log = await openTestLog(platform, { segmentBytes: size }, { failedWrites });
    log.append(batchOf(), { origin: "client" });
    files.refuses = (path) => path.endsWith(".log");
    for (let count = 0; count < 3; count++)
      expect(() => log.append(batchOf(), { origin: "client" })).toThrow("no space left");
    const written = lines.filter(({ event }) => event === "log.write-failed");
    expect(written).toHaveLength(1);
    expect(written[0].fields).toMatchObject({ path: testPath, count: 1 });
    expect(String(written[0].fields?.["error"])).toContain("no space left");
    expect(failedWrites.count).toBe(3);
  });

  it("are told of by the directory too, where a log cannot be made", async () => {
    const { lines, logger } = told();
    const files = new CountingFileSystem(memoryPlatform().fileSystem);
    const platform = { ...memoryPlatform({ fileSystem: files.fileSystem }), logger };
    await using directory = await LogDirectory.open({
      platform,
      path: "data",
      clusterId: "c",
      nodeId: 1,
    });
    files.refuses = () => true;
    const asked = { topic: "orders", partition: 0, leaderEpoch: 1 };
    expect(() => directory.createLog(asked)).toThrow("no space left");
    expect(directory.failedWriteCount).toBe(1);
    expect(lines).toMatchObject([{ event: "log.write-failed", fields: { path: "data/orders-0" } }]);
    files.refuses = () => false;
  });

  it("are told of once in ten seconds for each log, with how many there were", () => {
    const { lines, clock, logger } = told();
    const failed = new FailedWrites({ clock, logger });
    for (let count = 0; count < 1_000; count++) failed.tell("a", full);
    failed.tell("b", full);
    clock.nowMs = 10_000;
    failed.tell("a", full);
    failed.tell("b", full);
    failed.tell("b", full);
    clock.nowMs = 30_000;
    for (const path of ["a", "b"]) failed.tell(path, full);
    expect(lines.map(({ fields }) => [fields?.["path"], fields?.["count"]])).toEqual([
      ["a", 1],
      ["b", 1],
      ["a", 1_000],
      ["b", 1],
      ["b", 1],
      ["a", 1],
      ["b", 1],
    ]);
    expect(failed.count).toBe(1_006);
  });

  it("and a sync that fails is told of once, with its cause and what to do", async () => {
    const { lines, logger } = told();
    const files = new CountingFileSystem(testPlatform().fileSystem);
    const log = await openTestLog({ ...testPlatform(files.fileSystem), logger });
    files.failsToSync = () => true;
    log.append(batchOf(), { origin: "client" });
    for (let count = 0; count < 3; count++)
      await expect(log.sync()).rejects.toThrow("a sync failed");
    expect(lines).toMatchObject([{ event: "log.failed", fields: { path: testPath } }]);
    expect(lines[0].fields?.["error"]).toMatchObject({
      message: expect.stringContaining("End the process"),
      cause: { message: expect.stringContaining("it is broken") },
    });
  });

  it("and what vouches for a segment is told of as well", async () => {
    const { lines, logger } = told();
    const files = new CountingFileSystem(testPlatform().fileSystem);
    const log = await openTestLog({ ...testPlatform(files.fileSystem), logger });
    files.refuses = (path) => path.endsWith(".checksum");
    log.append(batchOf(), { origin: "client" });
    expect(lines).toMatchObject([{ event: "log.record-failed" }]);
  });
});
