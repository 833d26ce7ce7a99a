import type { Offset } from "@millrace/model";
import type { FileHandle, FileSystem } from "@millrace/platform";
import { readWholeFile } from "../checkpoint/checkpoint-file.ts";
import type { LeaderEpochs } from "./leader-epochs.ts";
import type { LogSegment } from "./log-segment.ts";
import { decodeSegmentRecord, encodeSegmentRecord, type SegmentRecord } from "./segment-record.ts";

export interface RecordFrom {
  readonly epochs: LeaderEpochs;
  readonly leaderEpoch: number;
  readonly isClosed: boolean;
  /** All of the segment, and of those before it, is on the device. */
  readonly isDurable?: boolean;
  /** The log is closed in order. */
  readonly isStopped?: boolean;
  readonly snapshots: SnapshotSums;
}

/** Of the producer snapshots that are vouched for. */
export interface SnapshotSums {
  sumAt(offset: Offset): number | undefined;
}

/** What the segment's files are now; indexes that are not in their files are not vouched for. */
export function segmentRecordOf(segment: LogSegment, from: RecordFrom): SegmentRecord {
  const { offsetIndex, timeIndex, transactionIndex } = segment;
  return {
    isClosed: from.isClosed,
    isDurable: from.isDurable === true,
    isStopped: from.isStopped === true,
    isEnd: false,
    sizeBytes: segment.sizeBytes,
    endOffset: segment.endOffset,
    leaderEpoch: from.leaderEpoch,
    firstTimestamp: segment.firstTimestamp,
    maxTimestamp: segment.maxTimestamp,
    maxTimestampOffset: segment.maxTimestampOffset,
    bytesSinceIndexEntry: segment.bytesSinceIndexEntry,
    indexes: [offsetIndex.sum, timeIndex.sum, transactionIndex.sum],
    epochs: from.epochs.within(segment.baseOffset, segment.endOffset),
    blocks: [...segment.chain.blocks],
    snapshots: [from.snapshots.sumAt(segment.baseOffset), from.snapshots.sumAt(segment.endOffset)],
  };
}

/**
 * Writes what the segment's files are, or were. The caller syncs and closes the handle. A crash while it is written
 * leaves a record that nobody believes.
 */
export function writeSegmentRecord(
  fileSystem: FileSystem,
  segment: LogSegment,
  record: SegmentRecord,
): FileHandle {
  const handle = fileSystem.open(segment.recordPath, "openOrCreate");
  try {
    handle.truncate(0);
    handle.write([encodeSegmentRecord(record, segment.recordName)], 0);
  } catch (error) {
    handle.close();
    throw error;
  }
  segment.record = record;
  return handle;
}

/** Undefined where there is none, or none that is whole. */
export function readSegmentRecord(
  fileSystem: FileSystem,
  segment: LogSegment,
): SegmentRecord | undefined {
  const bytes = readWholeFile(fileSystem, segment.recordPath);
  return bytes === undefined ? undefined : decodeSegmentRecord(bytes, segment.recordName);
}
