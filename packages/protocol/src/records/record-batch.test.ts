import { encodeUtf8, fromHex, type Headers, noHeaders, toHex } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCompression } from "../compression/node-compression.ts";
import { KafkaError } from "../kafka-error.ts";
import { ProtocolError } from "../protocol-error.ts";
import { writeInt16, writeInt32 } from "../wire/int64.ts";
import { BatchCursor } from "./batch-cursor.ts";
import {
  addToSequence,
  batchHeaderBytes,
  isCrcValid,
  readBatchHeader,
  readLastOffset,
  readLastSequence,
  setBaseOffset,
  setLogAppendTime,
  setPartitionLeaderEpoch,
  updateCrc,
} from "./batch-header.ts";
import { RecordBatchBuilder, recordSizeBytesMax } from "./record-batch-builder.ts";
import { RecordBatchReader } from "./record-batch-reader.ts";

interface PlainRecord {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

const nullableBytes = fc.option(fc.uint8Array({ maxLength: 80 }), { freq: 4 });
const headers = fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 5 }), nullableBytes), {
  maxLength: 3,
});
const plainRecord: fc.Arbitrary<PlainRecord> = fc.record({
  timestamp: fc.oneof(fc.integer({ min: -1, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 4e12 })),
  key: nullableBytes,
  value: nullableBytes,
  headers,
});
const plainRecords = fc.array(plainRecord, { minLength: 1, maxLength: 12 });

function builderOf(records: readonly PlainRecord[]): RecordBatchBuilder {
  const builder = new RecordBatchBuilder({ capacityBytes: 64 });
  for (const { timestamp, key, value, headers: list } of records)
    builder.append(timestamp, key, value, list);
  return builder;
}

function readAll(reader: RecordBatchReader): (PlainRecord & { offset: number })[] {
  const records: (PlainRecord & { offset: number })[] = [];
  while (reader.next()) {
    const { offset, timestamp, key, value } = reader;
    records.push({ offset, timestamp, key, value, headers: reader.headers });
  }
  return records;
}

/**
 * Three records at offset 0 of producer 4000, as another implementation (kafkajs 2.2.4) writes
 * them.
 */
const foreignBatch =
  "00000000000000000000006900000000027cab4a380010000000020000018bcfe568000000018c82b5c600" +
  "0000000000000fa00003000000110000000314000000046b31047631003e00f40302011a776974686f7574" +
  "2061206b657904026802780a656d70747900180080f882ad1604046b310100";

const foreignRecords: readonly PlainRecord[] = [
  { timestamp: 1_700_000_000_000, key: encodeUtf8("k1"), value: encodeUtf8("v1"), headers: [] },
  {
    timestamp: 1_700_000_000_250,
    key: null,
    value: encodeUtf8("without a key"),
    headers: [
      ["h", encodeUtf8("x")],
      ["empty", new Uint8Array(0)],
    ],
  },
  { timestamp: 1_703_000_000_000, key: encodeUtf8("k1"), value: null, headers: [] },
];

describe("record batches", () => {
  it("are written byte for byte as others write them", () => {
    const batch = builderOf(foreignRecords).build({
      producerId: 4000,
      producerEpoch: 3,
      baseSequence: 17,
      isTransactional: true,
      partitionLeaderEpoch: 0,
    });
    expect(toHex(batch)).toBe(foreignBatch);
  });

  it("are read as others write them", () => {
    const bytes = fromHex(foreignBatch);
    expect(isCrcValid(bytes, 0)).toBe(true);
    expect(readBatchHeader(bytes, 0)).toMatchObject({
      producerId: 4000,
      producerEpoch: 3,
      recordCount: 3,
    });
    expect(readLastSequence(bytes, 0)).toBe(19);
    const read = readAll(new RecordBatchReader({ bytes }));
    expect(read).toEqual(foreignRecords.map((record, offset) => ({ ...record, offset })));
  });

  it.each(["none", "gzip", "zstd"] as const)(
    "PROTOCOL-6: hold what was appended (%s)",
    (compression) => {
      fc.assert(
        fc.property(plainRecords, fc.nat(1e9), (records, baseOffset) => {
          const builder = builderOf(records);
          const size = builder.sizeBytes;
          const options = { baseOffset, compression, codecs: nodeCompression };
          const bytes = builder.build(options);
          if (compression === "none") expect(bytes.length).toBe(size);
          expect(isCrcValid(bytes, 0)).toBe(true);
          const reader = new RecordBatchReader({ bytes, codecs: nodeCompression });
          expect(reader.remaining).toBe(records.length);
          expect(reader.nextOffset).toBe(baseOffset + records.length);
          expect(readAll(reader)).toEqual(
            records.map((record, index) => ({ ...record, offset: baseOffset + index })),
          );
          expect(builder.recordCount).toBe(0);
        }),
        { numRuns: compression === "none" ? 100 : 20 },
      );
    },
  );

  it("PROTOCOL-6: one record never takes more than its estimate", () => {
    fc.assert(
      fc.property(plainRecord, (record) => {
        const size = builderOf([record]).sizeBytes - batchHeaderBytes;
        expect(size).toBeLessThanOrEqual(
          recordSizeBytesMax(record.key, record.value, record.headers),
        );
      }),
    );
  });

  it("start at any offset asked for", () => {
    fc.assert(
      fc.property(plainRecords, fc.integer({ min: 90, max: 120 }), (records, fromOffset) => {
        const bytes = builderOf(records).build({ baseOffset: 100 });
        const reader = new RecordBatchReader({ bytes, fromOffset });
        const expected = records
          .map((_, index) => 100 + index)
          .filter((offset) => offset >= fromOffset);
        expect(reader.remaining).toBe(expected.length);
        expect(readAll(reader).map(({ offset }) => offset)).toEqual(expected);
      }),
    );
  });

  it("keep the offsets that compaction leaves, also without records", () => {
    const builder = new RecordBatchBuilder({ baseTimestamp: 50 });
    builder.appendAt(3, { timestamp: 40, key: null, value: null, headers: noHeaders });
    expect(() =>
      builder.appendAt(3, { timestamp: 40, key: null, value: null, headers: noHeaders }),
    ).toThrow(ProtocolError);
    const bytes = builder.build({ baseOffset: 10, lastOffsetDelta: 9, hasDeleteHorizon: true });
    const reader = new RecordBatchReader({ bytes });
    expect([reader.nextOffset, reader.remaining]).toEqual([20, 1]);
    expect(readAll(reader)).toEqual([
      { offset: 13, timestamp: 40, key: null, value: null, headers: [] },
    ]);
    const empty = builder.build({ baseOffset: 20, lastOffsetDelta: 4, baseSequence: 2 ** 31 - 2 });
    expect(readAll(new RecordBatchReader({ bytes: empty }))).toEqual([]);
    expect([readLastOffset(empty, 0), readLastSequence(empty, 0)]).toEqual([24, 2]);
    expect(addToSequence(2 ** 31 - 1, 1)).toBe(0);
  });

  it("PROTOCOL-7: take a base offset and a leader epoch without a new CRC", () => {
    const bytes = Uint8Array.of(9, 9, ...fromHex(foreignBatch));
    setBaseOffset(bytes, 2, 2 ** 40 + 5);
    setPartitionLeaderEpoch(bytes, 2, 77);
    expect(isCrcValid(bytes, 2)).toBe(true);
    expect(readBatchHeader(bytes, 2)).toMatchObject({
      baseOffset: 2 ** 40 + 5,
      partitionLeaderEpoch: 77,
    });
    expect(readAll(new RecordBatchReader({ bytes, position: 2 }))[2].offset).toBe(2 ** 40 + 7);
  });

  it("have one timestamp once the broker has stamped them", () => {
    const bytes = fromHex(foreignBatch);
    setLogAppendTime(bytes, 0, 1234);
    expect(isCrcValid(bytes, 0)).toBe(true);
    expect(readAll(new RecordBatchReader({ bytes })).map(({ timestamp }) => timestamp)).toEqual([
      1234, 1234, 1234,
    ]);
  });

  it("give their bytes back once", () => {
    let released = 0;
    const reader = new RecordBatchReader({
      bytes: fromHex(foreignBatch),
      onRelease: () => released++,
    });
    reader.next();
    reader.release();
    reader.release();
    expect(released).toBe(1);
    expect([reader.next(), reader.key, reader.remaining]).toEqual([false, null, 0]);
  });
});

describe("PROTOCOL-1: malformed batches", () => {
  it("throw ProtocolError, whatever byte is changed", () => {
    fc.assert(
      fc.property(plainRecords, fc.nat(), fc.nat(255), (records, at, byte) => {
        const bytes = builderOf(records).build();
        const spoilt = Uint8Array.from(bytes);
        spoilt[at % bytes.length] = byte;
        try {
          readAll(new RecordBatchReader({ bytes: spoilt }));
        } catch (error) {
          if (error instanceof ProtocolError || error instanceof KafkaError) return;
          throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are told apart by a wrong CRC", () => {
    const bytes = fromHex(foreignBatch);
    bytes[70] ^= 1;
    expect(isCrcValid(bytes, 0)).toBe(false);
    updateCrc(bytes, 0);
    expect(isCrcValid(bytes, 0)).toBe(true);
  });

  it("are refused where a record reaches beyond the batch, or bytes are left", () => {
    const long = fromHex(foreignBatch);
    long[batchHeaderBytes] = 0x7e;
    expect(() => readAll(new RecordBatchReader({ bytes: long }))).toThrow(/malformed/);
    const fewer = fromHex(foreignBatch);
    writeInt32(fewer, 57, 2);
    expect(() => readAll(new RecordBatchReader({ bytes: fewer }))).toThrow(
      /follow its last record/,
    );
    const more = fromHex(foreignBatch);
    writeInt32(more, 57, 0x7fffffff);
    expect(() => readAll(new RecordBatchReader({ bytes: more }))).toThrow(/does not fit/);
  });

  it("are refused where they are cut, of another magic, or of an unsupported codec", () => {
    const bytes = fromHex(foreignBatch);
    expect(() => new RecordBatchReader({ bytes: bytes.subarray(0, 60) })).toThrow(/61 bytes/);
    expect(() => new RecordBatchReader({ bytes: bytes.subarray(0, 100) })).toThrow(/117 bytes/);
    const old = fromHex(foreignBatch);
    old[16] = 1;
    expect(() => new RecordBatchReader({ bytes: old })).toThrow(/magic 1/);
    const lz4 = fromHex(foreignBatch);
    writeInt16(lz4, 21, 3);
    expect(() => new RecordBatchReader({ bytes: lz4, codecs: nodeCompression })).toThrow(/lz4/);
    expect(() => new RecordBatchReader({ bytes: lz4 })).toThrow(KafkaError);
  });

  it("do not decompress beyond the bound", () => {
    for (const compression of ["gzip", "zstd"] as const) {
      const builder = new RecordBatchBuilder();
      builder.append(0, null, new Uint8Array(1_000_000), noHeaders);
      const bytes = builder.build({ compression, codecs: nodeCompression });
      expect(bytes.length).toBeLessThan(2000);
      const options = { bytes, codecs: nodeCompression };
      expect(() => new RecordBatchReader({ ...options, decompressedBytesMax: 100_000 })).toThrow(
        /cannot be decompressed/,
      );
      expect(new RecordBatchReader(options).remaining).toBe(1);
    }
  });
});

describe("batch cursor", () => {
  const batch = fromHex(foreignBatch);

  it("walks whole batches and leaves over the cut one", () => {
    const bytes = new Uint8Array(2 * batch.length + 50);
    bytes.set(batch, 0);
    bytes.set(batch, batch.length);
    bytes.set(batch.subarray(0, 50), 2 * batch.length);
    const cursor = new BatchCursor(bytes);
    const positions: number[] = [];
    while (cursor.next()) positions.push(cursor.position);
    expect(positions).toEqual([0, batch.length]);
    expect([cursor.leftoverBytes, cursor.next()]).toEqual([50, false]);
  });

  it("ends at every cut without an error", () => {
    for (let length = 0; length < batch.length; length++) {
      const cursor = new BatchCursor(batch.subarray(0, length));
      expect(cursor.next()).toBe(false);
      expect(cursor.leftoverBytes).toBe(length);
    }
  });

  it("refuses a batch shorter than its header", () => {
    const bytes = fromHex(foreignBatch);
    writeInt32(bytes, 8, 48);
    expect(() => new BatchCursor(bytes).next()).toThrow(/claims 60 bytes/);
  });
});
