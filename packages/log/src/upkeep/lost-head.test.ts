import { describe, expect, it } from "vitest";
import { batchesIn, batchOf } from "../../test-support/batches.ts";
import {
  changeFile,
  firstLog,
  openTestLog,
  readFile,
  testPlatform,
} from "../../test-support/open-test-log.ts";

const client = { origin: "client" } as const;
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };
const sectorBytes = 512;

/** A batch of so many records and bytes. */
function fittingBatch(recordCount: number, sizeBytes: number): Uint8Array {
  const others = Array.from({ length: recordCount - 1 }, () => "");
  const ofLength = (length: number) => batchOf({ values: ["x".repeat(length), ...others] });
  const lengthMax = sizeBytes - ofLength(0).length;
  for (let length = lengthMax; length >= lengthMax - 4; length--) {
    const batch = ofLength(length);
    if (batch.length === sizeBytes) return batch;
  }
  throw new Error(`no batch of ${recordCount} records has ${sizeBytes} bytes`);
}

interface LostHead {
  /** Bytes of the second batch's head that lie in the sector before. */
  readonly headBytes: number;
  /** Its offset. */
  readonly offset: number;
  /** Length of its only value: it decides which bytes of its length are zeros. */
  readonly valueLength: number;
}

/** Three batches, left as a kill leaves them, and the position of the second. */
async function killedLog({ headBytes, offset, valueLength }: LostHead) {
  const platform = testPlatform();
  const killed = await openTestLog(platform);
  const sectorCount = Math.ceil((200 + 16 * offset) / sectorBytes);
  const position = sectorCount * sectorBytes - headBytes;
  killed.append(fittingBatch(offset, position), client);
  killed.append(batchOf({ values: ["y".repeat(valueLength)] }), client);
  killed.append(batchOf(), client);
  return { platform, position, written: readFile(platform, firstLog) };
}

describe("a lost sector in which a batch has nothing but its head", () => {
  const heads = Array.from({ length: 15 }, (_, index) => index + 1);

  it.each(heads)("is no damage where it has %i bytes of it", async (headBytes) => {
    for (const offset of [1, 4, 6, 128, 256])
      for (const valueLength of [10, 400, 70_000])
        for (const isEndLost of [false, true]) {
          const { platform, position, written } = await killedLog({
            headBytes,
            offset,
            valueLength,
          });
          const endBytes = isEndLost ? position + valueLength : written.length;
          changeFile(platform, firstLog, (content) =>
            content.fill(0, position, position + headBytes).subarray(0, endBytes),
          );
          const log = await openTestLog(platform);
          const what = `offset ${offset}, a value of ${valueLength}, end ${endBytes}`;
          expect(log.damage, what).toBeUndefined();
          expect([offset, offset + 2], what).toContain(log.logEndOffset);
          const kept = readFile(platform, firstLog);
          expect(kept, what).toEqual(written.subarray(0, kept.length));
        }
  });

  it("gives a batch its offset back that lost nothing else, and tells it", async () => {
    const { platform, position } = await killedLog({ headBytes: 8, offset: 6, valueLength: 10 });
    changeFile(platform, firstLog, (content) => content.fill(0, position, position + 8));
    const told: unknown[] = [];
    const logger = {
      isEnabled: () => true,
      log: (level: string, event: string, fields: unknown) => told.push([level, event, fields]),
    };
    const log = await openTestLog({ ...platform, logger });
    expect(batchesIn(log.read(0, all))).toEqual([
      [0, 6],
      [6, 1],
      [7, 1],
    ]);
    const fields = { path: firstLog, position, offset: 6 };
    expect(told).toEqual([["warn", "log.offset-mended", fields]]);
  });

  it("takes no record away where it was a flipped bit of the offset", async () => {
    const { platform, position } = await killedLog({ headBytes: 9, offset: 4, valueLength: 10 });
    changeFile(platform, firstLog, (content) => content.fill(0, position + 7, position + 8));
    expect((await openTestLog(platform)).logEndOffset).toBe(6);
  });

  it("is damage below what was durable", async () => {
    const { platform, position, written } = await killedLog({
      headBytes: 8,
      offset: 6,
      valueLength: 10,
    });
    const hurt = written.slice().fill(0, position, position + 8);
    changeFile(platform, firstLog, () => hurt);
    const log = await openTestLog(platform, {}, { recoveryPoint: 7 });
    expect(log.damage).toMatchObject({ position, firstOffset: 6 });
    expect(readFile(platform, firstLog)).toEqual(hurt);
  });
});
