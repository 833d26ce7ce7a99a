import { FileSystemError, type FileHandle, type FileSystem } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { openTestLog, testPlatform } from "../../test-support/open-test-log.ts";

const size = batchOf().length;
const config = { segmentBytes: 4 * size, indexIntervalBytes: 1 };

/** Counts open files, and refuses to open those that it is told to. */
class CountingFileSystem {
  openCount = 0;
  refuses = (_path: string): boolean => false;
  readonly fileSystem: FileSystem;

  constructor(inner: FileSystem) {
    const open: FileSystem["open"] = (path, mode) => {
      if (this.refuses(path)) throw new FileSystemError("DISK_FULL", path, "no space left");
      return this.#wrap(inner.open(path, mode));
    };
    this.fileSystem = new Proxy(inner, {
      get: (target, name) => {
        if (name === "open") return open;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  #wrap(inner: FileHandle): FileHandle {
    this.openCount++;
    let isOpen = true;
    return {
      path: inner.path,
      sizeBytes: () => inner.sizeBytes(),
      read: (target, position) => inner.read(target, position),
      write: (parts, position) => inner.write(parts, position),
      truncate: (sizeBytes) => inner.truncate(sizeBytes),
      datasync: () => inner.datasync(),
      close: () => {
        if (isOpen) this.openCount--;
        isOpen = false;
        inner.close();
      },
    };
  }
}

async function fullSegment() {
  const files = new CountingFileSystem(testPlatform().fileSystem);
  const log = await openTestLog(testPlatform(files.fileSystem), config);
  for (let count = 0; count < 4; count++) log.append(batchOf(), { origin: "client" });
  await log.sync();
  const append = () => log.append(batchOf(), { origin: "client" });
  return { files, log, append };
}

describe("a segment that cannot be closed", () => {
  it("opens no more files each time that it is tried", async () => {
    const { files, append } = await fullSegment();
    files.refuses = (path) => path.endsWith("4.log");
    expect(append).toThrow(expect.objectContaining({ code: "WRITE_FAILED" }));
    const { openCount } = files;
    for (let count = 0; count < 10; count++) expect(append).toThrow();
    expect(files.openCount).toBe(openCount);
  });

  it.each([".timeindex", ".checksum"])(
    "leaves no file open where %s cannot be written",
    async (end) => {
      const { files, log, append } = await fullSegment();
      files.refuses = (path) => path.endsWith(end);
      append();
      await log.close();
      expect(files.openCount).toBe(0);
    },
  );
});
