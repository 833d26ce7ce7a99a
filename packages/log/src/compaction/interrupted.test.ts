import { decodeUtf8 } from "@millrace/model";
import {
  FileSystemError,
  type FileHandle,
  type FileSystem,
  type Logger,
  type Platform,
} from "@millrace/platform";
import type { MemoryFileSystem } from "@millrace/platform/memory";
import { BatchCursor, RecordBatchReader } from "@millrace/protocol/records";
import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { copyOf } from "../../test-support/damaged-world.ts";
import { openTestLog, testPath, testPlatform } from "../../test-support/open-test-log.ts";
import type { LogConfig } from "../log-config.ts";
import type { PartitionLog } from "../partition-log.ts";

const config = { isCompacted: true, isDeleted: false, segmentBytes: 300, tailCacheBytes: 0 };
const recordCount = 24;
const compacting = {
  offsetMapBytes: 10_000,
  offsetMapLoadFactor: 0.9,
  sliceBytes: 100,
  rest: async () => {},
};

/** A file system that does so many changes more, and none after that. */
function dyingFileSystem(inner: FileSystem, changesLeft: number) {
  let left = changesLeft;
  const change = <Arguments extends readonly unknown[], Result>(
    act: (...given: Arguments) => Result,
  ) => {
    return (...given: Arguments): Result => {
      if (left-- <= 0) throw new FileSystemError("INPUT_OUTPUT", testPath, "it is over");
      return act(...given);
    };
  };
  const handleOf = (handle: FileHandle): FileHandle => ({
    path: handle.path,
    sizeBytes: () => handle.sizeBytes(),
    read: (target, position) => handle.read(target, position),
    write: change((parts: readonly Uint8Array[], position: number) =>
      handle.write(parts, position),
    ),
    truncate: change((sizeBytes: number) => handle.truncate(sizeBytes)),
    datasync: () => handle.datasync(),
    trustPageCache: () => handle.trustPageCache(),
    close: () => handle.close(),
  });
  const replaced: Partial<FileSystem> = {
    open: (path, mode) => handleOf(inner.open(path, mode)),
    rename: change((source: string, target: string) => inner.rename(source, target)),
    remove: change((path: string) => inner.remove(path)),
  };
  const fileSystem = new Proxy(inner, {
    get(target, name) {
      const own: unknown = Reflect.get(replaced, name);
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { fileSystem, isDead: () => left < 0 };
}

/** What a kill leaves of a log that is to be compacted: each key three times over. */
async function dirtyFiles(): Promise<MemoryFileSystem> {
  const platform = testPlatform();
  const log = await openTestLog(platform, config);
  for (let offset = 0; offset < recordCount; offset++)
    log.append(batchOf({ key: `k${offset % 8}`, values: [`v${offset}`] }), { origin: "client" });
  log.roll();
  await log.close();
  return copyOf(platform.fileSystem, "data");
}

function open(platform: Platform): Promise<PartitionLog> {
  return openTestLog(platform, config, { recoveryPoint: recordCount });
}

/** The last value of each key, with its offset. */
function tableOf(log: PartitionLog): Record<string, string> {
  const table: Record<string, string> = {};
  for (let offset = 0; offset < log.logEndOffset;) {
    const slice = log.read(offset, { maxBytes: 200, upTo: log.logEndOffset, minOneBatch: true });
    for (const bytes of slice.parts) {
      const cursor = new BatchCursor(bytes);
      while (cursor.next()) {
        const records = new RecordBatchReader({ bytes, position: cursor.position });
        while (records.next()) {
          const [key, value] = [records.key, records.value].map((each) =>
            decodeUtf8(each ?? bytes),
          );
          table[key] = `${records.offset} ${value}`;
        }
      }
    }
    if (slice.nextOffset === offset) break;
    offset = slice.nextOffset;
  }
  return table;
}

describe("a compaction that is interrupted", () => {
  it("after any of its changes leaves the same table, twice, and can be done again", async () => {
    const dirty = await dirtyFiles();
    const expected = Object.fromEntries(
      Array.from({ length: 8 }, (_, key) => [`k${key}`, `${16 + key} v${16 + key}`]),
    );
    let isDone = false;
    let count = 0;
    for (; !isDone; count++) {
      const files = copyOf(dirty, "data");
      // Opening changes files too: that is another test's matter.
      const opened = await open(testPlatform(files));
      await opened.close();
      const { fileSystem, isDead } = dyingFileSystem(files, count);
      const log = await open(testPlatform(fileSystem)).catch(() => undefined);
      await log?.upkeep.compact(compacting).catch(() => {});
      isDone = !isDead();
      for (let start = 0; start < 2; start++) {
        const again = await open(testPlatform(copyOf(files, "data")));
        expect([again.damage, again.recovery.cutTail], `after ${count}`).toEqual([
          undefined,
          undefined,
        ]);
        expect(tableOf(again), `after ${count}`).toEqual(expected);
        expect(again.logEndOffset).toBe(recordCount);
      }
      const last = await open(testPlatform(files));
      await last.upkeep.compact(compacting);
      expect(tableOf(last)).toEqual(expected);
      expect(last.sizeBytes, `after ${count}`).toBeLessThan(900);
      expect(files.list(testPath).filter((name) => /swap|cleaned/.test(name))).toEqual([]);
    }
    expect(count).toBeGreaterThan(60);
  });

  it("whose `.swap` is damaged meanwhile is set aside where all that it was made from is there, and told to readers elsewhere", async () => {
    const counts = { keptCount: 0, toldCount: 0 };
    for await (const files of withSwap(await dirtyFiles(), { fileDeleteDelayMs: 0 })) {
      const before = copyOf(files, "data");
      flip(files, `${testPath}/${lastSwap}`, 70);
      const events: string[] = [];
      const logger: Logger = { isEnabled: () => true, log: (_, event) => void events.push(event) };
      const log = await open({ ...testPlatform(files), logger });
      if (events.includes("log.swap-damaged")) {
        counts.keptCount++;
        expect(tableOf(log)).toEqual(tableOf(await open(testPlatform(before))));
        await log.upkeep.compact(compacting);
        expect(tableOf(log)).toEqual(tableOf(await open(testPlatform(before))));
        const names = files.list(testPath).filter((name) => /swap|cleaned|damaged/.test(name));
        expect(names).toEqual(["00000000000000000016.log.damaged"]);
      } else {
        counts.toldCount++;
        for (let time = 0; time < 2; time++) expect(() => readOn(log)).toThrow(/damaged/);
      }
      await log.close().catch(() => {});
    }
    expect(counts.keptCount).toBeGreaterThan(0);
    expect(counts.toldCount).toBeGreaterThan(3);
  });

  it("whose `.swap` is damaged meanwhile is set aside while what it was made from is there or only taken away, also if that start is interrupted", async () => {
    let count = 0;
    for await (const files of withSwap(await dirtyFiles())) {
      const expected = tableOf(await open(testPlatform(copyOf(files, "data"))));
      flip(files, `${testPath}/${lastSwap}`, 70);
      for (let changes = 0, isDone = false; !isDone; changes++) {
        const copy = copyOf(files, "data");
        const { fileSystem, isDead } = dyingFileSystem(copy, changes);
        await open(testPlatform(fileSystem)).catch(() => undefined);
        isDone = !isDead();
        const again = await open(testPlatform(copy));
        expect([again.damage, tableOf(again)], `${count}, ${changes}`).toEqual([
          undefined,
          expected,
        ]);
        await again.upkeep.compact(compacting);
        expect(tableOf(again)).toEqual(expected);
        expect(copy.list(testPath).filter((name) => name.includes("damaged"))).toHaveLength(1);
      }
      count++;
    }
    expect(count).toBeGreaterThan(5);
  });

  it("whose `.swap` is damaged sets it aside beside one that was set aside before", async () => {
    const swaps = withSwap(await dirtyFiles());
    const { value: files } = await swaps[Symbol.asyncIterator]().next();
    const aside = `${testPath}/${lastSwap.replace(".swap", ".damaged")}`;
    const first = files.open(aside, "create");
    first.write([Uint8Array.of(1, 2, 3)], 0);
    first.close();
    flip(files, `${testPath}/${lastSwap}`, 70);
    await open(testPlatform(files));
    expect(files.list(testPath).filter((name: string) => name.includes("damaged"))).toEqual([
      "00000000000000000016.2.log.damaged",
      "00000000000000000016.log.damaged",
    ]);
    expect(files.stat(aside)?.sizeBytes).toBe(3);
  });

  it("whose `.swap` and its record are damaged keeps what it was made from", async () => {
    let count = 0;
    for await (const files of withSwap(await dirtyFiles())) {
      const names = files.list(testPath);
      const record = lastSwap.replace(".log", ".checksum");
      if (!names.includes(lastSwap.replace(".swap", "")) || !names.includes(record)) continue;
      const expected = tableOf(await open(testPlatform(copyOf(files, "data"))));
      flip(files, `${testPath}/${record}`, 20);
      flip(files, `${testPath}/${lastSwap}`, 70);
      const log = await open(testPlatform(files));
      expect(tableOf(log)).toEqual(expected);
      count++;
    }
    expect(count).toBeGreaterThan(0);
  });
});

/** Reads as long as there is something to come. */
function readOn(log: PartitionLog): void {
  for (let offset = 0; offset < recordCount;) {
    const upTo = log.logEndOffset;
    const { nextOffset } = log.read(offset, { maxBytes: 200, upTo, minOneBatch: true });
    if (nextOffset === offset && offset < upTo) return;
    // At its end of today, which is where the damage begins.
    offset = nextOffset === offset ? offset + 1 : nextOffset;
  }
}

/** Of segments whose records are the newest ones of their keys. */
const lastSwap = "00000000000000000016.log.swap";

/** The files after compactions that ended while this one had its name. */
async function* withSwap(
  dirty: MemoryFileSystem,
  change: Partial<LogConfig> = {},
): AsyncIterable<MemoryFileSystem> {
  for (let count = 0, isDone = false; !isDone; count++) {
    const files = copyOf(dirty, "data");
    const opened = await open(testPlatform(files));
    await opened.close();
    const { fileSystem, isDead } = dyingFileSystem(files, count);
    const log = await open(testPlatform(fileSystem)).catch(() => undefined);
    log?.updateConfig(change);
    await log?.upkeep.compact(compacting).catch(() => {});
    isDone = !isDead();
    if (files.list(testPath).includes(lastSwap)) yield files;
  }
}

function flip(fileSystem: MemoryFileSystem, path: string, position: number): void {
  const file = fileSystem.open(path, "openOrCreate");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0);
  bytes[position] ^= 1;
  file.write([bytes], 0);
  file.close();
}
