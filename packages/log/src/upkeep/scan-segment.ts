import type { Offset } from "@millrace/model";
import {
  isCrcValid,
  readBaseOffset,
  readLastOffset,
  readLastOffsetDelta,
  readPartitionLeaderEpoch,
} from "@millrace/protocol/records";
import type { ProducerStates } from "../producer/producer-states.ts";
import { replayBatch } from "../producer/replay-producers.ts";
import type { LendingMemory } from "../segment/check-block.ts";
import type { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import type { LeaderEpochs } from "../segment/leader-epochs.ts";
import { indexedTimestamp } from "../segment/indexed-timestamp.ts";
import { RecordedBlocks } from "../segment/recorded-blocks.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { mendHead } from "./mend-head.ts";

/** What a scan fills while it walks. */
export interface ScanTarget {
  readonly producers: ProducerStates;
  readonly epochs: LeaderEpochs;
  readonly indexIntervalBytes: number;
  /** Below this all is on the device for sure. */
  readonly recoveryPoint: Offset;
  /** No batch has an epoch above. */
  readonly leaderEpochMax: number;
  /** Called with the position and the offset of a batch that got its offset back. */
  readonly onMended: (position: number, offset: Offset) => void;
}

/** Where a scan stopped. Without a reason the whole segment is sound. */
export interface ScanEnd {
  readonly position: number;
  /** The offset that should be there. */
  readonly offset: Offset;
  /** Where the first batch lies that may be in the page cache alone; the same as `position` if there is none. */
  readonly unsyncedPosition: number;
  readonly isCutShort: boolean;
  readonly reason?: string;
  /** Nothing is wrong with the segment, but offsets between the one before and this one are missing. */
  readonly isGap?: boolean;
  /** No crash leaves this: batches are sound by themselves, and not the ones that were written. */
  readonly isNoTear?: boolean;
}

/** Base offset, length and magic are outside of the checksum: the order of offsets has to catch those. */
export interface ScanRange {
  /** Where it begins: behind what the segment's record vouches for, or at the front, and then that is compared. */
  readonly start: number;
  readonly toleratesGaps: boolean;
  /** Base of the next segment, or none. */
  readonly endOffsetMax: Offset;
}

/** Checks batches of a segment and builds all that is derived from them: indexes, producers, epochs. */
export function scanSegment(segment: LogSegment, range: ScanRange, target: ScanTarget): ScanEnd {
  if (range.start === 0) segment.resetIndexes();
  const { record } = segment;
  const recorded = range.start === 0 ? (record?.blocks ?? []) : [];
  const blocks = new RecordedBlocks(recorded, segment.baseOffset);
  const end = record?.isEnd === true ? Math.min(record.sizeBytes, segment.sizeBytes) : undefined;
  const cursor = segment.walk(range.start, { end, memory: onePiece() });
  let unsyncedPosition: number | undefined;
  const stop = (
    position: number,
    end: Pick<ScanEnd, "isCutShort" | "reason" | "isNoTear"> & { readonly offset?: Offset },
  ): ScanEnd => ({
    position,
    offset: segment.endOffset,
    unsyncedPosition: unsyncedPosition ?? position,
    ...end,
  });
  while (cursor.next()) {
    const { bytes, at, position, sizeBytes } = cursor;
    if (readBaseOffset(bytes, at) !== segment.endOffset) mendOffset(cursor, segment, target);
    const reason = findFault(bytes, at, segment.endOffset, range);
    if (reason !== undefined) return stop(position, { isCutShort: false, reason });
    const epochFault = findEpochFault(bytes, at, segment, target);
    if (epochFault !== undefined)
      return stop(position, { isCutShort: false, reason: epochFault, isNoTear: true });
    const lastOffset = readLastOffset(bytes, at);
    segment.chain.add(bytes, at, sizeBytes, lastOffset + 1);
    if (!blocks.accepts(position, position + sizeBytes, segment.chain.checksum)) {
      const { startPosition, startOffset: offset } = blocks;
      target.epochs.truncateFromEnd(offset);
      const found = { offset, isCutShort: false, reason: notAsRecorded, isNoTear: true };
      return stop(startPosition, found);
    }
    if (lastOffset >= target.recoveryPoint) unsyncedPosition ??= position;
    const maxTimestamp = indexedTimestamp(bytes, at);
    target.epochs.assign(readPartitionLeaderEpoch(bytes, at), readBaseOffset(bytes, at));
    segment.index({ lastOffset, maxTimestamp, sizeBytes }, position, target.indexIntervalBytes);
    for (const aborted of replayBatch(target.producers, bytes, at))
      segment.transactionIndex.append(aborted);
  }
  const { position, isCutShort, failure } = cursor;
  const recordedBytes = record?.sizeBytes ?? 0;
  if (failure === undefined && position < recordedBytes)
    return stop(position, {
      isCutShort: true,
      reason: `${recordedBytes} bytes were there`,
      isNoTear: true,
    });
  if (failure === undefined && position < segment.sizeBytes)
    return stop(position, { isCutShort: false, reason: behindTheEnd, isNoTear: true });
  return stop(position, { isCutShort, reason: failure });
}

/** Each chunk is read into the place of the one before: nothing of a batch is kept once the next one is looked at. */
function onePiece(): LendingMemory {
  let piece = new Uint8Array(0);
  return {
    take(sizeBytes) {
      if (piece.length < sizeBytes) piece = new Uint8Array(sizeBytes);
      return piece.subarray(0, sizeBytes);
    },
    giveBack() {},
  };
}

/** Why what lies behind an orderly stop's end is damage. */
export const behindTheEnd = "the log ended here when it was closed in order";

const notAsRecorded = "an offset, length or epoch behind is not the one that was recorded";

/** What was durable is not touched: there is no lost write. */
function mendOffset(cursor: FileBatchCursor, segment: LogSegment, target: ScanTarget): void {
  const { endOffset: offset } = segment;
  if (offset >= target.recoveryPoint && mendHead(segment.handle, cursor, offset))
    target.onMended(cursor.position, offset);
}

function findFault(
  bytes: Uint8Array,
  at: number,
  expectedOffset: Offset,
  range: ScanRange,
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

/** Epochs rise, and the checksum does not cover them. */
function findEpochFault(
  bytes: Uint8Array,
  at: number,
  segment: LogSegment,
  { epochs, leaderEpochMax }: ScanTarget,
): string | undefined {
  const epoch = readPartitionLeaderEpoch(bytes, at);
  const { record } = segment;
  const isBehindRecord = record !== undefined && segment.endOffset >= record.endOffset;
  const known = epochs.entries.at(-1)?.epoch ?? -1;
  const least = Math.max(known, isBehindRecord ? record.leaderEpoch : -1);
  return epoch < least || epoch > leaderEpochMax
    ? `leader epoch ${epoch} where ${least} to ${leaderEpochMax} was expected`
    : undefined;
}
