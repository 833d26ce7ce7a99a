import { crc32c } from "../wire/crc32c.ts";
import {
  readInt16,
  readInt32,
  readInt64,
  writeInt16,
  writeInt32,
  writeInt64,
} from "../wire/int64.ts";

/*
 * The header of a record batch, version 2, peeked and patched where it lies. `position` is that of
 * the
 * batch's first byte; the caller has made sure that batchHeaderBytes bytes are there.
 *
 *   0 baseOffset i64       8 batchLength i32    12 partitionLeaderEpoch i32   16 magic i8
 *  17 crc u32             21 attributes i16     23 lastOffsetDelta i32
 *  27 baseTimestamp i64   35 maxTimestamp i64
 *  43 producerId i64      51 producerEpoch i16  53 baseSequence i32           57 recordCount i32
 *  61 records
 *
 * The CRC covers all from the attributes on: base offset and leader epoch change without a new one.
 */

/** Bytes before the records. */
export const batchHeaderBytes = 61;
/** Bytes that `batchLength` does not count: the base offset and the length itself. */
export const batchOverheadBytes = 12;
export const batchMagic = 2;

export const noProducerId = -1;
export const noProducerEpoch = -1;
export const noSequence = -1;
export const noPartitionLeaderEpoch = -1;
export const noTimestamp = -1;

const crcStart = 21;
const logAppendTimeBit = 0x08;
const transactionalBit = 0x10;
const controlBit = 0x20;
const deleteHorizonBit = 0x40;

export function readBaseOffset(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position);
}

/** Bytes of the whole batch, from its base offset to its last record. */
export function readBatchSizeBytes(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 8) + batchOverheadBytes;
}

export function readPartitionLeaderEpoch(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 12);
}

export function readMagic(bytes: Uint8Array, position: number): number {
  return (bytes[position + 16] << 24) >> 24;
}

/** As an unsigned number. */
export function readCrc(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 17) >>> 0;
}

export function readAttributes(bytes: Uint8Array, position: number): number {
  return readInt16(bytes, position + 21);
}

export function readLastOffsetDelta(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 23);
}

export function readLastOffset(bytes: Uint8Array, position: number): number {
  return readBaseOffset(bytes, position) + readLastOffsetDelta(bytes, position);
}

/** Of the first record; the delete horizon if the attributes say that there is one. */
export function readBaseTimestamp(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position + 27);
}

export function readMaxTimestamp(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position + 35);
}

export function readProducerId(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position + 43);
}

export function readProducerEpoch(bytes: Uint8Array, position: number): number {
  return readInt16(bytes, position + 51);
}

export function readBaseSequence(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 53);
}

/** The sequence of the last record; sequences wrap from 2^31 - 1 to 0. */
export function readLastSequence(bytes: Uint8Array, position: number): number {
  const base = readBaseSequence(bytes, position);
  return base === noSequence
    ? noSequence
    : addToSequence(base, readLastOffsetDelta(bytes, position));
}

export function readRecordCount(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 57);
}

/** Sequences run from 0 to 2^31 - 1 and around. */
export function addToSequence(sequence: number, increment: number): number {
  return (sequence + increment) % 2 ** 31;
}

/** Id of the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export function compressionIdOf(attributes: number): number {
  return attributes & 0x07;
}

/** The broker has stamped the batch: all its records have the batch's max timestamp. */
export function isLogAppendTime(attributes: number): boolean {
  return (attributes & logAppendTimeBit) !== 0;
}

export function isTransactional(attributes: number): boolean {
  return (attributes & transactionalBit) !== 0;
}

export function isControl(attributes: number): boolean {
  return (attributes & controlBit) !== 0;
}

/** The base timestamp is the time at which tombstones and markers may go. */
export function hasDeleteHorizon(attributes: number): boolean {
  return (attributes & deleteHorizonBit) !== 0;
}

/** No new CRC is needed. */
export function setBaseOffset(bytes: Uint8Array, position: number, baseOffset: number): void {
  writeInt64(bytes, position, baseOffset);
}

/** No new CRC is needed. */
export function setPartitionLeaderEpoch(bytes: Uint8Array, position: number, epoch: number): void {
  writeInt32(bytes, position + 12, epoch);
}

/** Stamps the batch with the broker's time, and its CRC anew. */
export function setLogAppendTime(bytes: Uint8Array, position: number, timestamp: number): void {
  writeInt16(bytes, position + 21, readAttributes(bytes, position) | logAppendTimeBit);
  writeInt64(bytes, position + 35, timestamp);
  updateCrc(bytes, position);
}

/** Gives the batch back the times of its records, with the largest; its CRC anew where that changes it. */
export function setCreateTime(bytes: Uint8Array, position: number, maxTimestamp: number): void {
  const attributes = readAttributes(bytes, position);
  if (!isLogAppendTime(attributes) && readMaxTimestamp(bytes, position) === maxTimestamp) return;
  writeInt16(bytes, position + 21, attributes & ~logAppendTimeBit);
  writeInt64(bytes, position + 35, maxTimestamp);
  updateCrc(bytes, position);
}

/** What the CRC must be; the whole batch must be there. */
export function computeCrc(bytes: Uint8Array, position: number): number {
  return crc32c(bytes, position + crcStart, position + readBatchSizeBytes(bytes, position));
}

export function updateCrc(bytes: Uint8Array, position: number): void {
  writeInt32(bytes, position + 17, computeCrc(bytes, position));
}

/** The whole batch must be there. */
export function isCrcValid(bytes: Uint8Array, position: number): boolean {
  return computeCrc(bytes, position) === readCrc(bytes, position);
}

/** All of a header but the length, the magic and the CRC. */
export interface BatchHeader {
  readonly baseOffset: number;
  readonly partitionLeaderEpoch: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

export function readBatchHeader(bytes: Uint8Array, position: number): BatchHeader {
  return {
    baseOffset: readBaseOffset(bytes, position),
    partitionLeaderEpoch: readPartitionLeaderEpoch(bytes, position),
    attributes: readAttributes(bytes, position),
    lastOffsetDelta: readLastOffsetDelta(bytes, position),
    baseTimestamp: readBaseTimestamp(bytes, position),
    maxTimestamp: readMaxTimestamp(bytes, position),
    producerId: readProducerId(bytes, position),
    producerEpoch: readProducerEpoch(bytes, position),
    baseSequence: readBaseSequence(bytes, position),
    recordCount: readRecordCount(bytes, position),
  };
}

/**
 * Writes a header before records that lie there already, up to the batch's end, and the CRC over
 * both.
 */
export function writeBatchHeader(
  bytes: Uint8Array,
  position: number,
  end: number,
  header: BatchHeader,
): void {
  writeInt64(bytes, position, header.baseOffset);
  writeInt32(bytes, position + 8, end - position - batchOverheadBytes);
  writeInt32(bytes, position + 12, header.partitionLeaderEpoch);
  bytes[position + 16] = batchMagic;
  writeInt16(bytes, position + 21, header.attributes);
  writeInt32(bytes, position + 23, header.lastOffsetDelta);
  writeInt64(bytes, position + 27, header.baseTimestamp);
  writeInt64(bytes, position + 35, header.maxTimestamp);
  writeInt64(bytes, position + 43, header.producerId);
  writeInt16(bytes, position + 51, header.producerEpoch);
  writeInt32(bytes, position + 53, header.baseSequence);
  writeInt32(bytes, position + 57, header.recordCount);
  updateCrc(bytes, position);
}

/** Attribute bits. */
export function batchAttributes(options: {
  readonly compressionId?: number;
  readonly isLogAppendTime?: boolean;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly hasDeleteHorizon?: boolean;
}): number {
  return (
    (options.compressionId ?? 0) |
    (options.isLogAppendTime === true ? logAppendTimeBit : 0) |
    (options.isTransactional === true ? transactionalBit : 0) |
    (options.isControl === true ? controlBit : 0) |
    (options.hasDeleteHorizon === true ? deleteHorizonBit : 0)
  );
}
