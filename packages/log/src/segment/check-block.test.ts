import { describe, expect, it } from "vitest";
import { batchesIn, batchOf } from "../../test-support/batches.ts";
import {
  changeFile,
  firstLog,
  openTestLog,
  testPlatform,
} from "../../test-support/open-test-log.ts";
import { LogCorruptedError } from "../log-error.ts";

const batches = ["a", "bb", "ccc", "dddd"].map((value) => batchOf({ values: [value] }));
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };

/** Where each batch lies in the file, and where the last one ends. */
const starts = batches.reduce((ends, { length }) => [...ends, ends[ends.length - 1] + length], [0]);

/** The file with these of its batches, in this order. */
function only(bytes: Uint8Array, ...order: readonly number[]): Uint8Array {
  return Buffer.concat(order.map((index) => bytes.subarray(starts[index], starts[index + 1])));
}

/** A byte of the last batch's value. */
function flipLast(bytes: Uint8Array): Uint8Array {
  bytes[bytes.length - 2] ^= 0x41;
  return bytes;
}

describe("a block of batches that is not the one that was recorded", () => {
  it.each([
    ["two changed places", (bytes: Uint8Array) => only(bytes, 0, 2, 1, 3)],
    [
      "two changed places, and the last one is damaged",
      (b: Uint8Array) => flipLast(only(b, 0, 2, 1, 3)),
    ],
    [
      "one stands twice, and the end is gone",
      (bytes: Uint8Array) => only(bytes, 0, 2, 2, 3).subarray(0, bytes.length),
    ],
    [
      "one is gone, and zeros stand at the end",
      (bytes: Uint8Array) =>
        Buffer.concat([only(bytes, 0, 2, 3), new Uint8Array(batches[1].length)]),
    ],
  ])("is served up to the first batch at the wrong place: %s", async (_, change) => {
    const platform = testPlatform();
    const closed = await openTestLog(platform);
    for (const batch of batches) closed.append(batch.slice(), { origin: "client" });
    await closed.close();
    changeFile(platform, firstLog, change);
    const log = await openTestLog(platform, {}, { wasCleanlyClosed: true, recoveryPoint: 4 });
    expect(batchesIn(log.read(0, all))).toEqual([[0, 1]]);
    expect(() => log.read(1, all)).toThrow(LogCorruptedError);
    expect(log.damage).toMatchObject({ firstOffset: 1, position: starts[1] });
  });
});
