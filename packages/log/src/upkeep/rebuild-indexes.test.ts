import { expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { CountingFileSystem } from "../../test-support/counting-file-system.ts";
import { openTestLog, testFile, testPath, testPlatform } from "../../test-support/open-test-log.ts";

it("indexes that are made anew leave no files open, also where nothing is synced ever after", async () => {
  const { fileSystem } = testPlatform();
  const config = { segmentBytes: 2 * batchOf().length, tailCacheBytes: 0 };
  const log = await openTestLog(testPlatform(fileSystem), config);
  for (let offset = 0; offset < 60; offset++) log.append(batchOf(), { origin: "client" });
  await log.close();
  for (const name of fileSystem.list(testPath))
    if (name.endsWith(".timeindex")) fileSystem.remove(testFile(name));
  const files = new CountingFileSystem(fileSystem);
  const closed = { recoveryPoint: 60, wasCleanlyClosed: true };
  const again = await openTestLog(testPlatform(files.fileSystem), config, closed);
  for (let offset = 0; offset < 60; offset++)
    expect(again.read(offset, { maxBytes: 1, upTo: 60, minOneBatch: true }).sizeBytes).not.toBe(0);
  expect(files.openCount).toBeLessThan(10);
  await again.close();
  const names = fileSystem.list(testPath).filter((name) => name.endsWith(".timeindex"));
  expect(names).toHaveLength(again.segments().length);
});
