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
  let sum = noSizes;
  for (const segment of segments) {
    const own = sizesOf(segment);
    const together = sum.map((size, slot) => size + own[slot]);
    const [bytes, ...indexed] = together;
    const fits =
      group.length > 0 &&
      bytes <= segmentBytes &&
      Math.max(...indexed) <= segmentIndexBytes &&
      segment.endOffset - 1 - group[0].baseOffset <= offsetDeltaMax;
    if (fits) group.push(segment);
    else groups.push((group = [segment]));
    sum = fits ? together : own;
  }
  return groups;
}

const noSizes: readonly number[] = [0, 0, 0];

/** Of the records, and of each index. */
function sizesOf({ sizeBytes, record }: LogSegment): readonly number[] {
  const indexed = (slot: number) => record?.indexes[slot]?.sizeBytes ?? 0;
  return [sizeBytes, indexed(0), indexed(1)];
}
