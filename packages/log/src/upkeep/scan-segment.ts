import type { Offset } from "@millrace/model";
import {
  isCrcValid,
  readBaseOffset,
  readLastOffset,
  readLastOffsetDelta,
  readMaxTimestamp,
  readPartitionLeaderEpoch,
} from "@millrace/protocol/records";
import type { ProducerStates } from "../producer/producer-states.ts";
import type { LeaderEpochs } from "../checkpoint/leader-epochs.ts";
import { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { replayBatch } from "../producer/replay-producers.ts";

/** What a scan fills while it walks. */
export interface ScanTarget {
  readonly producers: ProducerStates;
  readonly epochs: LeaderEpochs;
  readonly indexIntervalBytes: number;
  /** Below this all is on the device for sure. */
  readonly recoveryPoint: Offset;
  /** Epochs above are damage outside of what the checksum covers: not taken. */
  readonly leaderEpochMax: number;
}

/** Where a scan stopped. Without a reason the whole segment is sound. */
export interface ScanEnd {
  readonly position: number;
  /** Where the first batch lies that may be in the page cache alone; the same as `position` if there is none. */
  readonly unsyncedPosition: number;
  readonly isCutShort: boolean;
  readonly reason?: string;
  /** Nothing is wrong with the segment, but offsets between the one before and this one are missing. */
  readonly isGap?: boolean;
}

/** Base offset, length and magic are outside of the checksum: the order of offsets has to catch those. */
export interface OffsetRange {
  readonly toleratesGaps: boolean;
  /** Base of the next segment, or none. */
  readonly endOffsetMax: Offset;
}

/** Checks every batch of a segment and builds all that is derived from them: indexes, producers, epochs. */
export function scanSegment(segment: LogSegment, range: OffsetRange, target: ScanTarget): ScanEnd {
  const cursor = new FileBatchCursor(segment.handle, 0, segment.sizeBytes);
  let unsyncedPosition: number | undefined;
  segment.resetIndexes();
  while (cursor.next()) {
    const { bytes, at, position, sizeBytes } = cursor;
    const reason = findFault(bytes, at, segment.endOffset, range);
    if (reason !== undefined)
      return {
        position,
        unsyncedPosition: unsyncedPosition ?? position,
        isCutShort: false,
        reason,
      };
    const lastOffset = readLastOffset(bytes, at);
    if (lastOffset >= target.recoveryPoint) unsyncedPosition ??= position;
    const maxTimestamp = readMaxTimestamp(bytes, at);
    const leaderEpoch = readPartitionLeaderEpoch(bytes, at);
    if (leaderEpoch <= target.leaderEpochMax)
      target.epochs.assign(leaderEpoch, readBaseOffset(bytes, at));
    segment.index({ lastOffset, maxTimestamp, sizeBytes }, position, target.indexIntervalBytes);
    for (const aborted of replayBatch(target.producers, bytes, at))
      segment.transactionIndex.append(aborted);
  }
  const { position, isCutShort, failure } = cursor;
  return {
    position,
    unsyncedPosition: unsyncedPosition ?? position,
    isCutShort,
    reason: failure,
  };
}

function findFault(
  bytes: Uint8Array,
  at: number,
  expectedOffset: Offset,
  range: OffsetRange,
): string | undefined {
  const baseOffset = readBaseOffset(bytes, at);
  const isInOrder = range.toleratesGaps
    ? baseOffset >= expectedOffset
    : baseOffset === expectedOffset;
  if (!isInOrder) return `offset ${baseOffset} where ${expectedOffset} was expected`;
  if (readLastOffsetDelta(bytes, at) < 0) return "a negative range of offsets";
  const lastOffset = readLastOffset(bytes, at);
  if (lastOffset >= range.endOffsetMax)
    return `offset ${lastOffset} in front of a segment that begins at ${range.endOffsetMax}`;
  return isCrcValid(bytes, at) ? undefined : "the checksum does not match";
}
