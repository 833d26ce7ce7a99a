import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { CountingFileSystem } from "../../test-support/counting-file-system.ts";
import { openTestLog, testPlatform } from "../../test-support/open-test-log.ts";

const size = batchOf().length;
const config = { segmentBytes: 4 * size, indexIntervalBytes: 1 };

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
