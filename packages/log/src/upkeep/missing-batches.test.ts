import { describe, expect, it } from "vitest";
import { batchesIn, batchOf } from "../../test-support/batches.ts";
import {
  changeFile,
  openTestLog,
  testFile,
  testPlatform,
} from "../../test-support/open-test-log.ts";
import { LogCorruptedError } from "../log-error.ts";

const size = batchOf().length;
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };
const config = { segmentBytes: 3 * size };
const second = testFile("00000000000000000003.log");
const active = testFile("00000000000000000006.log");

/** Three segments of three records each, of which one batch is gone, and nothing vouches for the files. */
async function logWithout(index: number, file = second) {
  const platform = testPlatform();
  const log = await openTestLog(platform, config);
  for (let offset = 0; offset < 9; offset++) log.append(batchOf(), { origin: "client" });
  await log.sync();
  for (const name of platform.fileSystem.list("data/orders-0"))
    if (name.endsWith(".checksum")) platform.fileSystem.remove(testFile(name));
  changeFile(platform, file, (bytes) =>
    Buffer.concat([bytes.subarray(0, index * size), bytes.subarray((index + 1) * size)]),
  );
  return platform;
}

describe("a batch that is missing", () => {
  it.each([
    ["in front, which was durable", { index: 0, recoveryPoint: 9 }],
    ["in the midst, which was durable", { index: 1, recoveryPoint: 9 }],
    ["at the end, which was durable", { index: 2, recoveryPoint: 9 }],
    ["in front", { index: 0, recoveryPoint: 0 }],
    ["in the midst", { index: 1, recoveryPoint: 0 }],
  ])("is damage: %s", async (_, { index, recoveryPoint }) => {
    const log = await openTestLog(await logWithout(index), config, { recoveryPoint });
    expect(log.damage).toMatchObject({ firstOffset: 3 + index });
    expect(batchesIn(log.read(0, all))).toHaveLength(3);
    expect(() => log.read(3 + index, all)).toThrow(LogCorruptedError);
    expect(() => log.append(batchOf(), { origin: "client" })).toThrow(LogCorruptedError);
  });

  it("is damage in the active segment of a compacted topic too", async () => {
    const compacted = { ...config, isCompacted: true };
    const log = await openTestLog(await logWithout(1, active), compacted, { recoveryPoint: 9 });
    expect(log.damage).toMatchObject({ path: active, firstOffset: 7 });
  });

  it("may be left out by compaction", async () => {
    const compacted = { ...config, isCompacted: true };
    const log = await openTestLog(await logWithout(1), compacted, { recoveryPoint: 9 });
    expect(log.damage).toBeUndefined();
    expect(batchesIn(log.read(3, all))).toEqual([
      [3, 1],
      [5, 1],
    ]);
  });
});
