import * as fc from "fast-check";
import { expect, test } from "vitest";
import { defaultLogConfig } from "../log-config.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { groupSegments } from "./group-segments.ts";

const config = { ...defaultLogConfig, segmentBytes: 100, segmentIndexBytes: 50 };

/** What grouping looks at. */
function segmentsOf(sizes: readonly number[], look: () => void = () => {}): LogSegment[] {
  return sizes.map(
    (size, index) =>
      ({
        get sizeBytes() {
          look();
          return size;
        },
        record: { indexes: [{ sizeBytes: size >> 1 }, { sizeBytes: size >> 2 }] },
        baseOffset: index * 10,
        endOffset: index * 10 + 10,
      }) as unknown as LogSegment,
  );
}

test("neighbours become one as long as they fit, in order, and none is left out", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(150)), (sizes) => {
      const segments = segmentsOf(sizes);
      const groups = groupSegments(segments, config);
      expect(groups.flat()).toEqual(segments);
      const sum = (group: readonly LogSegment[]) =>
        group.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
      for (const [index, group] of groups.entries()) {
        if (group.length > 1) expect(sum(group)).toBeLessThanOrEqual(100);
        const next = groups[index + 1];
        if (next !== undefined) expect(sum(group) + next[0].sizeBytes).toBeGreaterThan(100);
      }
    }),
  );
});

test("each segment is looked at a few times, however many there are", () => {
  let looks = 0;
  const count = 5000;
  const segments = segmentsOf(
    Array.from({ length: count }, () => 0),
    () => looks++,
  );
  expect(groupSegments(segments, config)).toHaveLength(1);
  expect(looks).toBeLessThan(10 * count);
});
