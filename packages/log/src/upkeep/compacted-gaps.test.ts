import { describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import {
  changeFile,
  openTestLog,
  testFile,
  testPath,
  testPlatform,
} from "../../test-support/open-test-log.ts";

const config = { isCompacted: true, isDeleted: false, segmentBytes: 200 };
const compacting = {
  offsetMapBytes: 10_000,
  offsetMapLoadFactor: 0.9,
  sliceBytes: 1000,
  rest: async () => {},
};

async function filledLog() {
  const platform = testPlatform();
  const log = await openTestLog(platform, config);
  for (let offset = 0; offset < 9; offset++)
    log.append(batchOf({ key: `k${offset % 2}`, values: [`v${offset}`] }), { origin: "client" });
  await log.sync();
  log.advanceHighWatermark(9);
  return { platform, log };
}

describe("offsets that are missing in a compacted topic", () => {
  it("were lost, not compacted, above what was durable: the log ends in front of them", async () => {
    const { platform, log } = await filledLog();
    const bases = log.segments().map(({ baseOffset }) => baseOffset);
    expect(bases.length).toBeGreaterThan(3);
    // A power loss has kept the names of the last segments, and nothing of what is in them.
    for (const base of bases.slice(2))
      changeFile(
        platform,
        testFile(`${String(base).padStart(20, "0")}.log`),
        () => new Uint8Array(),
      );
    const again = await openTestLog(platform, config, { recoveryPoint: bases[2] });
    expect(again.damage).toBeUndefined();
    expect(again.logEndOffset).toBe(bases[2]);
    const before = await openTestLog(platform, config, { recoveryPoint: 9 });
    expect(before.damage).toMatchObject({ firstOffset: bases[2] });
  });

  it("are as they should be where nothing vouches for a segment's end any more, start after start", async () => {
    const { platform, log } = await filledLog();
    log.append(batchOf({ key: "k1", values: ["last"] }), { origin: "client" });
    log.roll();
    await log.sync();
    log.advanceHighWatermark(10);
    await log.upkeep.compact(compacting);
    await log.close();
    const { fileSystem } = platform;
    for (const name of fileSystem.list(testPath))
      if (/\.(checksum|snapshot)$/.test(name)) fileSystem.remove(testFile(name));
    for (let start = 0; start < 3; start++) {
      const again = await openTestLog(platform, config, { recoveryPoint: 10 });
      expect([again.damage, again.logEndOffset]).toEqual([undefined, 10]);
      expect(again.read(0, { maxBytes: 1000, upTo: 10 }).sizeBytes).toBeGreaterThan(0);
    }
  });
});
