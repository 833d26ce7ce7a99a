import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import {
  firstLog,
  flipByte,
  openTestLog,
  testFile,
  testPlatform,
} from "../../test-support/open-test-log.ts";
import { CountingFileSystem } from "../../test-support/counting-file-system.ts";
import { FailingFileSystem } from "../../test-support/failing-file-system.ts";
import { LogCorruptedError } from "../log-error.ts";
import { ReadMemory } from "../read/read-memory.ts";

const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };
const size = batchOf().length;
const config = { segmentBytes: 4 * size, tailCacheBytes: 0 };
const firstIndex = testFile("00000000000000000000.index");

/** A closed segment of four records, of which the third is damaged, and an active one. */
async function damagedWorld(): Promise<ReturnType<typeof testPlatform>> {
  const platform = testPlatform();
  const log = await openTestLog(platform, { ...config, indexIntervalBytes: 1 });
  for (let offset = 0; offset < 6; offset++) log.append(batchOf(), { origin: "client" });
  await log.close();
  flipByte(platform, firstLog, 2 * size + 70);
  return platform;
}

const reopened = { recoveryPoint: 6, wasCleanlyClosed: true };

describe("a block that nobody has checked", () => {
  it("stays so where it could not be read", async () => {
    const { fileSystem } = await damagedWorld();
    const disk = new FailingFileSystem(fileSystem);
    const log = await openTestLog(testPlatform(disk.fileSystem), config, reopened);
    // Indexes are in memory from here on.
    log.abortedTransactions(0, 6);
    disk.areReadsFailing = true;
    expect(() => log.read(0, all)).toThrow("input/output");
    disk.areReadsFailing = false;
    expect(() => log.read(2, all)).toThrow(LogCorruptedError);
  });

  it("is not vouched for by indexes that are made anew up to its damage", async () => {
    const platform = await damagedWorld();
    flipByte(platform, firstIndex, 3);
    const log = await openTestLog(platform, config, reopened);
    expect(log.read(0, all).nextOffset).toBe(2);
    expect(log.damage).toMatchObject({ firstOffset: 2 });
    await log.close();
    const again = await openTestLog(platform, config, { recoveryPoint: 6 });
    expect(() => again.read(2, all)).toThrow(LogCorruptedError);
  });

  describe("of several in a row", () => {
    const value = "v".repeat(100_000);
    /** Four blocks, what counts their reads, and the memory that is lent for those. */
    async function readingWorld() {
      const platform = testPlatform();
      const written = await openTestLog(platform, { tailCacheBytes: 0 });
      for (let offset = 0; offset < 12; offset++)
        written.append(batchOf({ values: [value] }), { origin: "client" });
      await written.close();
      const files = new CountingFileSystem(platform.fileSystem);
      const options = { ...reopened, recoveryPoint: 12 };
      const log = await openTestLog(testPlatform(files.fileSystem), {}, options);
      log.abortedTransactions(0, 12); // indexes are in memory from here on
      return { log, files, memory: new ReadMemory() };
    }

    it("is not read twice where it lies within what is served", async () => {
      const { log, files, memory } = await readingWorld();
      const before = files.readCount;
      const { nextOffset } = log.read(0, { ...all, memory });
      expect(nextOffset).toBe(9);
      // The answer; and the block at its end, of which it has the begin alone.
      expect(files.readCount - before).toBe(2);
    });

    it("is read into memory that is lent, and given back before anything is served", async () => {
      const { log, memory } = await readingWorld();
      log.read(0, { ...all, memory });
      expect(memory.freeBytes).toBe(320 * 1024);
    });
  });
});
