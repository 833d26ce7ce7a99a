import { expect, test } from "vitest";
import { batchesIn, batchOf } from "../../test-support/batches.ts";
import {
  changeFile,
  firstLog,
  openTestLog,
  testPlatform,
} from "../../test-support/open-test-log.ts";
import { LogCorruptedError } from "../log-error.ts";
import type { PartitionLog } from "../partition-log.ts";

const batchCount = 5;
const recordsPerBatch = 3;
const endOffset = batchCount * recordsPerBatch;
/** The batch that is damaged, which has others on both sides, and one that has none behind it. */
const places = [2, batchCount - 1];
/** The bytes of a header that tell its first offset, and how many there are. */
const header = [...range(0, 8), ...range(23, 27)];

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Batch by batch, and all at once; with an index, and without. */
const ways = [
  [1, 4096],
  [1, 1],
  [100_000, 4096],
] as const;

interface Seen {
  readonly baseOffsets: readonly number[];
  readonly damage?: LogCorruptedError["damage"];
}

/** Reads on and on, so much at a time. */
function readFrom(log: PartitionLog, first: number, maxBytes: number): Seen {
  const baseOffsets: number[] = [];
  let offset = first;
  while (offset < endOffset) {
    try {
      const slice = log.read(offset, { maxBytes, minOneBatch: true, upTo: endOffset });
      const { nextOffset } = slice;
      if (nextOffset <= offset) throw new Error(`nothing, and no error, at ${offset}`);
      for (const [baseOffset] of batchesIn(slice)) baseOffsets.push(baseOffset);
      offset = nextOffset;
    } catch (error) {
      if (error instanceof LogCorruptedError) return { baseOffsets, damage: error.damage };
      throw error;
    }
  }
  return { baseOffsets };
}

test.each(places)(
  "LOG-10: whatever bit of the offsets of batch %i is flipped while the log is open, what is before it is served, and then the damage told",
  async (place) => {
    for (const [maxBytes, indexIntervalBytes] of ways)
      for (const byte of header)
        for (let bit = 0; bit < 8; bit++) {
          const platform = testPlatform();
          const log = await openTestLog(platform, { tailCacheBytes: 0, indexIntervalBytes });
          for (let index = 0; index < batchCount; index++)
            log.append(batchOf({ values: ["a", "b", "c"] }), { origin: "client" });
          await log.sync();
          log.advanceHighWatermark(endOffset);
          const damagedOffset = place * recordsPerBatch;
          let position = 0;
          changeFile(platform, firstLog, (bytes) => {
            position = place * (bytes.length / batchCount);
            bytes[position + byte] ^= 1 << bit;
            return bytes;
          });
          const at = `byte ${byte}, bit ${bit}, ${maxBytes} bytes, index ${indexIntervalBytes}`;
          const { baseOffsets, damage } = readFrom(log, 0, maxBytes);
          expect(damage, at).toMatchObject({ position, firstOffset: damagedOffset });
          expect(baseOffsets, at).toEqual(range(0, place).map((index) => index * recordsPerBatch));
          const within = readFrom(log, damagedOffset + 1, maxBytes);
          expect(within, at).toMatchObject({ baseOffsets: [], damage: { position } });
          await log.close();
        }
  },
);
