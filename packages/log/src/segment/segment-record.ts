import { encodeUtf8, type Offset, type Timestamp } from "@millrace/model";
import { crc32c, getInt64, setInt64 } from "@millrace/protocol/wire";
import type { EpochEntry } from "./leader-epochs.ts";
import type { FileSum } from "../index/index-file.ts";
import type { Block } from "./batch-chain.ts";

/**
 * What a segment's `.checksum` file says of it: written when it is closed, and for the active one when the log is
 * closed, goes on, or has grown. Then nothing below has to be read to be believed, and whatever differs from it is
 * damaged.
 */
export interface SegmentRecord {
  /** The segment grows no more: `endOffset` is where the next one begins. */
  readonly isClosed: boolean;
  /** All below `endOffset` was on the device before this was written, whatever else says how far that goes. */
  readonly isDurable: boolean;
  /** It is the last of an orderly stop: whoever appends behind it writes another one before. */
  readonly isStopped: boolean;
  /** More was found behind it after that stop: damage, at each start until the file is as it was. */
  readonly isEnd: boolean;
  /** Bytes of the `.log` that it vouches for; the active segment grows beyond. */
  readonly sizeBytes: number;
  /** Offset after the last one. */
  readonly endOffset: Offset;
  /** What is appended behind has this epoch or a later one. */
  readonly leaderEpoch: number;
  readonly firstTimestamp: Timestamp;
  readonly maxTimestamp: Timestamp;
  readonly maxTimestampOffset: Offset;
  /** Bytes since the last entry of the offset index. */
  readonly bytesSinceIndexEntry: number;
  /** Of the `.index`, `.timeindex` and `.txnindex`, in this order; undefined: it is not vouched for. */
  readonly indexes: readonly (FileSum | undefined)[];
  /** Epochs that begin in the segment; the first is that of its first batch. */
  readonly epochs: readonly EpochEntry[];
  readonly blocks: readonly Block[];
  /** CRC-32C of the producer snapshots at its first offset and at `endOffset`; undefined: none is vouched for. */
  readonly snapshots: readonly (number | undefined)[];
}

const version = 2;
const closedBit = 1;
const durableBit = 2;
const stoppedBit = 4;
const endBit = 8;
/** Version and the checksum of all that follows. */
const headerBytes = 6;
const fixedBytes = 57;
const indexBytes = 9;
const epochBytes = 12;
const blockBytes = 20;
const snapshotBytes = 5;
const snapshotCount = 2;

/** Its checksum covers the name of the segment, too: another's record is none. */
export function encodeSegmentRecord(record: SegmentRecord, name: string): Uint8Array {
  const { indexes, epochs, blocks, snapshots } = record;
  const bytes = new Uint8Array(
    headerBytes +
      fixedBytes +
      indexes.length * indexBytes +
      epochs.length * epochBytes +
      blocks.length * blockBytes +
      snapshotCount * snapshotBytes,
  );
  const view = new DataView(bytes.buffer);
  view.setInt16(0, version);
  view.setUint32(6, record.sizeBytes);
  setInt64(view, 10, record.endOffset);
  view.setInt32(18, record.leaderEpoch);
  setInt64(view, 22, record.firstTimestamp);
  setInt64(view, 30, record.maxTimestamp);
  setInt64(view, 38, record.maxTimestampOffset);
  view.setUint32(46, record.bytesSinceIndexEntry);
  view.setInt32(50, indexes.length);
  view.setInt32(54, epochs.length);
  view.setInt32(58, blocks.length);
  view.setInt8(62, flagsOf(record));
  let at = headerBytes + fixedBytes;
  for (const sum of indexes) {
    view.setInt8(at, sum === undefined ? 0 : 1);
    view.setUint32(at + 1, sum?.sizeBytes ?? 0);
    view.setUint32(at + 5, sum?.checksum ?? 0);
    at += indexBytes;
  }
  for (const { epoch, startOffset } of epochs) {
    view.setInt32(at, epoch);
    setInt64(view, at + 4, startOffset);
    at += epochBytes;
  }
  for (const { endPosition, endOffset, checksum, firstChecksum } of blocks) {
    view.setUint32(at, endPosition);
    setInt64(view, at + 4, endOffset);
    view.setUint32(at + 12, checksum);
    view.setUint32(at + 16, firstChecksum);
    at += blockBytes;
  }
  for (const sum of snapshots) {
    view.setInt8(at, sum === undefined ? 0 : 1);
    view.setUint32(at + 1, sum ?? 0);
    at += snapshotBytes;
  }
  view.setUint32(2, checksumOf(bytes, name));
  return bytes;
}

/** Undefined where the bytes are not a whole record of this segment: it is read then. */
export function decodeSegmentRecord(bytes: Uint8Array, name: string): SegmentRecord | undefined {
  if (bytes.length < headerBytes + fixedBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getInt16(0) !== version) return undefined;
  if (view.getUint32(2) !== checksumOf(bytes, name)) return undefined;
  let at = headerBytes + fixedBytes;
  const next = (sizeBytes: number) => (at += sizeBytes) - sizeBytes;
  const list = <Entry>(position: number, read: () => Entry) =>
    Array.from({ length: view.getInt32(position) }, read);
  return {
    isClosed: (view.getInt8(62) & closedBit) !== 0,
    isDurable: (view.getInt8(62) & durableBit) !== 0,
    isStopped: (view.getInt8(62) & stoppedBit) !== 0,
    isEnd: (view.getInt8(62) & endBit) !== 0,
    sizeBytes: view.getUint32(6),
    endOffset: getInt64(view, 10),
    leaderEpoch: view.getInt32(18),
    firstTimestamp: getInt64(view, 22),
    maxTimestamp: getInt64(view, 30),
    maxTimestampOffset: getInt64(view, 38),
    bytesSinceIndexEntry: view.getUint32(46),
    indexes: list(50, () => readSum(view, next(indexBytes))),
    epochs: list(54, () => {
      const entry = next(epochBytes);
      return { epoch: view.getInt32(entry), startOffset: getInt64(view, entry + 4) };
    }),
    blocks: list(58, () => {
      const block = next(blockBytes);
      return {
        endPosition: view.getUint32(block),
        endOffset: getInt64(view, block + 4),
        checksum: view.getUint32(block + 12),
        firstChecksum: view.getUint32(block + 16),
      };
    }),
    snapshots: Array.from({ length: snapshotCount }, () => {
      const snapshot = next(snapshotBytes);
      return view.getInt8(snapshot) === 0 ? undefined : view.getUint32(snapshot + 1);
    }),
  };
}

function flagsOf({ isClosed, isDurable, isStopped, isEnd }: SegmentRecord): number {
  return (
    (isClosed ? closedBit : 0) |
    (isDurable ? durableBit : 0) |
    (isStopped ? stoppedBit : 0) |
    (isEnd ? endBit : 0)
  );
}

function checksumOf(bytes: Uint8Array, name: string): number {
  return crc32c(bytes, headerBytes, bytes.length, crc32c(encodeUtf8(name)));
}

function readSum(view: DataView, at: number): FileSum | undefined {
  if (view.getInt8(at) === 0) return undefined;
  return { sizeBytes: view.getUint32(at + 1), checksum: view.getUint32(at + 5) };
}
