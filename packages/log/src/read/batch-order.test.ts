import { isCrcValid, readBaseOffset } from "@millrace/protocol/records";
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
/** The batch that is damaged, which has others on both sides, and one that has none behind it. */
const places = [2, batchCount - 1];
/** The bytes of a header that tell its first offset, its size, and how many offsets there are. */
const header = [...range(0, 12), ...range(23, 27)];

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Batch by batch, and all at once; with each batch in the index, and with none; of one record and of several. */
const ways = [
  { maxBytes: 1, indexIntervalBytes: 4096, values: ["a", "b", "c"] },
  { maxBytes: 1, indexIntervalBytes: 1, values: ["a", "b", "c"] },
  { maxBytes: 1, indexIntervalBytes: 1, values: ["a"] },
  { maxBytes: 1, indexIntervalBytes: 1, values: ["a".repeat(20_000)] },
  { maxBytes: 100_000, indexIntervalBytes: 4096, values: ["a", "b", "c"] },
  { maxBytes: 100_000, indexIntervalBytes: 4096, values: ["a".repeat(50)] }, // 128 bytes: of two 256
];

interface Seen {
  readonly baseOffsets: readonly number[];
  readonly damage?: LogCorruptedError["damage"];
}

/** Reads on and on, so much at a time, and what a broker sends of the batch behind. */
function readFrom(log: PartitionLog, first: number, maxBytes: number): Seen {
  const endOffset = log.logEndOffset;
  const baseOffsets: number[] = [];
  let offset = first;
  while (offset < endOffset) {
    try {
      const slice = log.read(offset, { maxBytes, minOneBatch: true, upTo: endOffset });
      const { nextOffset } = slice;
      if (nextOffset <= offset) throw new Error(`nothing, and no error, at ${offset}`);
      for (const [baseOffset] of batchesIn(slice)) baseOffsets.push(baseOffset);
      if (slice.rest.length > 0) {
        expect(readBaseOffset(slice.rest, 0)).toBe(nextOffset);
        expect(isCrcValid(slice.rest, 0), `rest at ${nextOffset}`).toBe(true);
      }
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
    for (const { maxBytes, indexIntervalBytes, values } of ways)
      for (const byte of header)
        for (let bit = 0; bit < 8; bit++) {
          const platform = testPlatform();
          const log = await openTestLog(platform, { tailCacheBytes: 0, indexIntervalBytes });
          for (let index = 0; index < batchCount; index++)
            log.append(batchOf({ values }), { origin: "client" });
          const damagedOffset = place * values.length;
          let position = 0;
          changeFile(platform, firstLog, (bytes) => {
            position = place * (bytes.length / batchCount);
            bytes[position + byte] ^= 1 << bit;
            return bytes;
          });
          const at = `byte ${byte}, bit ${bit}, ${maxBytes} bytes, index ${indexIntervalBytes}, ${values.length}`;
          let seen!: Seen;
          try {
            seen = readFrom(log, 0, maxBytes);
          } catch (error) {
            throw new Error(at, { cause: error });
          }
          const { baseOffsets, damage } = seen;
          expect(damage, at).toMatchObject({ position, firstOffset: damagedOffset });
          expect(baseOffsets, at).toEqual(range(0, place).map((index) => index * values.length));
          const within = readFrom(log, damagedOffset + values.length - 1, maxBytes);
          expect(within, at).toMatchObject({ baseOffsets: [], damage: { position } });
          await log.close();
        }
  },
);

test("LOG-10: in front of damage that is known, in the same block, more is told as well", async () => {
  const platform = testPlatform();
  const log = await openTestLog(platform, { tailCacheBytes: 0 });
  for (let index = 0; index < 20; index++)
    log.append(batchOf({ values: ["a"] }), { origin: "client" });
  const flip = (index: number, bit: number): void =>
    changeFile(platform, firstLog, (bytes) => {
      bytes[index * (bytes.length / 20) + 7] ^= bit;
      return bytes;
    });
  flip(15, 32);
  expect(readFrom(log, 0, 1)).toMatchObject({ damage: { firstOffset: 15 } });
  flip(5, 2);
  expect(readFrom(log, 0, 1)).toMatchObject({
    baseOffsets: range(0, 5),
    damage: { firstOffset: 5 },
  });
  await log.close();
});
