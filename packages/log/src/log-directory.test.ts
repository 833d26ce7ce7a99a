import { encodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
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
    // Kafka's format: the last line is a partition that no topic can have.
    expect(textOf(platform, "recovery-point-offset-checkpoint")).toBe(
      "0\n2\norders 0 2\n:crc32c 0 1906406950\n",
    );
    expect(textOf(platform, ".kafka_cleanshutdown")).toBe('{"version":0,"brokerEpoch":-1}');

    const second = await open(platform);
    expect(second.wasCleanlyClosed).toBe(true);
    expect(platform.fileSystem.stat(marker)).toBeUndefined();
    expect(second.partitions()).toEqual([{ topic: "orders", partition: 0 }]);
    expect((await second.openLog(orders)).recovery.wasClean).toBe(true);
  });

  it("calls an orderly close none where a log was not opened since the crash before", async () => {
    const platform = testPlatform();
    const run = async (partitions: readonly number[]) => {
      const directory = await open(platform);
      for (const partition of partitions) await directory.openLog({ ...orders, partition });
      await directory.close();
      return directory.wasCleanlyClosed;
    };
    await run([0, 1]);
    platform.fileSystem.remove(marker); // as a crash leaves it
    expect(await run([0])).toBe(false);
    expect(await run([0, 1])).toBe(false);
    expect(await run([])).toBe(true);
    expect(await run([])).toBe(true);
  });

  it("knows at each start what was durable of a damaged log, though the file that noted it is gone", async () => {
    const platform = testPlatform();
    const first = await open(platform);
    const log = await first.openLog(orders);
    for (let count = 0; count < 3; count++) log.append(batchOf(), client);
    await first.close();
    platform.fileSystem.remove("data/recovery-point-offset-checkpoint");
    changeFile(platform, "data/orders-0/00000000000000000000.log", (bytes) => bytes.slice(0, -9));
    for (let start = 1; start <= 2; start++) {
      const directory = await open(platform);
      const { damage } = await directory.openLog({ ...orders, leaderEpoch: 1 + start });
      expect(damage).toMatchObject({ firstOffset: 2 });
      await directory.close();
      expect(platform.fileSystem.stat(marker)).toBeUndefined();
    }
  });

  it("notes how far logs are durable only where that has changed", async () => {
    const platform = testPlatform();
    const directory = await open(platform);
    const log = await directory.openLog(orders);
    const name = "recovery-point-offset-checkpoint";
    await directory.checkpoint();
    expect(textOf(platform, name)).toContain("\norders 0 0\n");
    platform.fileSystem.remove(`data/${name}`);
    await directory.checkpoint();
    expect(platform.fileSystem.stat(`data/${name}`)).toBeUndefined();
    log.append(batchOf(), client);
    await directory.checkpoint();
    expect(platform.fileSystem.stat(`data/${name}`)).toBeUndefined();
    await log.sync();
    await directory.checkpoint();
    expect(textOf(platform, name)).toContain("\norders 0 1\n");
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
    await expect(open(platform)).rejects.toMatchObject({ code: "PROPERTIES_DAMAGED" });
    const unsummed = mine.replace(/millrace.checksum=.*\n/, "");
    changeFileTo(platform, "data/meta.properties", unsummed.replace("=cluster", "=other"));
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
    expect(textOf(platform, "log-start-offset-checkpoint")).toContain("\norders 0 3\n");
    await first.close();
    platform.fileSystem.remove(marker);
    const second = await open(platform);
    expect((await second.openLog(orders)).logStartOffset).toBe(3);
  });

  it("takes the log start from its copy, and refuses where both are damaged", async () => {
    const platform = testPlatform();
    const first = await open(platform);
    const log = await first.openLog(orders);
    for (let index = 0; index < 4; index++) log.append(batchOf(), client);
    log.advanceHighWatermark(4);
    await log.deleteRecordsBefore(3);
    await first.close();
    const path = "data/log-start-offset-checkpoint";
    for (const sizeBytes of [0, 1, 2, 3, 12]) {
      changeFile(platform, path, (bytes) => bytes.subarray(0, sizeBytes));
      const second = await open(platform);
      expect((await second.openLog(orders)).logStartOffset).toBe(3);
      await second.close();
    }
    flipByte(platform, path, 13);
    flipByte(platform, `${path}.copy`, 13);
    await expect(open(platform)).rejects.toMatchObject({ code: "CHECKPOINT_MALFORMED" });
  });

  it("leaves no marker of an orderly close where a log is damaged", async () => {
    const platform = testPlatform();
    const first = await open(platform);
    (await first.openLog(orders)).append(batchOf(), client);
    await first.close();
    platform.fileSystem.remove(marker);
    flipByte(platform, "data/orders-0/00000000000000000000.log", 65);
    const second = await open(platform);
    const log = await second.openLog(orders);
    const read = () => log.read(0, { maxBytes: 1000, upTo: 1, minOneBatch: true });
    expect(read).toThrow(expect.objectContaining({ code: "LOG_CORRUPTED" }));
    expect(log.damage).toMatchObject({ firstOffset: 0 });
    expect(() => log.append(batchOf(), client)).toThrow(/millrace log check/);
    await second.close();
    expect(platform.fileSystem.stat(marker)).toBeUndefined();
    expect(textOf(platform, "recovery-point-offset-checkpoint")).toContain("orders 0 1");
  });

  it("deletes partitions with their offsets, writes these once, and goes on where one resists", async () => {
    const platform = memoryPlatform({ drain: drainTurn });
    const { fileSystem } = platform;
    fileSystem.makeDirectory("data");
    const rename = (source: string, target: string) => {
      if (source === "data/orders-1") throw new Error("permission denied");
      fileSystem.rename(source, target);
      if (target.endsWith("checkpoint")) written.push(target);
    };
    const written: string[] = [];
    const resisting: Platform = { ...platform, fileSystem: withMember(fileSystem, { rename }) };
    await platform.until(
      (async () => {
        const directory = await open(resisting);
        const places = [0, 1, 2].map((partition) => ({ ...orders, partition }));
        for (const place of places) (await directory.openLog(place)).append(batchOf(), client);
        for (const log of directory.logs) await log.sync();
        await directory.checkpoint();
        expect(directory.hasSeenRecords(places[0])).toBe(true);
        written.length = 0;
        await directory.deleteLogs(places);
        expect(directory.partitions()).toEqual([{ topic: "orders", partition: 1 }]);
        await directory.removed();
        expect(fileSystem.list("data").filter((name) => name.endsWith("-delete"))).toEqual([]);
        expect(written).toHaveLength(new Set(written).size);
        expect(textOf(platform, "recovery-point-offset-checkpoint")).not.toContain("orders");
        expect(directory.hasSeenRecords(places[0])).toBe(false);
        expect((await directory.openLog(places[0])).logEndOffset).toBe(0);
      })(),
    );
  });

  it("LOG-7: moves a folder aside whole, and lists it, but removes nothing whose name only looks like it", async () => {
    const platform = memoryPlatform({ drain: drainTurn });
    platform.fileSystem.makeDirectory("data");
    await platform.until(
      (async () => {
        const directory = await open(platform);
        changeFileTo(platform, "data/please-do-not-delete/notes.txt", "?");
        changeFileTo(platform, "data/orders-0/00000000000000000000.log", "123");
        const stray = await directory.setAside(orders);
        expect(stray).toEqual({
          path: expect.stringMatching(/orders-0\.[0-9a-f]{32}-stray$/),
          sizeBytes: 3,
        });
        await directory.removeDeletedLogs();
        expect(directory.strays()).toEqual([stray]);
        expect(directory.partitions()).toEqual([]);
        expect(textOf(platform, "please-do-not-delete/notes.txt")).toBe("?");
      })(),
    );
  });

  it("deletes a log only once its sync has ended, which a folder that is gone would make fail", async () => {
    const platform = testPlatform();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const syncDirectory = async (path: string) => {
      if (path === "data/orders-0") await held;
      await platform.fileSystem.syncDirectory(path);
    };
    const fileSystem = withMember(platform.fileSystem, { syncDirectory });
    const directory = await open({ ...platform, fileSystem });
    const log = directory.createLog(orders);
    log.append(batchOf(), client);
    const synced = log.sync();
    const deleted = directory.deleteLogs([orders]);
    await drainTurn();
    expect(directory.partitions()).toHaveLength(1);
    release();
    await synced;
    await deleted;
    expect(log.failure).toBeUndefined();
    expect(directory.partitions()).toEqual([]);
  });

  it("LOG-8: makes a log where no folder is, and notes nothing of it before it is on the device", async () => {
    const platform = testPlatform();
    const directory = await open(platform);
    const log = directory.createLog({ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" });
    expect(() => directory.createLog(orders)).toThrow(expect.objectContaining({ law: "LOG-8" }));
    log.append(batchOf({ values: ["a", "b"] }), client);
    await directory.checkpoint();
    expect(directory.hasSeenRecords(orders)).toBe(false);
    await log.sync();
    await directory.checkpoint();
    expect(textOf(platform, "recovery-point-offset-checkpoint")).toContain("\norders 0 2\n");
    expect(directory.hasSeenRecords(orders)).toBe(true);
    await directory.close();
    const again = await open(platform);
    expect((await again.openLog({ ...orders, leaderEpoch: 2 })).logEndOffset).toBe(2);
  });

  it("leaves nothing of a log that could not be made", async () => {
    const platform = testPlatform();
    const fileSystem = withMember(platform.fileSystem, {
      open: (path, mode) => {
        if (path.endsWith(".log")) throw new Error("no space left on device");
        return platform.fileSystem.open(path, mode);
      },
    });
    const directory = await open({ ...platform, fileSystem });
    const making = () => directory.createLog({ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" });
    expect(making).toThrow("no space left");
    expect(directory.partitions()).toEqual([]);
  });

  it("opens nothing once it is closed", async () => {
    const platform = testPlatform();
    const directory = await open(platform);
    await directory.close();
    await expect(directory.openLog(orders)).rejects.toMatchObject({ code: "LOG_CLOSED" });
    expect(platform.fileSystem.stat("data/orders-0")).toBeUndefined();
  });

  it("ties a folder to one topic id", async () => {
    const platform = testPlatform();
    const directory = await open(platform);
    await directory.openLog({ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" });
    expect(textOf(platform, "orders-0/partition.metadata")).toBe(
      "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\npartition: 0\n",
    );
    await directory.close();
    const other = await open(platform);
    await expect(
      other.openLog({ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAg" }),
    ).rejects.toMatchObject({ code: "CHECKPOINT_MALFORMED" });
  });
});

function withMember<Target extends object>(target: Target, members: Partial<Target>): Target {
  return new Proxy(target, {
    get: (inner, name) => {
      const member: unknown = Reflect.get(name in members ? members : inner, name);
      return typeof member === "function" ? member.bind(inner) : member;
    },
  });
}

function changeFileTo(platform: Platform, path: string, text: string): void {
  platform.fileSystem.makeDirectory(path.slice(0, path.lastIndexOf("/")));
  platform.fileSystem.open(path, "openOrCreate").close();
  changeFile(platform, path, () => encodeUtf8(text));
}
