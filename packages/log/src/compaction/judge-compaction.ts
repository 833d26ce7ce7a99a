import type { Offset, Timestamp } from "@millrace/model";
import type { LogConfig } from "../log-config.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { largestTimestamp } from "../upkeep/judge-retention.ts";

export interface CompactedLog {
  readonly segments: readonly LogSegment[];
  readonly config: LogConfig;
  readonly logStartOffset: Offset;
  readonly lastStableOffset: Offset;
  /** Up to where it was cleaned the last time; undefined: never. */
  readonly cleanedOffset: Offset | undefined;
  readonly nowMs: Timestamp;
}

/** What there is to compact (Kafka: `LogToClean`). */
export interface Cleanable {
  readonly firstDirtyOffset: Offset;
  /** Begin of the first segment that stays as it is. */
  readonly endOffset: Offset;
  readonly dirtyBytes: number;
  /** Of what could be cleaned, how much was not. */
  readonly dirtyRatio: number;
  /** `max.compaction.lag.ms` or `min.cleanable.dirty.ratio` demand it. */
  readonly isDue: boolean;
}

/**
 * Kafka: `LogCleanerManager.cleanableOffsets`. The active segment is never compacted, nor what readers of committed
 * records have yet to see, nor segments with a record that is younger than `min.compaction.lag.ms`.
 */
export function judgeCompaction(log: CompactedLog): Cleanable | undefined {
  const { segments, config, logStartOffset, nowMs } = log;
  if (!config.isCompacted) return undefined;
  const active = segments[segments.length - 1];
  const cleaned = log.cleanedOffset ?? logStartOffset;
  const isKnown = cleaned >= logStartOffset && cleaned <= active.endOffset;
  const firstDirtyOffset = isKnown ? cleaned : logStartOffset;
  const youngestMs = nowMs - config.compactionLagMinMs;
  const untilMs = nowMs - config.compactionLagMaxMs;
  let endOffset: Offset | undefined;
  let cleanBytes = 0;
  let dirtyBytes = 0;
  let isOverdue = false;
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    const nextOffset = segments[index + 1].baseOffset;
    const isDirty = nextOffset > firstDirtyOffset;
    const isTooYoung =
      isDirty && config.compactionLagMinMs > 0 && largestTimestamp(segment) > youngestMs;
    if (isTooYoung || nextOffset > log.lastStableOffset) endOffset ??= segment.baseOffset;
    if (isDirty && segment.firstTimestamp > 0 && segment.firstTimestamp < untilMs) isOverdue = true;
    if (endOffset !== undefined) continue;
    if (segment.baseOffset < firstDirtyOffset) cleanBytes += segment.sizeBytes;
    if (isDirty) dirtyBytes += segment.sizeBytes;
  }
  endOffset ??= active.baseOffset;
  const totalBytes = cleanBytes + dirtyBytes;
  if (totalBytes === 0 || endOffset <= firstDirtyOffset) return undefined;
  const dirtyRatio = dirtyBytes / totalBytes;
  const isDue = dirtyRatio > config.cleanableDirtyRatioMin || (isOverdue && dirtyBytes > 0);
  return { firstDirtyOffset, endOffset, dirtyBytes, dirtyRatio, isDue };
}
