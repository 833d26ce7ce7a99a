import { encodeUtf8 } from "@millrace/model";
import { nodeCompression } from "@millrace/protocol/compression";
import {
  batchHeaderBytes,
  compressionIdOfName,
  updateCrc,
  writeBatchHeader,
} from "@millrace/protocol/records";
import { writeInt16, writeInt64, writeVarint, writeVarlong } from "@millrace/protocol/wire";

/*
 * Record batches as no good client makes them: each has one thing wrong (or odd, but fine), and a checksum that is
 * right. Every one is made for each codec.
 */

/** Lengths and counts that are told apart from what lies there. */
interface OddHeader {
  readonly name?: string | null;
  readonly nameLength?: number;
  readonly value?: string | null;
  readonly valueLength?: number;
}

interface OddRecord {
  readonly lengthError?: number;
  readonly length?: number;
  readonly attributes?: number;
  readonly timestampDelta?: number;
  /** Instead of the varlong of the delta. */
  readonly timestampBytes?: readonly number[];
  readonly offsetDelta?: number;
  readonly key?: string | null;
  readonly keyLength?: number;
  readonly value?: string | null;
  readonly valueLength?: number;
  /** Instead of the varint of the value's length. */
  readonly valueLengthBytes?: readonly number[];
  readonly headers?: readonly OddHeader[];
  readonly headerCount?: number;
  readonly trailing?: number;
}

interface OddBatch {
  readonly records?: readonly OddRecord[];
  readonly trailing?: number;
  readonly attributes?: number;
  readonly baseOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly recordCount?: number;
  readonly baseTimestamp?: number;
  readonly baseTimestampLow?: number;
  readonly maxTimestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

export interface HandMadeBatch {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const now = 1_700_000_000_000;
const two63 = 2 ** 63;

const odd: Readonly<Record<string, OddBatch>> = {
  "nothing wrong": {},
  "two records": { records: [{}, {}] },
  "header count -1": { records: [{ headerCount: -1 }] },
  "header count -2": { records: [{ headerCount: -2 }] },
  "header count -2147483648": { records: [{ headerCount: -2147483648 }] },
  "header count 1 of 0": { records: [{ headerCount: 1 }] },
  "header count 2147483647 of 0": { records: [{ headerCount: 2147483647 }] },
  "header count 0 of 1": { records: [{ headerCount: 0, headers: [{}] }] },
  "header count 1 of 2": { records: [{ headerCount: 1, headers: [{}, {}] }] },
  "header count 2 of 1": { records: [{ headerCount: 2, headers: [{}] }] },
  "header count 1 of 0, then a record": { records: [{ headerCount: 1 }, {}] },
  "header name null": { records: [{ headers: [{ name: null }] }] },
  "header name length -2": { records: [{ headers: [{ name: "", nameLength: -2 }] }] },
  "header name beyond the record": { records: [{ headers: [{ nameLength: 40 }] }, {}] },
  "header name length 2147483647": { records: [{ headers: [{ nameLength: 2147483647 }] }] },
  "header name empty": { records: [{ headers: [{ name: "" }] }] },
  "header value null": { records: [{ headers: [{ value: null }] }] },
  "header value length -2": { records: [{ headers: [{ value: "", valueLength: -2 }] }] },
  "header value beyond the record": { records: [{ headers: [{ valueLength: 40 }] }, {}] },
  "the last header is wrong": { records: [{ headers: [{}, {}, { name: null }] }] },
  "key null": { records: [{ key: null }] },
  "key length -2": { records: [{ key: "", keyLength: -2 }] },
  "key beyond the record": { records: [{ keyLength: 60 }, {}] },
  "key length 2147483647": { records: [{ keyLength: 2147483647 }] },
  "value null": { records: [{ value: null }] },
  "value length -2": { records: [{ value: "", valueLength: -2 }] },
  "value length -2147483648": { records: [{ value: "", valueLength: -2147483648 }] },
  "value beyond the record": { records: [{ valueLength: 60 }, {}] },
  "value length 2147483647": { records: [{ valueLength: 2147483647 }] },
  "value length in six bytes": {
    records: [{ valueLengthBytes: [0x8a, 0x80, 0x80, 0x80, 0x80, 0] }],
  },
  "value length in two bytes for one": { records: [{ valueLengthBytes: [0x8a, 0] }] },
  "record one byte short": { records: [{ lengthError: -1 }] },
  "record one byte long": { records: [{ lengthError: 1 }] },
  "record two bytes long, then a record": { records: [{ lengthError: 2 }, {}] },
  "record length 0": { records: [{ length: 0 }] },
  "record length -1": { records: [{ length: -1 }] },
  "record length 2147483647": { records: [{ length: 2147483647 }] },
  "bytes behind a record's headers": { records: [{ trailing: 3 }] },
  "bytes behind the last record": { trailing: 5 },
  "record attributes 255": { records: [{ attributes: 255 }] },
  "offset deltas backwards": { records: [{ offsetDelta: 1 }, { offsetDelta: 0 }] },
  "offset delta -5": { records: [{ offsetDelta: -5 }] },
  "offset delta 7 of 1": { records: [{ offsetDelta: 7 }] },
  "offset delta twice": { records: [{ offsetDelta: 0 }, { offsetDelta: 0 }] },
  "offset delta 2147483647": { records: [{ offsetDelta: 2147483647 }] },
  "timestamp delta in eleven bytes": {
    records: [{ timestampBytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0] }],
  },
  "timestamp delta beyond 64 bits": {
    records: [{ timestampBytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f] }],
  },
  "timestamp -1": { baseTimestamp: -1 },
  "timestamp -2": { baseTimestamp: -2 },
  "timestamp -2 by its delta": { records: [{ timestampDelta: -now - 2 }] },
  "one of two timestamps -2": { records: [{}, { timestampDelta: -now - 2 }] },
  "base timestamp -2 and a record of now": {
    baseTimestamp: -2,
    records: [{ timestampDelta: now + 2 }],
  },
  "base timestamp -2^63": { baseTimestamp: -two63 },
  "base timestamp -2^63 + 1": { baseTimestamp: -two63, baseTimestampLow: 1 },
  "base timestamp -2^63, delta -1": { baseTimestamp: -two63, records: [{ timestampDelta: -1 }] },
  "base timestamp 2^63 - 1": { baseTimestamp: two63 },
  "base timestamp 2^63 - 1, delta 1": { baseTimestamp: two63, records: [{ timestampDelta: 1 }] },
  "base timestamp 2^60": { baseTimestamp: 2 ** 60 },
  "timestamp delta -2^63": { records: [{ timestampDelta: -two63 }] },
  "timestamp delta 2^63 - 1": { records: [{ timestampDelta: two63 }] },
  "max timestamp too small": { maxTimestamp: 5 },
  "max timestamp -2^63": { maxTimestamp: -two63 },
  "max timestamp too large": { maxTimestamp: two63 },
  "record count 0": { recordCount: 0 },
  "record count 0, offsets of none": { recordCount: 0, lastOffsetDelta: -1, records: [] },
  "record count -1": { recordCount: -1, lastOffsetDelta: -2 },
  "record count 2 of 1": { recordCount: 2, lastOffsetDelta: 1 },
  "record count 1 of 2": { recordCount: 1, lastOffsetDelta: 0, records: [{}, {}] },
  "record count 2147483647": { recordCount: 2147483647, lastOffsetDelta: 2147483646 },
  "last offset delta 5 of 1": { lastOffsetDelta: 5 },
  "last offset delta -1": { lastOffsetDelta: -1 },
  "last offset delta 2147483647, count -2147483648": {
    lastOffsetDelta: 2147483647,
    recordCount: -2147483648,
  },
  "base offset 5": { baseOffset: 5 },
  "base offset -1": { baseOffset: -1 },
  "base offset 2^63 - 1": { baseOffset: two63 },
  "transactional without a producer id": { attributes: 0x10 },
  "transactional, producer id -2": { attributes: 0x10, producerId: -2 },
  "transactional, without an id, with epoch and sequence": {
    attributes: 0x10,
    producerEpoch: 0,
    baseSequence: 0,
  },
  control: { attributes: 0x20 },
  "control and transactional without a producer id": { attributes: 0x30 },
  "delete horizon": { attributes: 0x40 },
  "delete horizon, base timestamp -1": { attributes: 0x40, baseTimestamp: -1 },
  "log append time": { attributes: 0x08 },
  "log append time, max timestamp -2^63": { attributes: 0x08, maxTimestamp: -two63 },
  "attribute bit 7": { attributes: 0x80 },
  "attribute bits 8 to 15": { attributes: 0xff00 },
  "producer id -2": { producerId: -2 },
  "producer id -2^63": { producerId: -two63 },
  "producer id -2, epoch 0, sequence 0": { producerId: -2, producerEpoch: 0, baseSequence: 0 },
  "epoch and sequence without a producer id": { producerEpoch: 0, baseSequence: 0 },
  "producer id without epoch": { producerId: 900_001, baseSequence: 0 },
  "producer epoch -2": { producerId: 900_002, producerEpoch: -2, baseSequence: 0 },
  "producer id without sequence": { producerId: 900_003, producerEpoch: 0 },
  "sequence -2": { producerId: 900_004, producerEpoch: 0, baseSequence: -2 },
  "sequence -2 without a producer id": { baseSequence: -2 },
  "producer id 2^63 - 1": { producerId: two63, producerEpoch: 0, baseSequence: 0 },
};

/** Their codec, and what compressed bytes can have wrong beside. */
export function handMadeBatches(): readonly HandMadeBatch[] {
  const plain = Object.entries(odd).map(([name, batch]) => ({ name, bytes: make(batch, "none") }));
  const unknown = [5, 6, 7].map((id) => ({
    name: `codec ${id}`,
    bytes: make({ attributes: id }, "none"),
  }));
  const packed = (["gzip", "snappy", "lz4", "zstd"] as const).flatMap((codec) => [
    ...Object.entries(odd).map(([name, batch]) => ({
      name: `${codec}: ${name}`,
      bytes: make(batch, codec),
    })),
    ...packedOddly(codec),
  ]);
  return [...plain, ...unknown, ...packed];
}

type Codec = "gzip" | "snappy" | "lz4" | "zstd";

function packedOddly(codec: Codec): HandMadeBatch[] {
  const whole = nodeCompression.compress(compressionIdOfName(codec), recordsOf({}));
  const attributes = compressionIdOfName(codec);
  const around = (packed: Uint8Array) => surround({ attributes }, packed);
  const flipped = whole.slice();
  flipped[flipped.length - 1] ^= 0xff;
  return [
    { name: `${codec}: no bytes`, bytes: around(new Uint8Array(0)) },
    { name: `${codec}: never compressed`, bytes: around(recordsOf({})) },
    { name: `${codec}: cut`, bytes: around(whole.subarray(0, whole.length - 3)) },
    { name: `${codec}: half`, bytes: around(whole.subarray(0, whole.length >> 1)) },
    { name: `${codec}: last byte flipped`, bytes: around(flipped) },
    {
      name: `${codec}: zeros behind it`,
      bytes: around(Uint8Array.from([...whole, 0, 0, 0, 0, 0])),
    },
    {
      name: `${codec}: other bytes behind it`,
      bytes: around(Uint8Array.from([...whole, 1, 2, 3, 4, 5])),
    },
    { name: `${codec}: twice`, bytes: around(Uint8Array.from([...whole, ...whole])) },
  ];
}

function make(batch: OddBatch, codec: Codec | "none"): Uint8Array {
  const id = compressionIdOfName(codec);
  const records = recordsOf(batch);
  const packed = id === 0 ? records : nodeCompression.compress(id, records);
  return surround({ ...batch, attributes: (batch.attributes ?? 0) | id }, packed);
}

function surround(batch: OddBatch, records: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(batchHeaderBytes + records.length);
  bytes.set(records, batchHeaderBytes);
  const count = batch.records?.length ?? 1;
  writeBatchHeader(bytes, 0, bytes.length, {
    baseOffset: batch.baseOffset ?? 0,
    partitionLeaderEpoch: -1,
    attributes: 0,
    lastOffsetDelta: batch.lastOffsetDelta ?? count - 1,
    baseTimestamp: batch.baseTimestamp ?? now,
    maxTimestamp: batch.maxTimestamp ?? batch.baseTimestamp ?? now,
    producerId: batch.producerId ?? -1,
    producerEpoch: batch.producerEpoch ?? -1,
    baseSequence: batch.baseSequence ?? -1,
    recordCount: batch.recordCount ?? count,
  });
  writeInt16(bytes, 21, batch.attributes ?? 0);
  if (batch.baseTimestamp !== undefined) writeInt64(bytes, 27, batch.baseTimestamp);
  if (batch.baseTimestampLow !== undefined) bytes[34] = batch.baseTimestampLow;
  updateCrc(bytes, 0);
  return bytes;
}

function recordsOf({ records = [{}], trailing = 0 }: OddBatch): Uint8Array {
  const bytes = records.flatMap((record, index) => encodeRecord(record, index));
  return Uint8Array.from([...bytes, ...Array.from({ length: trailing }, () => 0)]);
}

function encodeRecord(record: OddRecord, index: number): number[] {
  const { key = "key", value = "value", headers = [] } = record;
  const body = [
    record.attributes ?? 0,
    ...(record.timestampBytes ?? varlong(record.timestampDelta ?? 0)),
    ...varint(record.offsetDelta ?? index),
    ...varint(record.keyLength ?? (key === null ? -1 : key.length)),
    ...encodeUtf8(key ?? ""),
    ...(record.valueLengthBytes ?? varint(record.valueLength ?? value?.length ?? -1)),
    ...encodeUtf8(value ?? ""),
    ...varint(record.headerCount ?? headers.length),
    ...headers.flatMap(encodeHeader),
    ...Array.from({ length: record.trailing ?? 0 }, () => 0),
  ];
  return [...varint(record.length ?? body.length + (record.lengthError ?? 0)), ...body];
}

function encodeHeader({ name = "name", value = "v", ...lengths }: OddHeader): number[] {
  return [
    ...varint(lengths.nameLength ?? name?.length ?? -1),
    ...encodeUtf8(name ?? ""),
    ...varint(lengths.valueLength ?? value?.length ?? -1),
    ...encodeUtf8(value ?? ""),
  ];
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  return bytes.subarray(0, writeVarint(bytes, 0, value));
}

function varlong(value: number): Uint8Array {
  const bytes = new Uint8Array(10);
  return bytes.subarray(0, writeVarlong(bytes, 0, value));
}
