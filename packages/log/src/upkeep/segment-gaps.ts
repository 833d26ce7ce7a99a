import type { Offset } from "@millrace/model";
import type { LogSegment } from "../segment/log-segment.ts";
import type { ScanEnd } from "./scan-segment.ts";

/** Compaction may have taken what is missing below `compactedEnd`. Between the segment before and this one, where the one before says that it ended elsewhere. */
export function gapBefore(
  segments: readonly LogSegment[],
  index: number,
  compactedEnd: Offset,
): ScanEnd | undefined {
  if (index === 0) return undefined;
  const before = segments[index - 1];
  const { baseOffset } = segments[index];
  const recorded = before.record?.isClosed === true ? before.record.endOffset : undefined;
  const offset = recorded ?? before.endOffset;
  // Nothing vouches for the end of the segment before: compaction may have taken it.
  const mayBeCompacted = recorded === undefined && baseOffset <= compactedEnd;
  if (baseOffset === offset || mayBeCompacted) return undefined;
  const reason = `offset ${offset} is missing`;
  return { position: 0, unsyncedPosition: 0, offset, isCutShort: true, isGap: true, reason };
}

export function isEmptyFrom(segments: readonly LogSegment[], index: number): boolean {
  return segments.slice(index).every((segment) => segment.sizeBytes === 0);
}

/**
 * Empty files that begin inside of what lies before: an interrupted recovery had removed them, and a loss of power
 * brought them back after the segment before had grown.
 */
export function isStaleFrom(segments: readonly LogSegment[], index: number): boolean {
  return (
    index > 0 &&
    segments[index].baseOffset < segments[index - 1].endOffset &&
    isEmptyFrom(segments, index)
  );
}
