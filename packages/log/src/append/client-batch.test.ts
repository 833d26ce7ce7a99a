import { encodeUtf8, noHeaders } from "@millrace/model";
import {
  compressionIdOf,
  type CompressionName,
  isCrcValid,
  isLogAppendTime,
  readAttributes,
  RecordBatchBuilder,
  RecordBatchReader,
  setLogAppendTime,
  updateCrc,
} from "@millrace/protocol/records";
import { writeInt32 } from "@millrace/protocol/wire";
import { nodeCompression } from "@millrace/protocol/compression";
import { describe, expect, it } from "vitest";
import type { LogConfig } from "../log-config.ts";
import type { PartitionLog } from "../partition-log.ts";
import { batchOf } from "../../test-support/batches.ts";
import { clientBatchBytesMax } from "./validate-batch.ts";
import { openTestLog, testPlatform } from "../../test-support/open-test-log.ts";

const client = { origin: "client" } as const;
const open = (config: Partial<LogConfig> = {}) =>
  openTestLog(testPlatform(), config, { codecs: nodeCompression });

function readFirst(log: PartitionLog): Uint8Array {
  return log.read(0, { maxBytes: 10_000, upTo: log.logEndOffset, minOneBatch: true }).parts[0];
}

function offsetsIn(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  const records = new RecordBatchReader({ bytes, codecs: nodeCompression });
  while (records.next()) offsets.push(records.offset);
  return offsets;
}

/** Records whose offsets are 0, 2: the header then says that there are two. */
function withGap(compression: CompressionName): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const delta of [0, 2])
    builder.appendAt(delta, {
      timestamp: 1000,
      key: null,
      value: encodeUtf8("v"),
      headers: noHeaders,
    });
  const batch = builder.build({ compression, codecs: nodeCompression }).slice();
  writeInt32(batch, 23, 1);
  updateCrc(batch, 0);
  return batch;
}

describe("a client's batch", () => {
  it("that says it was stamped by a broker gets its producer's kind of time back", async () => {
    const log = await open();
    const batch = batchOf({ values: ["a", "b"] });
    setLogAppendTime(batch, 0, 1700);
    log.append(batch, client);
    expect(isLogAppendTime(readAttributes(readFirst(log), 0))).toBe(false);
    expect(isCrcValid(readFirst(log), 0)).toBe(true);
  });

  it("that says it was stamped is refused where the broker stamps", async () => {
    const log = await open({ messageTimestampType: "LogAppendTime" });
    const batch = batchOf();
    setLogAppendTime(batch, 0, 1700);
    expect(() => log.append(batch, client)).toThrow(
      expect.objectContaining({ code: "INVALID_TIMESTAMP" }),
    );
  });

  it("that was written before is told as that, though it would be refused by now", async () => {
    const clock = { wallMs: () => 2000, monotonicMs: () => 0 };
    const log = await openTestLog(
      { ...testPlatform(), clock },
      { messageTimestampBeforeMaxMs: 500 },
    );
    const batch = (baseSequence: number) =>
      batchOf({ timestamp: 1500, producerId: 1, producerEpoch: 0, baseSequence });
    const first = log.append(batch(0), client);
    clock.wallMs = () => 2001;
    expect(log.append(batch(0), client)).toMatchObject({ baseOffset: first.baseOffset });
    expect(() => log.append(batch(1), client)).toThrow(
      expect.objectContaining({ code: "INVALID_TIMESTAMP" }),
    );
    expect(log.logEndOffset).toBe(1);
  });

  it("is stored as it lies where records are in another order", async () => {
    const log = await open();
    const batch = batchOf({ values: ["a", "b"] });
    // The offset deltas are the third bytes behind the lengths of the records, zig-zag.
    const secondAt = 62 + (batch[61] >> 1);
    [batch[64], batch[secondAt + 3]] = [2, 0];
    updateCrc(batch, 0);
    log.append(batch, client);
    expect(offsetsIn(readFirst(log))).toEqual([1, 0]);
  });

  it("is refused where offsets are missing, and numbered anew with another codec", async () => {
    const plain = await open();
    expect(() => plain.append(withGap("none"), client)).toThrow(
      expect.objectContaining({ code: "INVALID_RECORD" }),
    );
    const packed = await open();
    expect(() => packed.append(withGap("gzip"), client)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_SERVER_ERROR" }),
    );
    const repacked = await open({ compressionType: "lz4" });
    repacked.append(withGap("gzip"), client);
    expect(offsetsIn(readFirst(repacked))).toEqual([0, 1]);
    const ends = [plain, packed, repacked].map(({ logEndOffset }) => logEndOffset);
    expect(ends).toEqual([0, 0, 2]);
  });

  it.each(["gzip", "snappy", "lz4", "zstd"] as const)(
    "that unpacks by %s to more than it may is refused before it takes the memory",
    async (compression) => {
      const log = await open({ maxMessageBytes: 16 * 1024 * 1024 });
      const batchOfZeros = (sizeBytes: number) => {
        const builder = new RecordBatchBuilder({ capacityBytes: sizeBytes + 256 });
        builder.append(1000, null, new Uint8Array(sizeBytes), noHeaders);
        return builder.build({ compression, codecs: nodeCompression });
      };
      expect(() => log.append(batchOfZeros(clientBatchBytesMax), client)).toThrow(
        expect.objectContaining({ code: "INVALID_RECORD" }),
      );
      expect(log.logEndOffset).toBe(0);
      expect(log.append(batchOfZeros(clientBatchBytesMax / 4), client).lastOffset).toBe(0);
    },
  );

  it.each(["gzip", "snappy", "lz4", "zstd"] as const)(
    "that is not what %s makes is refused, and so is one with too few records in it",
    async (compression) => {
      const log = await open();
      const builder = new RecordBatchBuilder();
      builder.append(1000, null, encodeUtf8("value"), noHeaders);
      const batch = builder.build({ compression, codecs: nodeCompression }).slice();
      const short = batch.slice();
      writeInt32(short, 57, 2);
      writeInt32(short, 23, 1);
      updateCrc(short, 0);
      expect(() => log.append(short, client)).toThrow(
        expect.objectContaining({ code: "INVALID_RECORD" }),
      );
      const broken = batch.slice();
      broken.fill(0x55, 61);
      updateCrc(broken, 0);
      expect(() => log.append(broken, client)).toThrow(
        expect.objectContaining({ code: "UNKNOWN_SERVER_ERROR" }),
      );
      expect(log.append(batch, client).baseOffset).toBe(0);
    },
  );

  it("is refused where it is compressed and nothing is there to look into it", async () => {
    const log = await openTestLog(testPlatform());
    expect(() => log.append(withGap("gzip"), client)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED_COMPRESSION_TYPE" }),
    );
    expect(log.logEndOffset).toBe(0);
  });

  it("is written anew with the topic's codec, its producer and times kept", async () => {
    const log = await open({ compressionType: "lz4" });
    const options = { values: ["a", "b"], producerId: 5, producerEpoch: 0, baseSequence: 0 };
    log.append(batchOf(options), client);
    const stored = readFirst(log);
    expect(compressionIdOf(readAttributes(stored, 0))).toBe(3);
    expect(offsetsIn(stored)).toEqual([0, 1]);
    expect(log.producers()[0]).toMatchObject({ producerId: 5, lastSequence: 1 });
    expect(log.append(batchOf(options), client).isDuplicate).toBe(true);
  });
});
