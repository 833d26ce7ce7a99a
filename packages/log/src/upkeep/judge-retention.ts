import type { Offset, Timestamp } from "@millrace/model";
import type { LogConfig } from "../log-config.ts";
import type { LogSegment } from "../segment/log-segment.ts";

/** Why a segment goes: it lies below the log start, the log is too large, or its records are too old. */
export type RetentionReason = "start" | "size" | "time";

export interface DueSegment {
  readonly segment: LogSegment;
  readonly reason: RetentionReason;
}

export interface RetainedLog {
  readonly segments: readonly LogSegment[];
  readonly config: LogConfig;
  readonly logStartOffset: Offset;
  readonly highWatermark: Offset;
  readonly nowMs: Timestamp;
}

/**
 * The oldest segments, as far as each of them is to go (Kafka: `UnifiedLog.deleteOldSegments`). The active one may be
 * among them, if it is the last and has records; nothing that consumers have yet to see is.
 */
export function judgeRetention(log: RetainedLog): readonly DueSegment[] {
  const { segments, config, highWatermark } = log;
  const { isDeleted, retentionBytes, retentionMs } = config;
  const due: DueSegment[] = [];
  let excessBytes = -retentionBytes;
  for (const { sizeBytes } of segments) excessBytes += sizeBytes;
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const isEmptyAndLast = next === undefined && segment.sizeBytes === 0;
    if (isEmptyAndLast || (next?.baseOffset ?? segment.endOffset) > highWatermark) break;
    let reason: RetentionReason | undefined;
    if (next !== undefined && next.baseOffset <= log.logStartOffset) reason = "start";
    else if (isDeleted && excessBytes - segment.sizeBytes >= 0) reason = "size";
    else if (isDeleted && log.nowMs - largestTimestamp(segment) > retentionMs) reason = "time";
    if (reason === undefined) break;
    excessBytes -= segment.sizeBytes;
    due.push({ segment, reason });
  }
  return due;
}

/** Records without one are as old as the segment is known to this process. */
export function largestTimestamp({ maxTimestamp, createdMs }: LogSegment): Timestamp {
  return maxTimestamp >= 0 ? maxTimestamp : createdMs;
}
