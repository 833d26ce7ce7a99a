import type { LogConfig } from "../log-config.ts";
import type { LogSegment } from "../segment/log-segment.ts";

/** Relative offsets are int32. */
const offsetDeltaMax = 2 ** 31 - 1;

/**
 * Segments that are to become one, so that a log that shrinks does not end as many small files (Kafka:
 * `Cleaner.groupSegmentsBySize`). None is larger than `segment.bytes` unless it was before.
 */
export function groupSegments(
  segments: readonly LogSegment[],
  { segmentBytes, segmentIndexBytes }: LogConfig,
): readonly (readonly LogSegment[])[] {
  const groups: LogSegment[][] = [];
  let group: LogSegment[] = [];
  for (const segment of segments) {
    const together = [...group, segment];
    const sum = (sizeOf: (each: LogSegment) => number) =>
      together.reduce((total, each) => total + sizeOf(each), 0);
    const indexed = (slot: number) => sum(({ record }) => record?.indexes[slot]?.sizeBytes ?? 0);
    const fits =
      group.length > 0 &&
      sum(({ sizeBytes }) => sizeBytes) <= segmentBytes &&
      Math.max(indexed(0), indexed(1)) <= segmentIndexBytes &&
      segment.endOffset - 1 - group[0].baseOffset <= offsetDeltaMax;
    if (fits) group.push(segment);
    else groups.push((group = [segment]));
  }
  return groups;
}
