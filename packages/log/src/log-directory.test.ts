import { encodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import { LogDirectory } from "./log-directory.ts";
import { batchOf } from "../test-support/batches.ts";
import { changeFile, flipByte, readFile, testPlatform } from "../test-support/open-test-log.ts";

const client = { origin: "client" } as const;
const orders = { topic: "orders", partition: 0, leaderEpoch: 1 } as const;
const marker = "data/.kafka_cleanshutdown";

const open = (platform: Platform) =>
  LogDirectory.open({ platform, path: "data", clusterId: "cluster", nodeId: 1, lockNote: "here" });

const textOf = (platform: Platform, name: string) =>
  new TextDecoder().decode(readFile(platform, `data/${name}`));

describe("LogDirectory", () => {
  it("takes logs as they are after an orderly close, and scans them after anything else", async () => {
    const platform = testPlatform();
    const first = await open(platform);
    const log = await first.openLog(orders);
    log.append(batchOf({ values: ["a", "b"] }), client);
    log.advanceHighWatermark(2);
    await first.close();
    await first.close();
    expect(textOf(platform, "recovery-point-offset-checkpoint")).toBe("0\n1\norders 0 2\n");
    expect(textOf(platform, "replication-offset-checkpoint")).toBe("0\n1\norders 0 2\n");
    expect(textOf(platform, ".kafka_cleanshutdown")).toBe('{"version":0,"brokerEpoch":-1}');

    const second = await open(platform);
    expect(second.wasCleanlyClosed).toBe(true);
    expect(platform.fileSystem.stat(marker)).toBeUndefined();
    expect(second.partitions()).toEqual([{ topic: "orders", partition: 0 }]);
    expect((await second.openLog(orders)).recovery.wasClean).toBe(true);
  });

  it("notes how far logs are durable only where that has changed", async () => {
    const platform = testPlatform();
    const directory = await open(platform);
    const log = await directory.openLog(orders);
    const name = "recovery-point-offset-checkpoint";
    await directory.checkpointRecoveryPoints();
    expect(textOf(platform, name)).toBe("0\n1\norders 0 0\n");
    platform.fileSystem.remove(`data/${name}`);
    await directory.checkpointRecoveryPoints();
    expect(platform.fileSystem.stat(`data/${name}`)).toBeUndefined();
    log.append(batchOf(), client);
    await directory.checkpointRecoveryPoints();
    expect(platform.fileSystem.stat(`data/${name}`)).toBeUndefined();
    await log.sync();
    await directory.checkpointRecoveryPoints();
    expect(textOf(platform, name)).toBe("0\n1\norders 0 1\n");
  });

  it("is used by one process at a time", async () => {
    const platform = testPlatform();
    const first = await open(platform);
    await expect(open(platform)).rejects.toMatchObject({
      code: "IN_USE",
      message: expect.stringContaining("here"),
    });
    await first.close();
    await (await open(platform)).close();
  });

  it("refuses foreign folders, newer formats and other clusters, and touches nothing", async () => {
    const platform = testPlatform();
    changeFileTo(platform, "data/holiday.jpg", "?");
    await expect(open(platform)).rejects.toMatchObject({ code: "FOREIGN_FOLDER" });
    platform.fileSystem.remove("data/holiday.jpg");
    await (await open(platform)).close();
    const mine = textOf(platform, "meta.properties");
    changeFileTo(platform, "data/meta.properties", mine.replace("format=1", "format=2"));
    await expect(open(platform)).rejects.toMatchObject({ code: "VERSION_TOO_NEW" });
    changeFileTo(platform, "data/meta.properties", mine.replace("=cluster", "=other"));
    await expect(open(platform)).rejects.toMatchObject({ code: "WRONG_CLUSTER" });
    changeFileTo(platform, "data/meta.properties", "version=1\ncluster.id=cluster\n");
    await expect(open(platform)).rejects.toMatchObject({ code: "FOREIGN_FOLDER" });
    expect(platform.fileSystem.stat(marker)).toBeDefined();
  });

  it("keeps the log start over a crash, and never moves it back (C11)", async () => {
    const platform = testPlatform();
    const first = await open(platform);
    const log = await first.openLog(orders);
    for (let index = 0; index < 4; index++) log.append(batchOf(), client);
    log.advanceHighWatermark(4);
    await log.deleteRecordsBefore(3);
    expect(textOf(platform, "log-start-offset-checkpoint")).toBe("0\n1\norders 0 3\n");
    await first.close();
    platform.fileSystem.remove(marker);
    const second = await open(platform);
    expect((await second.openLog(orders)).logStartOffset).toBe(3);
  });

  it("leaves no marker of an orderly close where a log is damaged", async () => {
    const platform = testPlatform();
    const first = await open(platform);
    (await first.openLog(orders)).append(batchOf(), client);
    await first.close();
    platform.fileSystem.remove(marker);
    flipByte(platform, "data/orders-0/00000000000000000000.log", 65);
    const second = await open(platform);
    expect((await second.openLog(orders)).damage).toMatchObject({ firstOffset: 0 });
    await second.close();
    expect(platform.fileSystem.stat(marker)).toBeUndefined();
    expect(textOf(platform, "recovery-point-offset-checkpoint")).toContain("orders 0 1");
  });

  it("deletes a partition with its offsets", async () => {
    const platform = testPlatform();
    const directory = await open(platform);
    (await directory.openLog(orders)).append(batchOf(), client);
    await directory.checkpoint();
    await directory.deleteLog("orders", 0);
    expect(directory.partitions()).toEqual([]);
    expect(textOf(platform, "recovery-point-offset-checkpoint")).toBe("0\n0\n");
    expect((await directory.openLog(orders)).logEndOffset).toBe(0);
  });

  it("ties a folder to one topic id", async () => {
    const platform = testPlatform();
    const directory = await open(platform);
    await directory.openLog({ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" });
    expect(textOf(platform, "orders-0/partition.metadata")).toBe(
      "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ",
    );
    await directory.close();
    const other = await open(platform);
    await expect(
      other.openLog({ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAg" }),
    ).rejects.toMatchObject({ code: "CHECKPOINT_MALFORMED" });
  });
});

function changeFileTo(platform: Platform, path: string, text: string): void {
  platform.fileSystem.open(path, "openOrCreate").close();
  changeFile(platform, path, () => encodeUtf8(text));
}
