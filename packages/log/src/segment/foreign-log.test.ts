import { decodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { RecordBatchReader, readBatchSizeBytes } from "@millrace/protocol/records";
import { beforeAll, describe, expect, it } from "vitest";
import { batchOf } from "../../test-support/batches.ts";
import { copyOf } from "../../test-support/damaged-world.ts";
import { changeFile, readFile, testPlatform } from "../../test-support/open-test-log.ts";
import { LogDirectory } from "../log-directory.ts";
import { LogCorruptedError } from "../log-error.ts";
import type { PartitionLog } from "../partition-log.ts";
import { checkLogs } from "../repair/check-logs.ts";
import { repairLogs } from "../repair/repair-logs.ts";

const endOffset = 40;
/** A file of one block, and one of three. */
const lengths = [10, 20_000];
const ours = "data/orders-0/00000000000000000000.log";
const theirs = "data/orders-1/00000000000000000000.log";

async function openBoth(platform: Platform) {
  const directory = await LogDirectory.open({
    platform,
    path: "data",
    clusterId: "cluster",
    nodeId: 1,
  });
  const open = (partition: number) =>
    directory.openLog({
      topic: "orders",
      partition,
      leaderEpoch: 1,
      config: { tailCacheBytes: 0, indexIntervalBytes: 100 },
    });
  return { directory, mine: await open(0), other: await open(1) };
}

/** What looks at a folder lets others have a turn now and then. */
const timers = { yield: () => Promise.resolve() };

interface World {
  readonly isKilled: boolean;
  readonly isClosed: boolean;
  readonly length: number;
}

/** Two partitions with as many records of one length, in which each says whose it is. */
async function written({ isKilled, isClosed, length }: World): Promise<Platform> {
  const platform = testPlatform();
  const { directory, mine, other } = await openBoth(platform);
  for (let offset = 0; offset < endOffset; offset++)
    for (const [whose, log] of [["mine", mine] as const, ["them", other] as const])
      log.append(batchOf({ values: [whose + "x".repeat(length)] }), { origin: "client" });
  if (isClosed) for (const log of [mine, other]) log.roll();
  await directory.close();
  // The record of an active segment is that of an orderly close: the kill comes after.
  if (isKilled) platform.fileSystem.remove("data/.kafka_cleanshutdown");
  return platform;
}

/** Values that are served, and whether more are refused. */
function readAll(log: PartitionLog): { readonly values: readonly string[]; isRefused: boolean } {
  const values: string[] = [];
  try {
    for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
      const slice = log.read(offset, { maxBytes: 30_000, upTo: endOffset, minOneBatch: true });
      if (slice.sizeBytes === 0) throw new Error(`nothing to read at ${offset}`);
      for (const bytes of slice.parts)
        for (let position = 0; position < bytes.length;) {
          const records = new RecordBatchReader({ bytes, position });
          while (records.next())
            values.push(decodeUtf8(records.value ?? new Uint8Array()).slice(0, 4));
          position += readBatchSizeBytes(bytes, position);
        }
      offset = slice.nextOffset;
    }
    return { values, isRefused: log.damage !== undefined };
  } catch (error) {
    if (error instanceof LogCorruptedError) return { values, isRefused: true };
    throw error;
  }
}

const flipAt = (bytes: Uint8Array, position: number) => {
  bytes[position] ^= 0x41;
  return bytes;
};

const changes: readonly (readonly [string, (theirs: Uint8Array) => Uint8Array])[] = [
  ["whole", (bytes) => bytes],
  ["cut", (bytes) => bytes.subarray(0, bytes.length - 9)],
  ["cut after a batch", (bytes) => bytes.subarray(0, readBatchSizeBytes(bytes, 0) * 7)],
  ["longer", (bytes) => Buffer.concat([bytes, bytes.subarray(0, 1000)])],
  ["damaged at its end", (bytes) => flipAt(bytes, bytes.length - 5)],
  ["damaged at its begin", (bytes) => flipAt(bytes, readBatchSizeBytes(bytes, 0) + 15)],
];

const worlds = [false, true].flatMap((isKilled) =>
  [false, true].flatMap((isClosed) =>
    lengths.map((length) => ({
      isKilled,
      isClosed,
      length,
      name: `${isClosed ? "closed" : "active"} after a ${isKilled ? "kill" : "stop"}, ${length} bytes`,
    })),
  ),
);

describe.each(worlds)("another log's file in the place of ours ($name)", (world) => {
  let grown: Platform;
  beforeAll(async () => {
    grown = await written(world);
  });
  const freshCopy = () => testPlatform(copyOf(grown.fileSystem, "data"));

  it.each(changes)("is not served, if it is %s", async (_how, change) => {
    const platform = freshCopy();
    const foreign = change(readFile(platform, theirs));
    changeFile(platform, ours, () => foreign);
    for (let start = 1; start <= 2; start++) {
      const { directory, mine, other } = await openBoth(platform);
      expect(readAll(mine)).toEqual({ values: [], isRefused: true });
      expect(() => mine.append(batchOf(), { origin: "client" })).toThrow(LogCorruptedError);
      expect(readAll(other).isRefused).toBe(false);
      await directory.close();
    }
  });

  it.each(changes)("is told, and a repair leaves it out, if it is %s", async (_how, change) => {
    const platform = freshCopy();
    const foreign = change(readFile(platform, theirs));
    changeFile(platform, ours, () => foreign);
    const { findings } = await checkLogs({ platform: { ...platform, timers }, path: "data" });
    expect(findings).toContainEqual(expect.objectContaining({ kind: "damage", path: ours }));
    await repairLogs({ platform: { ...platform, timers }, path: "data" });
    const { directory, mine } = await openBoth(platform);
    expect(readAll(mine)).toEqual({ values: [], isRefused: false });
    expect(mine.append(batchOf(), { origin: "client" }).baseOffset).toBe(endOffset);
    await directory.close();
  });
});
