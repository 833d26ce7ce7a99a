import { toHex } from "@millrace/model";
import { describe, expect, it } from "vitest";
import { batchOf, markerOf } from "../../test-support/batches.ts";
import { OffsetIndex } from "./offset-index.ts";
import { openTestLog, readFile, testFile, testPlatform } from "../../test-support/open-test-log.ts";

const client = { origin: "client" } as const;
const coordinator = { origin: "coordinator" } as const;

describe("index files", () => {
  it("take no entry that does not rise (LOG-6)", () => {
    const index = new OffsetIndex(testPlatform().fileSystem, "data/0.index", 10);
    index.append(12, 100);
    expect(() => index.append(12, 200)).toThrow(/LOG-6/);
    expect(index.entryCount).toBe(1);
  });

  it("have Kafka's bytes", async () => {
    const platform = testPlatform();
    const log = await openTestLog(platform, { indexIntervalBytes: 150 });
    const value = "x".repeat(100);
    const size = batchOf({ values: [value, value] }).length;
    expect(size).toBe(285);
    // An entry for each but the first, and none in the time index for an older timestamp.
    const timestamps = [1000, 1100, 1050, 1200];
    for (const timestamp of timestamps)
      log.append(batchOf({ values: [value, value], timestamp }), client);
    await log.close();
    const read = (suffix: string) =>
      toHex(readFile(platform, testFile(`00000000000000000000${suffix}`)));
    expect(read(".index")).toBe(
      ["00000003", "0000011d", "00000005", "0000023a", "00000007", "00000357"].join(""),
    );
    expect(read(".timeindex")).toBe(
      ["000000000000044d", "00000003", "00000000000004b1", "00000007"].join(""),
    );
  });

  it("note aborted transactions in the segment of their marker", async () => {
    const platform = testPlatform();
    const log = await openTestLog(platform, { transactionVerificationEnabled: false });
    const data = (producerId: number) =>
      batchOf({ producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true });
    log.append(data(7), client);
    log.append(data(8), client);
    log.append(markerOf("abort", 8, 0), coordinator);
    log.append(markerOf("commit", 7, 0), coordinator);
    await log.close();
    expect(toHex(readFile(platform, testFile("00000000000000000000.txnindex")))).toBe(
      // version, producer id, first offset, last offset, last stable offset
      ["0000", "0000000000000008", "0000000000000001", "0000000000000002", "0000000000000000"].join(
        "",
      ),
    );
  });

  it("write the snapshot of producers as Kafka does", async () => {
    const platform = testPlatform();
    const log = await openTestLog(platform, { transactionVerificationEnabled: false });
    const batch = { producerId: 5, producerEpoch: 3, baseSequence: 10, values: ["a", "b"] };
    log.append(batchOf({ ...batch, isTransactional: true }), client);
    await log.close();
    const bytes = readFile(platform, testFile("00000000000000000002.snapshot"));
    expect(toHex(bytes.subarray(0, 2))).toBe("0001");
    expect(toHex(bytes.subarray(6))).toBe(
      [
        "00000001",
        "0000000000000005", // producer id
        "0003", // epoch
        "0000000b", // last sequence
        "0000000000000001", // last offset
        "00000001", // offset delta
        "00000000000003e9", // timestamp
        "ffffffff", // coordinator epoch
        "0000000000000000", // first offset of the open transaction
      ].join(""),
    );
  });
});
